/** Faults, packets, timers, crashes, sessions: what a run does on datagrams. */
import { describe, expect, test } from "vitest";
import type { Endpoint, Output, PlannedSession } from "../../protocol/endpoint.ts";
import { hex, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { transports } from "../../protocol/transport.ts";
import { relayed } from "../testing/relayed.ts";
import {
  bare,
  bareClient,
  bareServer,
  clientServer,
  deliver,
  delivered,
  type Handler,
  protocolOf,
  run,
  tiny,
  transmit,
  words,
} from "../testing/tiny.ts";
import type { NetworkConditions } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { calmNetwork, lossyNetwork, networkWords } from "./network/conditions.ts";

const client0 = { from: "client#0", to: "server#0" } as const;
const numbers = (n: number) => Array.from({ length: n }, (_, i) => `message ${i}`);
const received = (trace: ReturnType<typeof run>) =>
  eventsOf(trace, "received").map((e) => `${e.at} ${words(e.bytes)}`);

describe("an undisturbed run", () => {
  test("users type one message after the other, and each arrives after the latency", () => {
    const trace = run(bare("one", "two"));
    expect(trace.events.map((e) => `${e.t} ${e.at} ${e.kind}`)).toEqual([
      "0 server#0 started",
      "0 client#0 started",
      "20 client#0 submit",
      "20 client#0 sent",
      "30 server#0 received",
      "30 server#0 deliver",
      "120 client#0 submit",
      "120 client#0 sent",
      "130 server#0 received",
      "130 server#0 deliver",
    ]);
    expect(trace.packets.map((p) => `${p.index} ${p.from}>${p.to} ${p.nth}`)).toEqual([
      "0 client#0>server#0 1",
      "1 client#0>server#0 2",
    ]);
    expect(trace.handshakeUntouched).toBe(true);
    expect(trace.outcomes[0]?.wanted.map((w) => words(w.message))).toEqual(["one", "two"]);
  });

  test("ready(n) lets the user send n messages and no more", () => {
    const protocol = tiny({
      client: () => (input) =>
        input.kind === "start"
          ? [{ kind: "ready", messages: 1 }]
          : input.kind === "send"
            ? [{ kind: "transmit", bytes: input.message }]
            : [],
      server: bareServer,
      sessions: [{ start: 0, messages: say("client", "one", "two") }],
    });
    expect(delivered(run(protocol))).toEqual(["one"]);
  });

  test("a service sends in the session in which it is ready, to whom it is ready for", () => {
    const protocol = tiny({
      client: () => (input) =>
        input.kind === "start"
          ? [transmit("hi")]
          : input.kind === "datagram"
            ? [deliver(input.bytes, "bob")]
            : [],
      server: () => (input) => {
        if (input.kind === "datagram") return [{ kind: "ready" }];
        if (input.kind !== "send" || input.session === undefined) return [];
        return [{ kind: "transmit", bytes: input.message, to: input.session }];
      },
      sessions: [
        { start: 0, messages: say("server", "for the first") },
        { start: 0, messages: say("server", "for the second") },
      ],
    });
    const trace = run(protocol);
    expect(eventsOf(trace, "deliver").map((e) => `${e.at} ${words(e.message)}`)).toEqual([
      "client#0 for the first",
      "client#1 for the second",
    ]);
    expect(eventsOf(trace, "submit").map((e) => e.to)).toEqual(["alice", "alice"]);
  });

  test("what an endpoint does to its buffers later does not change the trace", () => {
    const buffer = utf8("kept");
    const protocol = tiny({
      client: () => (input) =>
        input.kind === "start" ? [{ kind: "transmit", bytes: buffer }] : [],
      server: (env) => (input) => {
        if (input.kind !== "datagram") return [];
        const own = utf8("delivered");
        env.store("log").write(own);
        queueMicrotask(() => own.fill(0));
        input.bytes.fill(0);
        return [
          deliver(own, "alice"),
          { kind: "claim", claim: { kind: "secret", peer: "alice", value: own } },
        ];
      },
    });
    const trace = run(protocol);
    return Promise.resolve().then(() => {
      expect(delivered(trace)).toEqual(["delivered"]);
      expect(eventsOf(trace, "stored").map((e) => words(e.bytes))).toEqual(["delivered"]);
      expect(eventsOf(trace, "secret").map((e) => words(e.value))).toEqual(["delivered"]);
      expect(eventsOf(trace, "received").map((e) => words(e.bytes))).toEqual(["kept"]);
    });
  });
});

describe("an ordinary network", () => {
  const many = bare(...numbers(60));
  const faults = { faultsEndMs: 3_000, loss: 0, duplication: 0, reordering: 0 };

  test("loses packets until the faults end, and says so", () => {
    const trace = run(many, { network: { ...faults, loss: 0.5 } });
    const lost = eventsOf(trace, "lost");
    expect(lost.length).toBeGreaterThan(5);
    expect(lost.every((e) => e.by === "network")).toBe(true);
    const lastLost = trace.packets[lost.at(-1)?.packet ?? 0];
    expect(lastLost?.sentMs).toBeLessThan(3_000);
    expect(delivered(trace).length + lost.length).toBe(60);
    expect(delivered(trace).slice(-20)).toEqual(numbers(60).slice(-20));
  });

  test("doubles packets", () => {
    const trace = run(many, { network: { ...faults, duplication: 0.5 } });
    expect(delivered(trace).length).toBeGreaterThan(65);
    expect(new Set(delivered(trace)).size).toBe(60);
  });

  test("reorders what is sent close together", () => {
    const burst = tiny({
      client: () => (input) => (input.kind === "start" ? numbers(20).map((n) => transmit(n)) : []),
      server: bareServer,
    });
    const calm = delivered(run(burst));
    expect(calm).toEqual(numbers(20));
    const reordered = delivered(run(burst, { network: { ...faults, reordering: 0.5 } }));
    expect(reordered).not.toEqual(calm);
    expect([...reordered].sort()).toEqual([...calm].sort());
    const jittered = run(burst, { network: { jitterMs: 5 } });
    expect(delivered(jittered)).not.toEqual(calm);
    for (const e of eventsOf(jittered, "received")) {
      expect(e.t).toBeGreaterThanOrEqual(10);
      expect(e.t).toBeLessThan(15);
    }
  });

  const ways: readonly (readonly [Partial<NetworkConditions>, "datagrams" | "streams", string])[] =
    [
      [lossyNetwork, "datagrams", "the network lost, doubled and delayed packets at random"],
      [lossyNetwork, "streams", "the network delayed packets and cut streams up at random"],
      [{ ...faults, duplication: 0.5 }, "datagrams", "the network doubled packets at random"],
      [{ jitterMs: 1 }, "datagrams", "the network delayed packets at random"],
      [{ chunking: "random" }, "streams", "the network cut streams up at random"],
    ];
  test.each(ways)("%j, with %s, is told in words", (network, transport, told) => {
    expect(
      networkWords(
        { ...calmNetwork, ...network },
        transport === "streams" ? transports.stream : transports.datagram,
      ),
    ).toBe(told);
  });
  test("of a calm one there is nothing to tell", () => {
    expect(networkWords(calmNetwork, transports.datagram)).toBeUndefined();
    expect(networkWords(calmNetwork, transports.stream)).toBeUndefined();
  });

  test("carries no datagram above the MTU", () => {
    const trace = run(bare("a".repeat(100), "b".repeat(101)), { network: { mtuBytes: 100 } });
    expect(delivered(trace)).toEqual(["a".repeat(100)]);
    expect(eventsOf(trace, "lost").map((e) => [e.packet, e.by])).toEqual([[1, "network"]]);
  });

  test("what happens to one packet does not depend on another", () => {
    const network = { ...faults, loss: 0.3, jitterMs: 5 };
    const fates = (trace: ReturnType<typeof run>) =>
      new Map(
        trace.events.flatMap((e) =>
          e.kind === "received" || (e.kind === "lost" && e.by === "network")
            ? [[e.packet, `${e.kind} ${e.t}`] as const]
            : [],
        ),
      );
    const whole = fates(run(many, { network }));
    const victim = [...whole].find(([, fate]) => fate.startsWith("received"))?.[0] ?? 0;
    const attack = [{ move: "drop", packet: { ...client0, nth: victim + 1 } } as const];
    const rest = fates(run(many, { network, attack }));
    expect(rest.has(victim)).toBe(false);
    whole.delete(victim);
    expect(rest).toEqual(whole);
  });

  test("recvfrom cuts long datagrams silently, and the trace shows what was left", () => {
    const roles = clientServer.map((r) => ({ ...r, receiveBufferBytes: 4 }));
    const trace = run({ ...bare("12345678"), roles });
    expect(delivered(trace)).toEqual(["1234"]);
    expect(eventsOf(trace, "received")[0]?.changed).toBe(false);
    expect(words(trace.packets[0]?.bytes ?? new Uint8Array())).toBe("12345678");
  });

  test("a broadcast reaches everybody on that port but its sender", () => {
    const hear = () => (input: { kind: string; bytes?: Uint8Array }) =>
      input.kind === "datagram" ? [deliver(input.bytes ?? utf8(""), "caller")] : [];
    const protocol = protocolOf(
      {
        caller: () => (input) => (input.kind === "start" ? [transmit("who is there?", "*:9")] : []),
        listener: hear,
        deaf: hear,
      },
      {
        protocol: {
          roles: [
            { name: "listener", principals: ["bob", "carol"], process: "session", port: 9 },
            { name: "deaf", principals: ["dave"], process: "session", port: 99 },
            {
              name: "caller",
              principals: ["alice"],
              process: "session",
              port: 9,
              peer: "listener",
            },
          ],
        },
      },
    );
    const when = { after: { from: "caller#0", to: "all", nth: 1 } } as const;
    const attack = [{ move: "inject", hex: hex(utf8("me")), to: "listener#0", when } as const];
    const trace = run(protocol, { attack });
    expect(trace.packets[0]).toMatchObject({ from: "caller#0", to: "all", nth: 1 });
    // A move that waits for the broadcast is made once, not once per listener.
    expect(received(trace)).toEqual([
      "listener#0 who is there?",
      "listener#1 who is there?",
      "listener#0 me",
    ]);
  });

  test("a datagram to nobody is lost, and keeps the host as its name", () => {
    const protocol = tiny({
      client: () => (input) => (input.kind === "start" ? [transmit("anyone?", "eve:1")] : []),
      server: bareServer,
    });
    const trace = run(protocol);
    expect(trace.packets[0]).toMatchObject({ to: "eve", nth: 1 });
    expect(eventsOf(trace, "lost")).toMatchObject([{ at: "eve", by: "nobody-there" }]);
  });
});

describe("time", () => {
  const timed = (deadline: (now: number) => number | undefined): Endpoint => {
    let due: number | undefined = 0;
    return {
      handle: (input, now) => {
        due = deadline(now);
        return input.kind === "timeout" ? [{ kind: "log", line: `${now}` }] : [];
      },
      deadline: () => due,
    };
  };
  const only = (endpoint: () => Endpoint) => tiny({ client: endpoint, server: () => () => [] });
  const log = (trace: ReturnType<typeof run>) => eventsOf(trace, "log").map((e) => e.line);

  test("a timer goes off at its time, and not when it was put off", () => {
    const times = [100, 350];
    const trace = run(only(() => timed((now) => times.find((t) => t > now))));
    expect(log(trace)).toEqual(["100", "350"]);
    let due: number | undefined;
    const putOff = tiny({
      client: () => ({
        handle: (input, now) => {
          if (input.kind === "start") due = 50;
          if (input.kind === "datagram") due = 500;
          if (input.kind === "timeout") due = undefined;
          return input.kind === "timeout" ? [{ kind: "log", line: `${now}` }] : [];
        },
        deadline: () => due,
      }),
      server: () => (input) => (input.kind === "start" ? [transmit("wait", "alice:40000")] : []),
    });
    expect(log(run(putOff))).toEqual(["500"]);
  });

  test.each([
    ["now", (now: number) => now],
    ["a time long past", () => -1],
  ])("a timer that is always due (%s) is stopped and reported", (_, deadline) => {
    const trace = run(only(() => timed(deadline)));
    expect(eventsOf(trace, "stopped")).toEqual([
      {
        kind: "stopped",
        t: 0,
        at: "client#0",
        because: "more than 5000 steps without time passing",
      },
    ]);
  });

  test.each([[Number.NaN], [Number.POSITIVE_INFINITY], [undefined]])(
    "%s is no time at all",
    (never) => {
      const trace = run(only(() => timed(() => never)));
      expect(trace.events.map((e) => e.kind)).toEqual(["started", "started"]);
    },
  );

  test("a timer in steps of almost nothing is stopped, too", () => {
    const trace = run(only(() => timed((now) => now + 1e-6)));
    expect(eventsOf(trace, "stopped")[0]?.because).toBe("more than 100000 steps");
  });

  test("a run ends at its limit even if timers go on for ever", () => {
    const trace = run({ ...only(() => timed((now) => now + 1_000)), runLimitMs: 5_000 });
    expect(log(trace).length).toBeGreaterThan(4);
    expect(trace.endMs).toBeLessThanOrEqual(5_000 + 120_000);
  });

  test("two ends that answer each other at ever greater length are stopped", () => {
    const protocol = tiny({
      client: () => (input) => (input.kind === "start" ? [transmit("ping")] : []),
      server: () => (input) =>
        input.kind === "datagram" ? [transmit(`got ${words(input.bytes)}`)] : [],
    });
    const packet = { from: "server#0", to: "client#0", nth: 1 };
    const trace = run(protocol, { attack: [{ move: "redirect", packet, to: "server#0" }] });
    expect(eventsOf(trace, "stopped")[0]?.because).toBe("more than 4000000 bytes sent");
  });

  test("two ends that answer each other for ever are stopped", () => {
    const echo: Handler = (input) =>
      input.kind === "datagram" ? [{ kind: "transmit", bytes: input.bytes }] : [];
    const protocol = tiny({
      client: () => (input, now) =>
        input.kind === "start" ? [transmit("ping")] : echo(input, now),
      server: () => echo,
    });
    const trace = run(protocol, { network: { latencyMs: 0 } });
    expect(eventsOf(trace, "stopped")[0]?.because).toMatch(/without time passing/);
    const slow = run(protocol, { network: { latencyMs: 1 } });
    expect(eventsOf(slow, "stopped")[0]?.because).toMatch(/more than 100000 steps/);
  });
});

describe("crashes and endings", () => {
  const fragile = (sessions: readonly PlannedSession[]) =>
    tiny({
      client: bareClient,
      server: () => (input) => {
        if (input.kind !== "datagram") return [];
        const content = words(input.bytes);
        if (content === "crash") throw new Error("first line\nsecond line");
        if (content === "odd") throw "not even an error";
        if (content === "exit") return [{ kind: "exit", ok: false, because: "asked to" }];
        if (content === "bye") return [{ kind: "exit", ok: true }, transmit("never sent")];
        return [deliver(input.bytes, "alice")];
      },
      sessions,
    });
  const two = (first: readonly string[], second: readonly string[]) =>
    fragile([
      { start: 0, messages: say("client", ...first) },
      { start: "after-previous", messages: say("client", ...second) },
    ]);

  test("a crash is recorded, and what comes later finds nobody there", () => {
    const trace = run(two(["crash", "lost"], []));
    expect(eventsOf(trace, "crashed")).toMatchObject([{ at: "server#0", because: "first line" }]);
    expect(eventsOf(trace, "lost")).toMatchObject([{ at: "server#0", by: "nobody-there" }]);
    expect(trace.processes.find((p) => p.id === "server#0")?.end).toBe("crashed");
    expect(eventsOf(run(two(["odd"], [])), "crashed")[0]?.because).toBe("not even an error");
  });

  test.each([
    ["crash", "crashed"],
    ["exit", "gave-up"],
    ["bye", "exited"],
  ])("after %s the operator starts the service again for the next session", (word, end) => {
    const trace = run(two([word, "nobody hears"], ["heard"]));
    expect(delivered(trace)).toEqual(["heard"]);
    const servers = trace.processes.filter((p) => p.service).map((p) => `${p.id} ${p.end}`);
    expect(servers).toEqual([`server#0 ${end}`, "server#1 alive"]);
    expect(new Set(trace.processes.map((p) => p.address)).size).toBe(3);
    // What had been named server#0 in the first session is server#1 now.
    expect(trace.packets.map((p) => `${p.from}>${p.to} ${p.nth}`)).toEqual([
      "client#0>server#0 1",
      "client#0>server#0 2",
      "client#1>server#1 1",
    ]);
  });

  test("nothing is put out after an exit", () => {
    expect(run(two(["bye"], [])).packets.map((p) => p.from)).not.toContain("server#0");
  });

  test("a session that never comes to rest does not keep the next one from starting", () => {
    const protocol = tiny({
      client: () => {
        let due = 0;
        return {
          handle: (input, now) => {
            due = now + 1_000;
            return input.kind === "timeout" ? [transmit("still here")] : [];
          },
          deadline: () => due,
        };
      },
      server: () => () => [],
      sessions: [
        { start: 0, messages: [] },
        { start: "after-previous", messages: [] },
      ],
    });
    const trace = run(protocol);
    const started = eventsOf(trace, "started").map((e) => `${e.at} ${e.t}`);
    expect(started).toEqual(["server#0 0", "client#0 0", "client#1 120000"]);
  });

  test("an endpoint that does not keep to the interface is its author's mistake", () => {
    const answering = (answer: unknown) =>
      tiny({ client: () => () => answer as readonly Output[], server: () => () => [] });
    expect(() => run(answering(undefined))).toThrow(/must return an array of outputs/);
    expect(() => run(answering([{ kind: "transmitt" }]))).toThrow(/unknown kind "transmitt"/);
    expect(() => run(answering([null]))).toThrow(/unknown kind/);
    expect(() => run(answering([{ kind: "transmit", bytes: "text" }]))).toThrow(/not a Uint8Array/);
    const lost = tiny({ client: () => () => [], server: () => () => [transmit("to whom?")] });
    expect(() => run(lost)).toThrow(/without saying to whom/);
    const unknown = tiny({
      client: () => () => [],
      server: () => () => [],
      sessions: [{ start: 0, messages: say("nobody", "x") }],
    });
    expect(() => run(unknown)).toThrow(/unknown role "nobody"/);
  });
});

describe("roles", () => {
  test("three of them: clients around a relay", () => {
    const trace = run(relayed);
    expect(trace.processes.map((p) => `${p.id} ${p.principal} ${p.address}`)).toEqual([
      "relay#0 rita rita:70",
      "member#0 alice alice:40001",
      "member#1 bob bob:40003",
      "member#2 alice alice:40005",
      "member#3 bob bob:40007",
    ]);
    expect(eventsOf(trace, "deliver")).toMatchObject([
      { at: "member#1", from: "alice" },
      { at: "member#3", from: "bob" },
    ]);
    expect(trace.outcomes.flatMap((o) => o.wanted.map((w) => w.from))).toEqual([
      "member#0",
      "member#3",
    ]);
    const drop = [{ move: "drop", packet: { from: "relay#0", to: "member#1", nth: 1 } } as const];
    expect(delivered(run(relayed, { attack: drop }))).toEqual(["to me"]);
  });

  const swapped = (process: "session" | "service") =>
    protocolOf(
      {
        asker: (env) => (input) =>
          input.kind === "start" ? [transmit(`${env.self} asks ${env.peer}`)] : [],
        answerer: (env) => (input) =>
          input.kind === "datagram" ? [deliver(input.bytes, `heard by ${env.self}`)] : [],
      },
      {
        protocol: {
          roles: [
            { name: "asker", principals: ["alice"], process: "session", peer: "answerer" },
            { name: "answerer", principals: ["bob"], process, port: 80 },
          ],
        },
        sessions: [
          { start: 0, messages: [] },
          { start: 0, messages: [], principals: { asker: "bob", answerer: "alice" } },
          { start: "after-previous", messages: [], principals: { asker: "carol" } },
        ],
      },
    );

  test("principals swap roles from session to session", () => {
    const trace = run(swapped("session"));
    expect(eventsOf(trace, "deliver").map((e) => `${words(e.message)}, ${e.from}`)).toEqual([
      "alice asks bob, heard by bob",
      "bob asks alice, heard by alice",
      "carol asks bob, heard by bob",
    ]);
  });

  test("a service runs for every principal that plays its role", () => {
    const trace = run(swapped("service"));
    expect(eventsOf(trace, "deliver").map((e) => `${words(e.message)}, ${e.from}`)).toEqual([
      "alice asks bob, heard by bob",
      "bob asks alice, heard by alice",
      "carol asks bob, heard by bob",
    ]);
  });
});

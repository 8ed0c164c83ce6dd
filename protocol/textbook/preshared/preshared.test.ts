import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Output, RejectReason } from "../../endpoint.ts";
import { concat, utf8 } from "../../kit/bytes.ts";
import { defenceOptions } from "./defences.ts";
import { preshared } from "./preshared.ts";
import { Bench, lineOf, type Network, type Packet, serverAddress, typeOf } from "./test-bench.ts";
import { datagramBytes, maxTextBytes } from "./wire.ts";

const alice = "alice:40000";
const says = ["the bridge at noon", "", "come alone"];
const answers = ["who is asking", "very well"];

/** One session of alice's from beginning to end. */
function session(network?: Network, options: Record<string, string> = {}): Bench {
  const bench = new Bench(options, network);
  bench.startClient(alice, says, answers);
  return bench.run();
}
const lines = (outputs: readonly Output[]): string[] => outputs.map(lineOf);
const texts = (bench: Bench, at: string, kind: "deliver" | "confirm" | "give-up"): string[] =>
  bench.events
    .filter((e) => e.startsWith(`${at} << ${kind} `))
    .map((e) => JSON.parse(e.slice(`${at} << ${kind} `.length)) as string);
/** The `nth` packet of a type, from 1. */
const packet = (bench: Bench, type: string, nth = 1): Packet =>
  bench.packets.filter((p) => typeOf(p) === type)[nth - 1] as Packet;
const flipped = (p: Packet, at: number, mask = 1): Packet => ({
  ...p,
  bytes: p.bytes.map((byte, i) => (i === at ? byte ^ mask : byte)),
});

function expectAllDelivered(bench: Bench): void {
  expect(texts(bench, serverAddress, "deliver")).toEqual(says);
  expect(texts(bench, alice, "deliver")).toEqual(answers);
  expect(texts(bench, alice, "confirm").toSorted()).toEqual(says.toSorted());
  expect(texts(bench, serverAddress, "confirm").toSorted()).toEqual(answers.toSorted());
  expect(bench.events.at(-1)).toBe(`${alice} << exit ok`);
}

describe("an undisturbed session", () => {
  test("goes like this", () => {
    const bench = new Bench();
    const said: string[] = [];
    bench.startClient(alice, ["hi"], ["ho"]);
    bench.run(undefined, (p) => said.push(`${p.from} to ${p.to}: ${typeOf(p)}`));
    expect({ said, events: bench.events }).toEqual({
      said: [
        "alice:40000 to bob:7000: hello",
        "bob:7000 to alice:40000: challenge",
        "alice:40000 to bob:7000: proof",
        "bob:7000 to alice:40000: welcome",
        "bob:7000 to alice:40000: data",
        "alice:40000 to bob:7000: data",
        "alice:40000 to bob:7000: ack",
        "bob:7000 to alice:40000: ack",
        "alice:40000 to bob:7000: close",
      ],
      events: [
        "alice:40000 << claim running",
        "bob:7000 << claim running",
        "bob:7000 << claim commit",
        "bob:7000 << claim secret",
        "bob:7000 << claim secret",
        "bob:7000 << ready",
        "alice:40000 << claim commit",
        "alice:40000 << claim secret",
        "alice:40000 << claim secret",
        "alice:40000 << ready",
        'alice:40000 << deliver "ho"',
        'bob:7000 << deliver "hi"',
        'bob:7000 << confirm "ho"',
        'alice:40000 << confirm "hi"',
        "alice:40000 << exit ok",
      ],
    });
  });

  test("both ends claim the same", () => {
    const claims = session().outputs.flatMap(({ at, output }) =>
      output.kind === "claim" && output.claim.kind === "commit"
        ? [[at, output.claim.peer, output.claim.agreed] as const]
        : [],
    );
    const [a, b] = claims;
    expect(claims.length).toBe(2);
    expect([a?.[0], a?.[1], b?.[0], b?.[1]]).toEqual([serverAddress, "alice", alice, "bob"]);
    expect(a?.[2]).toEqual(b?.[2]);
  });

  test("all datagrams have 128 bytes, and their number depends on no length", () => {
    const shapes = [0, 1, 40, maxTextBytes].map((length) => {
      const bench = new Bench();
      bench.startClient(alice, ["x".repeat(length), "y".repeat(length)], ["z".repeat(length)]);
      return bench.run().packets.map((p) => `${p.from} ${typeOf(p)} ${p.bytes.length}`);
    });
    expect(new Set(shapes.map((s) => s.join())).size).toBe(1);
    expect(shapes[0]?.every((line) => line.endsWith(` ${datagramBytes}`))).toBe(true);
  });

  test("is the same with the same seed", () => {
    expect(session().packets).toEqual(session().packets);
  });

  test.each(
    Object.entries(defenceOptions).flatMap(([name, { values }]) =>
      values.map((value) => ({ name, value })),
    ),
  )("works with $name=$value", ({ name, value }) => {
    expectAllDelivered(session(undefined, { [name]: value }));
  });

  test("every claim and every weakening names a different guarantee", () => {
    const claimed = preshared.claims.map((c) => c.guarantee);
    expect(new Set(claimed).size).toBe(claimed.length);
    const weakened = Object.values(defenceOptions).flatMap((o) =>
      Object.values(o.weakens ?? {}).flat(),
    );
    expect([...new Set(weakened)].toSorted()).toEqual(claimed.toSorted());
  });
});

describe("on a bad network", () => {
  test("everything arrives whichever datagram is lost, late or doubled", () => {
    const count = session().packets.length;
    for (const fate of [[], [10, 12], [35], [700, 5_000], [140_000]]) {
      for (let i = 0; i < count; i++)
        expectAllDelivered(session((_, k) => (k === i ? fate : [10])));
    }
  });

  test("messages arrive once and in order, and only those are confirmed, whatever happens", () => {
    const fates = fc.array(fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 3 }), {
      maxLength: 60,
      size: "max",
    });
    fc.assert(
      fc.property(fates, (list) => {
        const bench = session((_, i) => list[i] ?? [10]);
        for (const [from, to, sent] of [
          [alice, serverAddress, says],
          [serverAddress, alice, answers],
        ] as const) {
          const got = texts(bench, to, "deliver");
          const confirmed = texts(bench, from, "confirm");
          expect(sent.slice(0, got.length)).toEqual(got);
          expect(confirmed.every((m) => got.includes(m))).toBe(true);
          expect(new Set(confirmed).size).toBe(confirmed.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("more messages than may be under way arrive in order", () => {
    const many = Array.from({ length: 100 }, (_, i) => `message ${i}`);
    const scattered = (i: number): number => Math.imul(i + 1, 0x9e3779b1) >>> 16;
    const bench = new Bench({}, (_, i) =>
      scattered(i) % 5 === 0 ? [] : [10 + (scattered(i) % 40)],
    );
    bench.startClient(alice, many);
    expect(texts(bench.run(), serverAddress, "deliver")).toEqual(many);
    expect(texts(bench, alice, "confirm").toSorted()).toEqual(many.toSorted());
  });

  test("what is never acknowledged is given up, and the session with it", () => {
    const bench = session((p) => (typeOf(p) === "ack" ? [] : [10]));
    expect(texts(bench, alice, "give-up")).toEqual(says);
    expect(texts(bench, alice, "confirm")).toEqual([]);
    const last = `${alice} << exit because messages were not acknowledged`;
    expect(bench.events.filter((e) => e.includes("exit"))).toEqual([last]);
    expect(bench.packets.filter((p) => typeOf(p) === "data").length).toBe(5 * 12);
  });

  test("a client that is not answered gives up", () => {
    const bench = session(() => []);
    expect(bench.events).toEqual([`${alice} << exit because the server does not answer`]);
    expect(bench.packets.length).toBe(12);
  });

  test("a message that is too long is given up at once, and the others arrive", () => {
    const bench = new Bench();
    const [fits, long] = ["x".repeat(maxTextBytes), "y".repeat(maxTextBytes + 1)];
    bench.startClient(alice, ["before", long, fits], []);
    bench.run();
    expect(texts(bench, alice, "give-up")).toEqual([long]);
    expect(texts(bench, serverAddress, "deliver")).toEqual(["before", fits]);
  });

  test("what the server sends to a client that has gone is given up", () => {
    const bench = session();
    const message = utf8("too late");
    const send = (more: object) => bench.handle(serverAddress, { kind: "send", message, ...more });
    expect(lines(send({ session: alice }))).toEqual(['give-up "too late"']);
    expect(lines(send({ to: "carol" }))).toEqual(['give-up "too late"']);
  });
});

describe("against an attacker", () => {
  test("no datagram survives a change of one bit in any byte, and none is missed for it", () => {
    const honest = session();
    for (const mask of [1, 128]) {
      const bench = new Bench();
      const survived: string[] = [];
      bench.startClient(alice, says, answers);
      bench.run(undefined, (p) => {
        for (let at = 0; at < p.bytes.length; at++) {
          const last = lineOf(bench.inject(flipped(p, at, mask)).at(-1) ?? { kind: "ready" });
          if (!last.startsWith("reject ")) survived.push(`${typeOf(p)}[${at}]: ${last}`);
        }
      });
      expect(survived).toEqual([]);
      expect(bench.events).toEqual(honest.events);
      expect(bench.packets).toEqual(honest.packets);
    }
  });

  test("no datagram survives being cut or lengthened", () => {
    const bench = new Bench();
    const got = new Set<string>();
    bench.startClient(alice, says, answers);
    bench.run(undefined, (p) => {
      const longer = concat(p.bytes, new Uint8Array(1));
      for (const bytes of [p.bytes.slice(0, -1), p.bytes.slice(0, 1), utf8(""), longer]) {
        got.add(lines(bench.inject({ ...p, bytes })).at(-1) ?? "nothing");
      }
    });
    expect([...got].toSorted()).toEqual(["reject malformed", "reject too-long"]);
    expectAllDelivered(bench);
  });

  test("what arrives twice is discarded, or answered as before", () => {
    const answered: string[] = [];
    const bench = new Bench({}, () => [10, 11]);
    bench.startClient(alice, says, answers);
    const seen = new Set<Packet>();
    bench.run(undefined, (p) => {
      if (!seen.has(p)) seen.add(p);
      else {
        const result = lines(bench.inject(p));
        if (!result[0]?.startsWith("reject")) answered.push(`${typeOf(p)}: ${result.join()}`);
      }
    });
    const again = ["hello: transmit challenge (128)", "proof: transmit welcome (128)"];
    expect([...new Set(answered)]).toEqual(again);
    expectAllDelivered(bench);
  });

  test.each([0, 1_000, 119_000, 121_000, 500_000])(
    "a finished session does not come to life again %d ms later",
    (later) => {
      const bench = session();
      const before = bench.events.length;
      bench.now += later;
      for (const from of [alice, "alice:40002", "mallory:6666"]) {
        for (const p of bench.packets.filter((q) => q.to === serverAddress)) {
          const [first] = lines(bench.inject({ ...p, from })).slice(-1);
          const challenge = typeOf(p) === "hello" && from === alice;
          expect(first).toMatch(challenge ? /^transmit challenge/ : /^reject /);
        }
      }
      expect(bench.events.slice(before)).toEqual([]);
    },
  );

  test("a proof opens no session of a server that has started anew", () => {
    const bench = session();
    bench.startServer("server#1");
    expect(lines(bench.inject(packet(bench, "proof")))).toEqual(["reject unauthorized"]);
  });

  test("nothing of one session is taken in another", () => {
    const others = [session(), session()];
    const bench = new Bench();
    bench.startClient(alice, says, answers);
    bench.run();
    const other = "alice:40002";
    const carol = "carol:40004";
    bench.startClient(other, says, answers);
    bench.startClient(carol, says, answers);
    const got = new Set<string>();
    bench.run(undefined, (p) => {
      for (const old of [...bench.packets.slice(0, 16), ...(others[0]?.packets ?? [])]) {
        if (typeOf(old) === "hello") continue;
        const [from, to] = old.to === serverAddress ? [p.from, p.to] : [p.to, p.from];
        for (const target of [to, other, carol]) {
          const line = lines(bench.inject({ bytes: old.bytes, from, to: target })).at(-1) ?? "none";
          got.add(line.split(" ")[0] as string);
        }
      }
    });
    got.delete("none");
    expect([...got]).toEqual(["reject"]);
    expect(texts(bench, other, "confirm").toSorted()).toEqual(says.toSorted());
    expect(texts(bench, carol, "deliver")).toEqual(answers);
  });

  test("what is reflected is refused", () => {
    const bench = new Bench();
    bench.startClient(alice, says, answers);
    bench.run(undefined, (p) => {
      const [line] = lines(bench.inject({ bytes: p.bytes, from: p.to, to: p.from })).slice(-1);
      if (line !== undefined) expect(line).toMatch(/^reject /);
    });
    expectAllDelivered(bench);
  });

  test("a challenge asked for from elsewhere does not stop a session", () => {
    const bench = new Bench({}, (p) => (typeOf(p) === "challenge" ? [50] : [10]));
    bench.startClient(alice, says, answers);
    const hello = packet(bench, "hello");
    const refused = lines(bench.inject({ ...hello, from: "mallory:6666" }));
    expect(refused).toEqual(["log refused alice: bad-tag", "reject bad-tag"]);
    expectAllDelivered(bench.run());
  });

  test("a flood of hellos leaves nothing behind and gets no longer answers", () => {
    const bench = session();
    const hello = packet(bench, "hello");
    const server = bench.endpoints.get(serverAddress);
    for (let i = 0; i < 1_000; i++) {
      const own = i % 2 === 0 ? hello : flipped(hello, 18 + (i % 16), 1 + (i % 255));
      const out = bench.inject({ ...own, from: i % 4 < 2 ? alice : `mallory-${i}:6666` });
      const sent = out.reduce((n, o) => n + (o.kind === "transmit" ? o.bytes.length : 0), 0);
      expect(sent).toBeLessThanOrEqual(hello.bytes.length);
      expect(server?.stateSize?.()).toBe(0);
      expect(server?.deadline?.()).toBeUndefined();
    }
  });

  test("a name does not get out of its line of the log", () => {
    const bench = session();
    const hello = packet(bench, "hello");
    const name = utf8('\n\u2028\u001b"\\');
    const bytes = concat(hello.bytes.slice(0, 1), Uint8Array.of(name.length), name);
    const forged = concat(bytes, hello.bytes.slice(bytes.length));
    expect(lines(bench.inject({ ...hello, bytes: forged }))).toEqual([
      "log refused %0A%E2%80%A8%1B%22%5C: unknown-peer",
      "reject unknown-peer",
    ]);
  });

  test("anything at all is refused and changes nothing", () => {
    const datagrams = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc
          .tuple(fc.integer({ min: 0, max: 8 }), fc.uint8Array({ minLength: 127, maxLength: 127 }))
          .map(([type, rest]) => concat(Uint8Array.of(type), rest)),
      ),
      { maxLength: 20 },
    );
    const honest = session();
    fc.assert(
      fc.property(datagrams, (list) => {
        const bench = new Bench();
        bench.startClient(alice, says, answers);
        bench.run(undefined, (p) => {
          for (const bytes of list) {
            expect(lineOf(bench.inject({ ...p, bytes }).at(-1) as Output)).toMatch(/^reject /);
          }
        });
        expect(bench.packets).toEqual(honest.packets);
      }),
      { numRuns: 50 },
    );
  });
});

describe("without a defence", () => {
  test("freshness=off: a recorded session comes to life again and delivers again", () => {
    const bench = session(undefined, { freshness: "off" });
    for (const p of bench.packets.filter((q) => q.to === serverAddress)) bench.inject(p);
    expect(texts(bench, serverAddress, "deliver")).toEqual([...says, ...says]);
    const ready = bench.outputs.filter((o) => o.at === serverAddress && o.output.kind === "ready");
    expect(new Set(ready.map((o) => o.output.session)).size).toBe(2);
  });

  test("authentication=off: one message passes for another, twice and out of its turn", () => {
    const number = 18;
    let done = false;
    const network: Network = (p) => {
      if (typeOf(p) === "data" && p.to === serverAddress && !done) {
        done = true;
        p.bytes[number] = (p.bytes[number] ?? 0) ^ 3;
      }
      return [10];
    };
    const bench = session(network, { authentication: "off" });
    expect(texts(bench, serverAddress, "deliver")).toEqual([...says, says[0]]);
  });

  test("directions=off: a party takes its own message for its peer's", () => {
    const bench = new Bench({ directions: "off" });
    bench.startClient(alice, says);
    bench.run(45);
    const { from: to, to: from, bytes } = packet(bench, "data");
    expect(lines(bench.inject({ bytes, from, to }))).toContain(`deliver "${says[0]}"`);
  });

  test("ack-authentication=off: anybody confirms what was never delivered", () => {
    const network: Network = (p) => (typeOf(p) === "data" ? [] : [10]);
    const bench = new Bench({ "ack-authentication": "off" }, network);
    bench.startClient(alice, says);
    bench.run(45);
    const bytes = new Uint8Array(datagramBytes);
    bytes.set([6, 0, 0, 0, 0, 0, 1]);
    const forged = bench.inject({ bytes, from: "mallory:6666", to: alice });
    expect(lines(forged)).toEqual([`confirm "${says[0]}"`]);
  });
});

test("every reason to reject is reached", () => {
  const bench = new Bench();
  const got: Partial<Record<RejectReason, string[]>> = {};
  const inject = (what: string, p: Packet): void => {
    const last = bench.inject(p).at(-1);
    if (last?.kind === "reject") got[last.reason] = [...(got[last.reason] ?? []), what];
  };
  const other = new Bench({}, undefined, "another seed");
  other.startClient(alice, says, answers);
  other.run();
  bench.startClient(alice, says, answers);
  bench.run(15);
  inject("a challenge for another hello", packet(other, "challenge"));
  inject("a welcome too early", packet(other, "welcome"));
  inject("data too early", { ...packet(other, "data"), to: alice });
  bench.run(20_000);
  const [hello, proof, data] = ["hello", "proof", "data"].map((t) => packet(bench, t)) as [
    Packet,
    Packet,
    Packet,
  ];
  inject("a challenge too many", packet(bench, "challenge"));
  inject("a close to the client", { ...data, bytes: Uint8Array.of(7, ...data.bytes.slice(1)) });
  inject("a record of another session", { ...flipped(data, 6, 64), to: serverAddress });
  inject("the same to the client", { ...flipped(data, 6, 64), to: alice });
  inject("a record once more", data);
  inject("a forged record", flipped(data, 7));
  inject("a proof once more", proof);
  inject("a proof from elsewhere", { ...proof, from: "mallory:6666" });
  inject("a proof with another MAC", flipped(proof, 127));
  inject("a proof of a stranger", flipped(proof, 3));
  inject("a hello of a stranger", flipped(hello, 3));
  inject("a hello with another MAC", flipped(hello, 127));
  inject("an empty datagram", { ...proof, bytes: utf8("") });
  inject("a name too long", { ...hello, bytes: hello.bytes.with(1, 17) });
  inject("a datagram too long", { ...proof, bytes: new Uint8Array(129) });
  bench.run();
  inject("a record after the end", packet(bench, "close"));
  bench.now += 120_000;
  inject("an old proof", proof);
  expect(got).toEqual({
    malformed: ["an empty datagram", "a name too long"],
    "too-long": ["a datagram too long"],
    unexpected: [
      "a welcome too early",
      "data too early",
      "a challenge too many",
      "a close to the client",
    ],
    stale: ["a challenge for another hello", "a record after the end", "an old proof"],
    replayed: ["a record once more", "a proof once more"],
    "bad-tag": ["a forged record", "a proof with another MAC", "a hello with another MAC"],
    unauthorized: ["a proof from elsewhere"],
    "unknown-peer": [
      "a record of another session",
      "the same to the client",
      "a proof of a stranger",
      "a hello of a stranger",
    ],
  });
});

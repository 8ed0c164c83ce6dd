/** The playbook itself: it passes what is right, and shows what is not. */
import { describe, expect, test } from "vitest";
import type { Endpoint, Env, Input, Millis, Output, Protocol } from "../endpoint.ts";
import { concat, lossyText, utf8 } from "../kit/bytes.ts";
import { chunk, datagram, Playbook, type Settings, send, timeout } from "./playbook.ts";
import { instead } from "./wire.ts";

/** A service that sends back what it receives, and a client that exits after a silence. */
function echo(transport: Protocol["transport"]): Protocol {
  const ready: Output = { kind: "ready", messages: 1 };
  const client = (): Endpoint => {
    let deadline: Millis | undefined;
    const handle = (input: Input, now: Millis): readonly Output[] => {
      deadline = now + 1_000;
      switch (input.kind) {
        case "start":
          return transport === "stream" ? [] : [ready];
        case "connected":
          return [ready];
        case "send":
          return [{ kind: "transmit", bytes: input.message }];
        case "timeout":
          deadline = undefined;
          return [{ kind: "exit", ok: true }];
        case "closed":
          return [{ kind: "exit", ok: false, because: "the connection is closed" }];
        case "shown":
          return [];
        default:
          return [{ kind: "confirm", message: input.bytes }, ready];
      }
    };
    return { handle, deadline: () => deadline };
  };
  const service = ({ store }: Env): Endpoint => ({
    handle(input) {
      if (input.kind === "closed") return [{ kind: "log", line: "connection closed" }];
      if (!("bytes" in input)) return [];
      if (input.bytes.length === 0) return [{ kind: "reject", reason: "malformed" }];
      if (lossyText(input.bytes) === "throw") throw new Error("no such text");
      if (lossyText(input.bytes) === "close") return [{ kind: "close" }];
      store("received").append(input.bytes);
      return [
        { kind: "deliver", message: input.bytes, from: "alice" },
        { kind: "transmit", bytes: concat(input.bytes, utf8("!")) },
      ];
    },
  });
  return {
    name: "echo",
    title: "An echo",
    flow: "Client → Echo: text",
    transport,
    roles: [
      { name: "client", principals: ["alice"], process: "session", peer: "echo" },
      {
        name: "echo",
        principals: ["bob"],
        process: "service",
        port: 1,
        receiveBufferBytes: 8,
      },
    ],
    claims: [],
    deploy: () => ({
      open: (role, env) => (role === "echo" ? service(env) : client()),
      longTermSecrets: () => [],
    }),
  };
}

const ends = { client: "alice:40000", echo: "bob:1" } as const;
const settings: Settings = { protocol: echo("datagram"), ends };
const both = (more: Partial<Settings> = {}): Playbook =>
  new Playbook({ ...settings, ...more }).open("echo").open("client");
const stranger = "mallory:6666";

/** What a failure says, without its first line. */
function failureOf(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    return (error as Error).message.split("\n").slice(2, -1).join("\n");
  }
  return "it did not fail";
}

describe("one endpoint by itself", () => {
  const alone = (): Playbook => new Playbook(settings).open("echo");

  test("is given inputs, and has its outputs expected", () => {
    alone()
      .out("echo")
      .in("echo", datagram("hello", stranger))
      .out("echo", 'deliver "hello" from alice', "transmit 6 bytes")
      .in("echo", datagram("", stranger), 500)
      .out("echo", "reject malformed");
  });

  test("an output that is missing is shown where it had to come", () => {
    const play = alone().in("echo", datagram("hello", stranger));
    const check = () => play.out("echo", 'deliver "hello" from alice', "transmit 6 bytes", "log");
    expect(failureOf(check)).toBe(
      [
        "         0  echo >> start",
        `         0  echo >> datagram 5 bytes from ${stranger}`,
        '         0  echo << deliver "hello" from alice',
        "         0  echo << transmit 6 bytes",
        "  expected  echo << log",
        "      came  nothing more",
      ].join("\n"),
    );
  });

  test("an output too many is shown, and nothing after it", () => {
    const play = alone().in("echo", datagram("hello", stranger), 20);
    play.in("echo", datagram("", stranger), 30);
    const check = () => play.out("echo", 'deliver "hello" from alice');
    expect(failureOf(check)).toBe(
      [
        "         0  echo >> start",
        `        20  echo >> datagram 5 bytes from ${stranger}`,
        '        20  echo << deliver "hello" from alice',
        "  expected  nothing more",
        "      came  echo << transmit 6 bytes",
      ].join("\n"),
    );
  });

  test("an output that is another one is shown beside the one expected", () => {
    const play = alone().in("echo", datagram("hello", stranger));
    expect(failureOf(() => play.out("echo", 'deliver "hullo" from alice'))).toBe(
      [
        "         0  echo >> start",
        `         0  echo >> datagram 5 bytes from ${stranger}`,
        '  expected  echo << deliver "hullo" from alice',
        '      came  echo << deliver "hello" from alice',
      ].join("\n"),
    );
  });

  test("what another end puts out is not this one's", () => {
    const play = both().in("client", send("hello"));
    expect(failureOf(() => play.out("echo", "ready for 1"))).toContain(
      "came  client << ready for 1",
    );
  });

  test("what happened since the last time must not be passed over", () => {
    const play = alone().in("echo", datagram("", stranger)).in("echo", timeout);
    expect(failureOf(() => play.out("echo"))).toContain("came  echo << reject malformed");
    play.out("echo", "reject malformed").out("echo");
    play.in("echo", datagram("", stranger)).skip().out("echo");
  });

  test("a long conversation is shown from its last lines on", () => {
    const play = alone();
    for (let i = 0; i < 100; i++) play.in("echo", datagram("", stranger));
    const shown = failureOf(() => play.out("echo", ...Array(100).fill("reject malformed"), "x"));
    expect(shown).toContain("(121 lines before)");
    expect(shown.split("\n")).toHaveLength(83);
  });
});

describe("a whole installation", () => {
  const whole = [
    "echo >> start",
    "client >> start",
    "client << ready for 1",
    'client >> send "hello"',
    "client << transmit 5 bytes",
    "echo >> datagram 5 bytes from client",
    'echo << deliver "hello" from alice',
    "echo << transmit 6 bytes",
    "client >> datagram 6 bytes from echo",
    'client << confirm "hello!"',
    "client << ready for 1",
    "client >> timeout",
    "client << exit ok",
  ];

  test("talks until nothing moves, each message in its turn", () => {
    const play = both().say("client", "hello").run();
    play.goes(whole);
    expect([play.now, play.fates]).toEqual([1_020, { client: "exit ok", echo: "waits" }]);
    expect(lossyText(play.installation.store("bob", "received").read())).toBe("hello");
  });

  test("is held against lines and patterns, and some may be left out", () => {
    both()
      .say("client", "hello")
      .run()
      .goes(
        whole.filter((line) => !line.includes("transmit")).with(0, "echo >> start"),
        /transmit/,
      );
    both()
      .settle()
      .goes([/^echo/, "client >> start", / << ready for \d$/]);
    expect(failureOf(() => both().goes([/^client/]))).toContain("expected  /^client/");
  });

  test("differs where an input of the wire does, or where a line is wanting at the end", () => {
    const play = () => both().say("client", "hello").run();
    const other = whole.with(5, "echo >> datagram 4 bytes from client");
    expect(
      failureOf(() => play().goes(other))
        .split("\n")
        .slice(-3),
    ).toEqual([
      "         0  client << transmit 5 bytes",
      "  expected  echo >> datagram 4 bytes from client",
      "      came  echo >> datagram 5 bytes from client",
    ]);
    expect(failureOf(() => play().goes(whole.slice(0, -1)))).toContain("came  client << exit ok");
    expect(failureOf(() => play().goes([...whole, "echo << exit ok"]))).toContain("nothing more");
  });

  test("loses, doubles, delays and changes what it is told to", () => {
    const received = (network: Settings["network"]): readonly string[] =>
      both({ network }).say("client", "one").say("client", "two").run().texts("echo", "deliver");
    expect(received(() => [])).toEqual([]);
    expect(received(() => [10, 15])).toEqual(
      ["one", "one", "two", "two", "two", "two"].slice(0, 4),
    );
    const toEcho = (nth: number) =>
      instead(
        (p) => p.to === ends.echo && p.nth === nth,
        () => [],
      );
    expect(received(toEcho(2))).toEqual(["one"]);
    const changed = instead(
      (p) => p.index === 0,
      (p) => [
        { ...p, bytes: utf8("none") },
        { ...p, later: 500 },
      ],
    );
    expect(received(changed)).toEqual(["none", "two", "one"]);
  });

  test("a datagram is cut to what its receiver takes, but not what a test hands over", () => {
    const play = both().say("client", "a long story").run();
    expect(play.texts("echo", "deliver")).toEqual(["a long s"]);
    const answer = play.inject({ from: stranger, to: "echo", bytes: utf8("a long story") });
    expect(play.tell(answer)[0]).toBe('deliver "a long story" from alice');
  });

  test("what a probe brings about stays without consequence", () => {
    const play = both().settle();
    const lines = play.lines().length;
    const probed = play.probe({ from: stranger, to: "echo", bytes: utf8("hello") });
    expect(play.tell(probed)).toEqual(['deliver "hello" from alice', "transmit 6 bytes"]);
    expect([play.lines().length, play.packets()]).toEqual([lines, []]);
  });

  test("an end is opened in the role of its principal, or in the one it is given", () => {
    const play = new Playbook(settings).open(stranger).open("alice:1", { role: "echo" });
    play.goes([`${stranger} >> start`, `${stranger} << ready for 1`, "alice:1 >> start"]);
    play.in("alice:1", datagram("hello", stranger));
    expect(play.packets("alice:1").map((packet) => packet.to)).toEqual([stranger]);
  });

  test("stops when it is told to, and goes on from there", () => {
    const play = both().say("client", "hello").run(15);
    expect([play.now, play.texts("client", "confirm")]).toEqual([15, []]);
    expect(play.run(20).texts("client", "confirm")).toEqual(["hello!"]);
  });
});

describe("streams and programs that end", () => {
  const stream = (more: Partial<Settings> = {}): Playbook =>
    both({ protocol: echo("stream"), ...more }).connect("client");

  test("connections are opened, used, and closed where an end exits", () => {
    stream()
      .say("client", "hello")
      .run()
      .goes(
        [
          "echo >> connected client",
          "client >> connected echo",
          "client << ready for 1",
          'client >> send "hello"',
          "client << transmit 5 bytes",
          "echo >> chunk 5 bytes from client",
          'echo << deliver "hello" from alice',
          "echo << transmit 6 bytes",
          "client >> chunk 6 bytes from echo",
          'client << confirm "hello!"',
          "client << ready for 1",
          "client >> timeout",
          "client << exit ok",
          "echo >> closed client",
          "echo << log connection closed",
        ],
        / >> start$/,
      );
  });

  test("and where an end closes them", () => {
    const play = stream({ programsEnd: true }).say("client", "close").run();
    expect(play.fate("client")).toBe("exit because the connection is closed");
  });

  test("an exception fails the test, or ends the program and its connections", () => {
    expect(() => both().say("client", "throw").run()).toThrow("no such text");
    const play = stream({ programsEnd: true }).say("client", "throw").run();
    expect(play.lines("echo").at(-1)).toBe("echo << crash no such text");
    expect(play.fates).toEqual({
      echo: "crash no such text",
      client: "exit because the connection is closed",
    });
    expect(play.handle("echo", chunk("hello", ends.client))).toEqual([]);
    const storing = () =>
      both({ programsEnd: true, stores: "at-deployment" }).say("client", "x").run();
    expect(storing).toThrow("echo is not to store anything now");
  });
});

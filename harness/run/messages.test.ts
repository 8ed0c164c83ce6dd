/**
 * Connections that keep messages apart (WebSocket, SCTP): what arrives is what was sent, and in
 * its turn; but an attacker below them still suppresses, changes and inserts.
 */
import { describe, expect, test } from "vitest";
import { type Attack, capabilityOf, type Move } from "../../attacker/move.ts";
import { broadcast, type Endpoint, type Input, type Output } from "../../protocol/endpoint.ts";
import { hex, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { inPlaceOfAlice, inPlaceOfBob } from "../testing/puppets.ts";
import { deliver, delivered, type Handler, run, tiny, transmit, words } from "../testing/tiny.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { lossyNetwork } from "./network/conditions.ts";

const up = (nth: number) => ({ from: "client#0", to: "server#0", nth });
const alice = "alice:40000";
const x = (text: string): string => hex(utf8(text));

/** Keeps a log of what happens to it. */
const note = (input: Input): readonly Output[] => {
  if (input.kind === "connected") return [{ kind: "log", line: `+${input.peer}` }];
  if (input.kind === "closed") return [{ kind: "log", line: `-${input.peer}` }];
  return input.kind === "chunk" ? [{ kind: "log", line: words(input.bytes) }] : [];
};
/** Sends all of it as soon as it is connected. */
const sender =
  (...outputs: readonly Output[]) =>
  (): Handler =>
  (input) =>
    input.kind === "connected" ? outputs : note(input);
const over = (client: () => Handler | Endpoint, server: () => Handler = () => note) =>
  tiny({ client, server, protocol: { transport: "messages" } });
const logOf = (trace: Trace, at = "server#0"): readonly string[] =>
  eventsOf(trace, "log").flatMap((e) => (e.at === at ? [e.line] : []));
const lostOf = (trace: Trace): readonly string[] =>
  eventsOf(trace, "lost").map((e) => `${e.packet} ${e.by}`);

describe("messages", () => {
  test("each of them is one chunk, however close together and however short", () => {
    const texts = ["one ", "two", "", "three"];
    for (const chunking of ["as-written", "random", "bytes"] as const) {
      const trace = run(over(sender(...texts.map((t) => transmit(t)))), { network: { chunking } });
      expect(logOf(trace)).toEqual([`+${alice}`, ...texts]);
    }
  });

  test("come in their turn and all of them, whatever the network below does", () => {
    const texts = Array.from({ length: 40 }, (_, i) => `${i}`);
    const slow = (): Endpoint => {
      let sent = 0;
      let due: number | undefined;
      return {
        handle: (input, now) => {
          if (input.kind === "connected") due = now;
          if (input.kind !== "timeout") return [];
          due = ++sent < texts.length ? now + 1 : undefined;
          return [transmit(texts[sent - 1] ?? "")];
        },
        deadline: () => due,
      };
    };
    for (const seed of ["1", "2", "3"]) {
      const network = { ...lossyNetwork, jitterMs: 50, mtuBytes: 1 };
      const trace = run(over(slow), { network, seed });
      expect(logOf(trace).slice(1)).toEqual(texts);
      expect(trace.handshakeUntouched).toBe(true);
    }
  });

  test("need a connection: no broadcast, and no room to be cut to", () => {
    const protocol = over(sender(transmit("hello", broadcast(7)), transmit("hello")));
    const roles = protocol.roles.map((role) => ({ ...role, receiveBufferBytes: 2 }));
    const trace = run({ ...protocol, roles });
    expect(logOf(trace)).toEqual([`+${alice}`, "hello"]);
  });
});

describe("endings", () => {
  test("what was sent before the end arrives before the end; what comes after does not", () => {
    const trace = run(over(sender(transmit("last"), { kind: "close" }, transmit("too late"))));
    expect(logOf(trace)).toEqual([`+${alice}`, "last", `-${alice}`]);
    expect(lostOf(trace)).toEqual(["1 nobody-there"]);
    expect(eventsOf(trace, "closed").map((e) => e.at)).toEqual(["server#0", "client#0"]);
  });

  test("a crash closes the connection for the other side", () => {
    const crash = (): Handler => (input) => {
      if (input.kind === "chunk") throw new Error("bad input");
      return note(input);
    };
    const trace = run(over(sender(transmit("boom"), transmit("again")), crash));
    expect(eventsOf(trace, "crashed")).toMatchObject([{ at: "server#0" }]);
    expect(logOf(trace, "client#0")).toEqual(["-bob:7"]);
    expect(lostOf(trace)).toEqual(["1 nobody-there"]);
  });

  test("a copy that would come after the end does not come", () => {
    const attack: Attack = [{ move: "duplicate", packet: up(1), delayMs: 500 }];
    const trace = run(over(sender(transmit("once"), { kind: "close" })), { attack });
    expect(logOf(trace)).toEqual([`+${alice}`, "once", `-${alice}`]);
    expect(lostOf(trace)).toEqual(["0 nobody-there"]);
  });
});

describe("an attacker", () => {
  /** What the server hears after its connection with the client stands; the client hears nothing. */
  const moves: readonly (readonly [string, Move, needs: string, readonly string[]])[] = [
    ["suppresses a message", { move: "drop", packet: up(1) }, "on-path", ["two"]],
    [
      "holds up all that follow",
      { move: "hold", packet: up(1), delayMs: 99 },
      "on-path",
      ["one", "two"],
    ],
    [
      "repeats a message",
      { move: "duplicate", packet: up(1), delayMs: 3 },
      "on-path",
      ["one", "two", "one"],
    ],
    [
      "changes a message",
      { move: "modify", packet: up(1), edits: [{ edit: "truncate", length: 0 }] },
      "on-path",
      ["", "two"],
    ],
    [
      "brings none into another connection",
      { move: "redirect", packet: up(1), to: "client#0" },
      "on-path",
      ["two"],
    ],
    ["breaks the connection", { move: "cut", packet: up(1) }, "none", ["one", `-${alice}`]],
    [
      "inserts in the client's name",
      { move: "inject", hex: x("evil"), to: "server#0", from: "client#0", when: { after: up(1) } },
      "on-path",
      ["one", "two", "evil"],
    ],
    [
      "opens a connection of its own",
      { move: "inject", hex: x("evil"), to: "server#0", when: { after: up(1) } },
      "off-path",
      ["one", "two", "+mallory:6666", "evil"],
    ],
    [
      "replays in the client's name",
      { move: "replay", packet: up(1), to: "server#0", from: "client#0", when: { after: up(2) } },
      "on-path",
      ["one", "two", "one"],
    ],
  ];
  test.each(moves)("%s", (_, move, needs, heard) => {
    const trace = run(over(sender(transmit("one"), transmit("two"))), { attack: [move] });
    expect(logOf(trace)).toEqual([`+${alice}`, ...heard]);
    expect(eventsOf(trace, "attack")).toHaveLength(1);
    expect(capabilityOf([move], "messages")).toBe(needs);
  });

  test("sends one back to its sender, on the same connection", () => {
    const attack: Attack = [{ move: "reflect", packet: up(1) }];
    const trace = run(over(sender(transmit("one"))), { attack });
    expect(logOf(trace, "client#0")).toEqual(["one"]);
    expect(capabilityOf(attack, "messages")).toBe("on-path");
  });

  test("inserts between two messages while the second is held up", () => {
    const attack: Attack = [
      { move: "hold", packet: up(2), delayMs: 5 },
      { move: "inject", hex: x("evil"), to: "server#0", from: "client#0", when: { after: up(1) } },
    ];
    const trace = run(over(sender(transmit("one"), transmit("two"))), { attack });
    expect(logOf(trace)).toEqual([`+${alice}`, "one", "evil", "two"]);
  });

  test("sits between two ends, with a connection to each, and hands on what it hears", () => {
    const protocol = tiny({
      client: () => (input) => {
        if (input.kind === "connected") return [{ kind: "ready" }];
        return input.kind === "send" ? [{ kind: "transmit", bytes: input.message }] : [];
      },
      server: () => (input) => (input.kind === "chunk" ? [deliver(input.bytes, "alice")] : []),
      sessions: [{ start: 0, messages: say("client", "one", "two") }],
      protocol: { transport: "messages" },
    });
    const { insteadOf: _, ...own } = inPlaceOfAlice;
    const attack: Attack = [
      { ...inPlaceOfBob, handsTo: "puppet-b" },
      { ...own, handsTo: "puppet-a" },
    ];
    const trace = run(protocol, { attack });
    expect(delivered(trace)).toEqual(expect.arrayContaining(["one", "two"]));
    const sources = new Set(
      eventsOf(trace, "received")
        .filter((e) => e.at === "server#0")
        .map((e) => trace.packets[e.packet]?.from),
    );
    expect([...sources]).toEqual(["puppet-b"]);
  });
});

/** What disclosures give away, and when: session keys, random draws, and all that one end holds. */
import { describe, expect, test } from "vitest";
import type { Attack, Move } from "../../attacker/move.ts";
import type { Output } from "../../protocol/endpoint.ts";
import { hex, utf8 } from "../../protocol/kit/bytes.ts";
import { deliver, run, tiny, transmit, words } from "../testing/tiny.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";

const up = (n: number, session = 0) => ({ from: `client#${session}`, to: "server#0", nth: n });
const down = (n: number, session = 0) => ({ from: "server#0", to: `client#${session}`, nth: n });

const secret = (peer: string, value: Uint8Array): Output => ({
  kind: "claim",
  claim: { kind: "secret", peer, value },
});

/** The client draws a key, and sends it sealed under one that both were dealt. */
const keyTransport = tiny({
  client: (env) => {
    const key = env.crypto.random(32);
    return (input) => {
      if (input.kind === "start") {
        return [{ kind: "transmit", bytes: env.crypto.xor(key, dealt) }, secret("bob", key)];
      }
      return input.kind === "datagram" ? [{ kind: "ready" }] : [];
    };
  },
  server: (env) => (input) => {
    if (input.kind !== "datagram") return [];
    const key = env.crypto.xor(input.bytes, dealt);
    env.store("keys").write(key);
    const mark = env.crypto.random(16);
    const shown = env.crypto.hmac("sha256", key, mark);
    return [secret("alice", key), { kind: "transmit", bytes: shown }];
  },
  sessions: [
    { start: 0, messages: [] },
    { start: "after-previous", messages: [] },
  ],
  deployment: { longTermSecrets: () => [dealt] },
});
const dealt = utf8("a key of thirty-two bytes, dealt");

const disclose = (
  principal: string,
  what: string,
  when: Extract<Move, { move: "disclose" }>["when"],
): Move => ({ move: "disclose", principal, what, when });

const keysOf = (trace: Trace): readonly string[] => [
  ...new Set(eventsOf(trace, "secret").map((e) => hex(e.value))),
];
const disclosedIn = (attack: Attack): readonly string[] =>
  run(keyTransport, { attack }).disclosed.map(hex);

describe("session keys", () => {
  const [first, second] = keysOf(run(keyTransport)) as [string, string];

  test("are disclosed once their session is finished, and no others", () => {
    const told = (when: Extract<Move, { move: "disclose" }>["when"]) =>
      disclosedIn([disclose("alice", "session-keys", when)]);
    expect(told("start")).toEqual([]);
    // The server has it by then, and has answered.
    expect(told({ after: up(1) })).toEqual([first]);
    expect(told({ after: down(1) })).toEqual([first]);
    expect(told({ after: down(1, 1) })).toEqual([first, second]);
    expect(told("end")).toEqual([first, second]);
  });

  test("of a session that nobody has joined yet are not", () => {
    const attack: Attack = [
      { move: "drop", packet: up(1) },
      disclose("alice", "session-keys", { atMs: 5 }),
    ];
    expect(disclosedIn(attack)).toEqual([]);
  });

  test("are those of the principal", () => {
    expect(disclosedIn([disclose("eve", "session-keys", "end")])).toEqual([]);
  });
});

describe("random draws", () => {
  const drawnBy = (trace: Trace, by: string) =>
    trace.crypto.filter((op) => op.op === "random" && op.by === by).length;

  test.each(["start", "end", { after: up(1) }] as const)(
    "are all known, those to come as well: %j",
    (when) => {
      const trace = run(keyTransport, { attack: [disclose("alice", "randomness", when)] });
      expect(trace.disclosed).toHaveLength(drawnBy(trace, "client#0") + drawnBy(trace, "client#1"));
      expect(trace.disclosed.map(hex)).toEqual(keysOf(trace));
      expect(eventsOf(trace, "disclosed")).toMatchObject([{ what: "randomness" }]);
    },
  );

  test("of several principals are known side by side", () => {
    const attack = ["alice", "bob"].map((p) => disclose(p, "randomness", "start"));
    const trace = run(keyTransport, { attack });
    expect(new Set(trace.disclosed.map(hex)).size).toBe(
      drawnBy(trace, "client#0") + drawnBy(trace, "client#1") + drawnBy(trace, "server#0"),
    );
  });

  test("of nobody are no disclosure", () => {
    const trace = run(keyTransport, { attack: [disclose("eve", "randomness", "start")] });
    expect(eventsOf(trace, "disclosed")).toEqual([]);
    expect(eventsOf(trace, "attack")).toEqual([]);
  });
});

test("the state of an end: what it was dealt, what it has written, and what it has computed", () => {
  const [first, second] = keysOf(run(keyTransport)) as [string, string];
  const state = (principal: string, when: Extract<Move, { move: "disclose" }>["when"]) =>
    disclosedIn([disclose(principal, "state", when)]);
  expect(state("alice", "start")).toEqual([hex(dealt)]);
  expect(state("alice", { after: down(1) })).toContain(first);
  expect(state("alice", { after: down(1) })).not.toContain(second);
  expect(state("bob", { after: up(1) })).toEqual(expect.arrayContaining([hex(dealt), first]));
  expect(state("bob", "end")).toEqual(expect.arrayContaining([first, second]));
});

describe("a finished process is repeated from one of its inputs on", () => {
  /** Alice answers what Bob asks her, once the connection is open. */
  const asked = tiny({
    client: () => (input) => {
      if (input.kind === "connected") return [transmit("here I am")];
      return input.kind === "chunk" ? [transmit("an answer"), { kind: "exit", ok: true }] : [];
    },
    server: () => (input) => {
      if (input.kind !== "chunk") return [];
      const isFirst = words(input.bytes) === "here I am";
      return isFirst ? [transmit("a question")] : [deliver(input.bytes, input.from)];
    },
    protocol: { transport: "stream" },
  });
  const repeated = (again: number, process = "client#0"): Trace =>
    run(asked, {
      attack: [{ move: "hijack", name: "puppet-a", process, after: up(2), again }],
    });
  const said = (trace: Trace) =>
    trace.packets.filter((p) => p.from === "puppet-a").map((p) => words(p.bytes));

  test("over a connection of the attacker's own", () => {
    expect(said(repeated(2))).toEqual(["here I am", "an answer"]);
    expect(said(repeated(3))).toEqual(["an answer"]);
    const from = repeated(2).packets.filter((p) => p.from === "puppet-a");
    expect(new Set(from.map((p) => p.source))).toEqual(new Set(["mallory:7000"]));
  });

  test("not from an input that it never had, nor in the place of a service", () => {
    for (const trace of [repeated(9), repeated(2, "server#0"), repeated(2, "client#7")]) {
      expect(eventsOf(trace, "attack")).toEqual([]);
      expect(said(trace)).toEqual([]);
    }
  });
});

/** Every kind of move takes effect, is recorded, and knows whether it touched a handshake. */
import { describe, expect, test } from "vitest";
import {
  type Attack,
  attackerAddress,
  bystanderAddress,
  type Move,
  moveSchema,
  packetKey,
} from "../../attacker/move.ts";
import type { Recipe } from "../../attacker/recipe/recipe.ts";
import type { Input, OptionValues, Output } from "../../protocol/endpoint.ts";
import { hex, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { ineffectiveMoves } from "../ineffective-moves.ts";
import { inPlaceOfAlice, inPlaceOfBob } from "../testing/puppets.ts";
import {
  bare,
  deliver,
  delivered,
  type Handler,
  run,
  tiny,
  transmit,
  words,
} from "../testing/tiny.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { knowledgeFromWire } from "../trace/trace-knowledge.ts";
import { AttackPlan } from "./attack-plan.ts";

const chattyWords = ["one", "two", "three"].map(utf8);
const labelled = (outputs: readonly Output[]): readonly Output[] =>
  outputs.map((output) =>
    output.kind === "transmit"
      ? { ...output, session: "client", to: "alice:40000" }
      : { ...output, session: "client" },
  );
const up = (n: number) => ({ from: "client#0", to: "server#0", nth: n });
const down = (n: number) => ({ from: "server#0", to: "client#0", nth: n });
const x = (text: string) => hex(utf8(text));

/** A handshake of two packets, then data both ways; each end delivers what it receives. */
const chatty = tiny({
  client: () => (input) => {
    if (input.kind === "start") return [transmit("hello")];
    if (input.kind === "send") return [{ kind: "transmit", bytes: input.message }];
    if (input.kind !== "datagram") return [];
    if (words(input.bytes) !== "welcome") return [deliver(input.bytes, input.from)];
    const value = utf8("the key of the session");
    return [{ kind: "claim", claim: { kind: "secret", peer: "bob", value } }, { kind: "ready" }];
  },
  server: (env) => (input) => {
    if (input.kind !== "datagram") return [];
    if (words(input.bytes) !== "hello") {
      return [deliver(input.bytes, input.from), transmit(`re: ${words(input.bytes)}`)];
    }
    env.store("guests").append(utf8(`${input.from};`));
    const value = utf8("the key of the session");
    return [
      { kind: "claim", claim: { kind: "secret", peer: "alice", value } },
      transmit("welcome"),
    ];
  },
  sessions: [
    { start: 0, messages: say("client", "one", "two") },
    { start: "after-previous", messages: say("client", "three") },
  ],
  deployment: {
    longTermSecrets: (principal) => (principal === "alice" ? [utf8("alice's password")] : []),
    credentials: [{ principal: "alice", user: utf8("one"), password: utf8("alice's password") }],
  },
});

const heard = (trace: Trace) =>
  eventsOf(trace, "deliver").map((e) => `${e.at} ${words(e.message)} < ${e.from}`);
const calm = heard(run(chatty));

interface Case {
  readonly move: Move;
  /** What is delivered, compared with a run without the move. */
  readonly more?: readonly string[];
  readonly less?: readonly string[];
  readonly handshake?: "touched";
}
const [c0, s0] = ["alice:40000", "bob:7"];
const firstSession = calm.filter((line) => line.includes("one") || line.includes("two"));

const cases: Record<string, Case> = {
  "drop, in the handshake": {
    move: { move: "drop", packet: up(1) },
    less: firstSession,
    handshake: "touched",
  },
  "drop, of data": {
    move: { move: "drop", packet: up(2) },
    less: [`server#0 one < ${c0}`, "client#0 re: one < bob:7"],
  },
  seize: { move: { move: "seize" }, less: calm, handshake: "touched" },
  deliver: {
    move: {
      move: "deliver",
      recipe: { join: [{ hex: x("ps") }, { hex: x("st") }] },
      to: "server#0",
      when: { step: 1 },
    },
    more: [`server#0 psst < ${attackerAddress}`],
  },
  hold: { move: { move: "hold", packet: up(2), delayMs: 300 } },
  "duplicate, of data": {
    move: { move: "duplicate", packet: up(2), delayMs: 5 },
    more: [`server#0 one < ${c0}`, `client#0 re: one < ${s0}`],
  },
  "replay, in the same name": {
    move: {
      move: "replay",
      packet: up(2),
      to: "server#0",
      from: "client#0",
      when: { after: up(3) },
    },
    more: [`server#0 one < ${c0}`, `client#0 re: one < ${s0}`],
  },
  "replay, changed, in the attacker's own name": {
    move: {
      move: "replay",
      packet: up(2),
      edits: [{ edit: "extend", hex: x("!") }],
      to: "server#0",
      when: { after: up(3) },
    },
    more: [`server#0 one! < ${attackerAddress}`],
  },
  "replay, into a session that has no key yet": {
    move: { move: "replay", packet: up(2), to: "client#1", when: { after: down(3) } },
    handshake: "touched",
  },
  "replay of a handshake": {
    move: { move: "replay", packet: up(1), to: "server#0", when: { after: up(3) } },
    handshake: "touched",
  },
  reflect: {
    move: { move: "reflect", packet: up(2) },
    more: [`client#0 one < ${s0}`],
  },
  redirect: {
    move: { move: "redirect", packet: up(2), to: "client#0" },
    less: [`server#0 one < ${c0}`, `client#0 re: one < ${s0}`],
    more: [`client#0 one < ${c0}`],
  },
  "inject, before any session": {
    move: { move: "inject", hex: x("psst"), to: "server#0", when: "start" },
    more: [`server#0 psst < ${attackerAddress}`],
    handshake: "touched",
  },
  "inject, among data, as a bystander": {
    move: {
      move: "inject",
      hex: x("psst"),
      to: "server#0",
      from: bystanderAddress,
      when: { after: down(2) },
    },
    more: [`server#0 psst < ${bystanderAddress}`],
  },
  "inject, at a time": {
    move: { move: "inject", hex: x("psst"), to: "client#0", from: "server#0", when: { atMs: 60 } },
    more: [`client#0 psst < ${s0}`],
  },
  modify: {
    move: { move: "modify", packet: up(2), edits: [{ edit: "set", at: 0, hex: x("O") }] },
    less: [`server#0 one < ${c0}`, "client#0 re: one < bob:7"],
    more: [`server#0 One < ${c0}`, `client#0 re: One < ${s0}`],
  },
  "modify, in the handshake": {
    move: { move: "modify", packet: down(1), edits: [{ edit: "truncate", length: 0 }] },
    less: firstSession,
    more: [`client#0  < ${s0}`],
    handshake: "touched",
  },
  cut: { move: { move: "cut", packet: up(2) } },
  "disclose, of secrets": {
    move: { move: "disclose", principal: "alice", what: "long-term", when: "end" },
  },
  "disclose, of a store": {
    move: { move: "disclose", principal: "bob", what: "store:guests", when: { after: up(1) } },
  },
  "disclose, of session keys": {
    move: { move: "disclose", principal: "alice", what: "session-keys", when: { after: down(2) } },
  },
  "disclose, of random draws": {
    move: { move: "disclose", principal: "bob", what: "randomness", when: "start" },
  },
  "disclose, of all that an end holds": {
    move: { move: "disclose", principal: "bob", what: "state", when: { after: up(2) } },
  },
  "puppet, with a session of its own": {
    move: { move: "puppet", name: "puppet-a", role: "client", as: "alice", facing: "server#0" },
    more: ["server#0 mallory was here < mallory:7000"],
    handshake: "touched",
  },
  participate: { move: { move: "participate", as: "bob" } },
  hijack: {
    move: { move: "hijack", name: "puppet-a", process: "client#0", after: down(2) },
    more: [`server#0 mallory was here < ${c0}`],
  },
  "hijack, from an earlier input on": {
    move: { move: "hijack", name: "puppet-a", process: "client#0", after: down(2), again: 1 },
    more: ["server#0 mallory was here < mallory:7000"],
    handshake: "touched",
  },
  "choose, for what has been seen": {
    move: {
      move: "choose",
      process: "client#0",
      nth: 1,
      hex: "09070f",
      xor: [{ packet: up(1), start: 0, length: 3 }],
    },
    less: [`server#0 one < ${c0}`, "client#0 re: one < bob:7"],
    more: [`server#0 abc < ${c0}`, `client#0 re: abc < ${s0}`],
  },
  "log-in, with another name": {
    move: { move: "log-in", process: "client#0", password: x("guess"), user: x("won") },
    less: [`server#0 one < ${c0}`, "client#0 re: one < bob:7"],
    more: [`server#0 won < ${c0}`, `client#0 re: won < ${s0}`],
  },
};

const without = (all: readonly string[], some: readonly string[] = []): string[] => {
  const rest = [...all];
  for (const one of some) {
    const at = rest.indexOf(one);
    if (at >= 0) rest.splice(at, 1);
  }
  return rest.sort();
};

test("what keeps an end from ever getting a key touches its handshake", () => {
  const attack = [1, 2].map((n): Move => {
    return { move: "drop", packet: { from: "server#0", to: `client#${n - 1}`, nth: 1 } };
  });
  const trace = run(chatty, { attack });
  expect(eventsOf(trace, "secret").map((e) => e.at)).toEqual(["server#0", "server#0"]);
  expect(trace.handshakeUntouched).toBe(false);
});

describe("each kind of move", () => {
  test.each(Object.entries(cases))("%s", (_, { move, more, less, handshake }) => {
    expect(moveSchema.parse(move)).toEqual(move);
    const trace = run(chatty, { attack: [move] });
    const attacks = eventsOf(trace, "attack");
    expect(attacks.length).toBeGreaterThan(0);
    expect(attacks.every((e) => e.move === 0)).toBe(true);
    const now = heard(trace);
    if (more !== undefined) expect(now).toEqual(expect.arrayContaining([...more]));
    if (more !== undefined || less !== undefined) {
      const echoes = now.filter((line) => !/^client#\d re: (psst|mallory)/.test(line));
      if (!/puppet|hijack/.test(move.move))
        expect(without(echoes, more)).toEqual(without(calm, less));
    }
    expect(trace.handshakeUntouched).toBe(handshake !== "touched");
  });

  test("no kind is left out", () => {
    const kinds = new Set(Object.values(cases).map((c) => c.move.move));
    const all = moveSchema.options.map((option) => option.shape.move.value);
    expect([...all].sort()).toEqual([...kinds].sort());
  });
});

describe("the network by itself", () => {
  const isHandshake = (bytes: Uint8Array) => ["hello", "welcome"].includes(words(bytes));
  const seeds = Array.from({ length: 60 }, (_, i) => `network ${i}`);

  test("touches a handshake by losing or doubling a packet of it, and by nothing else", () => {
    const network = { faultsEndMs: 20_000, loss: 0.05, duplication: 0.05 };
    const untouched = seeds.map((seed) => {
      const trace = run(chatty, { network, seed });
      const arrived = (packet: number) =>
        eventsOf(trace, "received").filter((e) => e.packet === packet).length;
      const handshake = trace.packets.filter((p) => isHandshake(p.bytes));
      expect(trace.handshakeUntouched).toBe(handshake.every((p) => arrived(p.index) === 1));
      return trace.handshakeUntouched;
    });
    expect(new Set(untouched).size).toBe(2);
  });

  /** The packets of the first flight leave together: one of them may overtake the other. */
  const hasty = (...flight: readonly string[]) =>
    tiny({
      client: () => (input) => (input.kind === "start" ? flight.map((f) => transmit(f)) : []),
      server: () => (input) => (input.kind === "datagram" ? [deliver(input.bytes, "alice")] : []),
    });

  test("touches a handshake by letting one of its packets overtake another", () => {
    const untouched = seeds.map((seed) => {
      const trace = run(hasty("one", "two"), { network: { jitterMs: 5 }, seed });
      expect(trace.handshakeUntouched).toBe(delivered(trace)[0] === "one");
      return trace.handshakeUntouched;
    });
    expect(new Set(untouched).size).toBe(2);
  });

  test("touches nothing by a delay", () => {
    for (const seed of seeds) {
      const trace = run(hasty("one"), { network: { jitterMs: 5 }, seed });
      expect(trace.handshakeUntouched).toBe(true);
    }
  });
});

describe("an attacker that talks", () => {
  test("says something else each time, and no end of it where it may", () => {
    const trace = run(chatty, { attack: [{ ...inPlaceOfAlice, talks: true }] });
    const heard = delivered(trace).filter((words) => words.startsWith("mallory"));
    expect(heard.slice(0, 2)).toEqual(["mallory was here", "mallory again 2"]);
    expect(new Set(heard).size).toBe(40);
  });

  test("waits until its code lets it, and goes on in the session that it is in", () => {
    const hear = (input: Input): readonly Output[] =>
      input.kind === "datagram"
        ? [deliver(input.bytes, "bob"), { kind: "ready", messages: 1 }]
        : [];
    const say = (input: Input): readonly Output[] =>
      input.kind === "send" ? [{ kind: "transmit", bytes: input.message }] : hear(input);
    const takingTurns = tiny({
      client: () => (input) =>
        input.kind === "start" ? [{ kind: "ready", messages: 1 }] : say(input),
      server: () => (input) =>
        input.kind === "send" && input.session !== "client" ? [] : labelled(say(input)),
      sessions: [{ start: 0, messages: chattyWords.map((m) => ({ from: "client", message: m })) }],
    });
    const trace = run(takingTurns, { attack: [{ ...inPlaceOfBob, talks: true }] });
    expect(delivered(trace)).toEqual(["mallory was here", "mallory again 2", "mallory again 3"]);
  });

  test("goes on at once where it has taken over", () => {
    const hijack = {
      move: "hijack",
      name: "puppet-a",
      process: "client#0",
      after: down(1),
    } as const;
    const heard = delivered(run(chatty, { attack: [{ ...hijack, talks: true }] }));
    expect(heard.indexOf("mallory was here")).toBeLessThan(heard.indexOf("one"));
    expect(delivered(run(chatty, { attack: [hijack] })).at(-1)).not.toContain("again");
  });
});

describe("a puppet with settings of its own", () => {
  /** Both ends greet with the word in their options; a client adopts its server's. */
  const greeting = tiny({
    client: () => () => [],
    server: () => () => [],
    protocol: {
      options: { words: { default: "hello", values: ["hello", "hi", "hey"], about: "" } },
      deploy: ({ options }) => ({
        open(role) {
          if (role === "client") return { handle: asked() };
          return { handle: (input) => (input.kind === "datagram" ? answered(options) : []) };
        },
        longTermSecrets: () => [],
      }),
    },
  });
  function asked(): Handler {
    let words = "hello";
    return (input) => {
      if (input.kind === "start") return [transmit(words)];
      if (input.kind !== "datagram") return [];
      const answer = latin1(input.bytes);
      if (answer === words) return [deliver(input.bytes, input.from)];
      words = answer;
      return [transmit(words)];
    };
  }
  const answered = ({ words = "" }: OptionValues) => [transmit(words)];
  const heardWith = (more: Partial<Extract<Move, { move: "puppet" }>>) => {
    return delivered(run(greeting, { attack: [{ ...inPlaceOfBob, ...more }] }));
  };

  test("sends what a party with these settings sends", () => {
    expect(heardWith({})).toEqual(["hello"]);
    expect(heardWith({ settings: { words: "hi" } })).toEqual(["hi"]);
  });
  test("leaves after so many packets, and the real one goes on", () => {
    // The client has changed to “hi”; the server, which sends “hello”, changes it back.
    expect(heardWith({ settings: { words: "hi" }, leaves: 1 })).toEqual(["hello"]);
    expect(heardWith({ settings: { words: "hi" }, leaves: 2 })).toEqual(["hi"]);
  });
  const impossible = [
    ["words", "bonjour"],
    ["nothing", "hi"],
    ["constructor", "hi"],
  ] as const;
  test.each(impossible)("%s=%s is not possible", (option, value) => {
    const settings = { [option]: value };
    const trace = run(greeting, { attack: [{ ...inPlaceOfBob, settings }] });
    expect(eventsOf(trace, "attack")).toEqual([]);
    expect(delivered(trace)).toEqual(["hello"]);
  });
});

describe("recorded", () => {
  test("who sent what: the attacker's packets have names of their own", () => {
    const attack: Attack = [
      { move: "inject", hex: "00", to: "server#0", when: "start" },
      { move: "inject", hex: "01", to: "server#0", when: { after: up(1) } },
      { move: "replay", packet: up(2), to: "server#0", when: { after: up(2) } },
    ];
    const own = run(chatty, { attack }).packets.filter((p) => p.from === "mallory");
    expect(own.map((p) => `${p.from}>${p.to} ${p.nth} ${p.byAttacker}`)).toEqual([
      "mallory>server#0 1 injected",
      "mallory>server#0 2 injected",
      "mallory>server#0 3 replayed",
    ]);
    expect(own.map((p) => p.copyOf !== undefined)).toEqual([false, false, true]);
  });

  test("many packets at once come from many clients, each with its own address", () => {
    const attack: Attack = [
      { move: "inject", hex: "78", to: "server#0", when: "start", times: 30 },
      { move: "inject", hex: "79", to: "server#0", from: "nobody:1", when: "start", times: 3 },
    ];
    const own = run(chatty, { attack }).packets.filter((p) => p.from === "mallory");
    expect(own.filter((p) => words(p.bytes) === "x").length).toBe(30);
    expect(new Set(own.map((p) => p.source)).size).toBe(31);
  });

  test("disclosed bytes and stores as they were at that moment", () => {
    const store = (when: Extract<Move, { move: "disclose" }>["when"]): Attack => [
      { move: "disclose", principal: "bob", what: "store:guests", when },
    ];
    const at = (when: Parameters<typeof store>[0]) =>
      run(chatty, { attack: store(when) }).disclosed.map(words);
    expect(at("start")).toEqual([]);
    expect(at({ after: up(1) })).toEqual(["alice:40000;"]);
    expect(at("end")).toEqual(["alice:40000;alice:40002;"]);
    const secrets: Attack = [
      { move: "disclose", principal: "alice", what: "long-term", when: "end" },
      { move: "disclose", principal: "eve", what: "long-term", when: "end" },
    ];
    const trace = run(chatty, { attack: secrets });
    expect(trace.disclosed.map(words)).toEqual(["alice's password"]);
    expect(eventsOf(trace, "attack").map((e) => e.move)).toEqual([0]);
  });

  test("what puppets write is not in the store of the principal they impersonate", () => {
    const attack: Attack = [
      inPlaceOfBob,
      { move: "hijack", name: "puppet-b", process: "server#0", after: down(1) },
      { move: "disclose", principal: "bob", what: "store:guests", when: "end" },
    ];
    const trace = run(chatty, { attack });
    expect(trace.packets.filter((p) => p.from === "puppet-a").map((p) => words(p.bytes))).toEqual(
      expect.arrayContaining(["welcome"]),
    );
    expect(trace.disclosed.map(words)).toEqual(["alice:40002;"]);
  });

  test("what a puppet draws before its first input is the attacker's too", () => {
    const early = tiny({
      client: (env) => {
        const { privateKey, publicKey } = env.crypto.keyPair("x25519");
        const question: Output = { kind: "transmit", bytes: publicKey };
        return (input) => {
          if (input.kind === "start") return [question];
          if (input.kind === "datagram") {
            env.crypto.sharedSecret("x25519", privateKey, input.bytes);
          }
          return [];
        };
      },
      server: (env) => {
        const { privateKey, publicKey } = env.crypto.keyPair("x25519");
        return (input) => {
          if (input.kind !== "datagram") return [];
          const value = env.crypto.sharedSecret("x25519", privateKey, input.bytes);
          if (value === undefined) return [];
          return [
            { kind: "claim", claim: { kind: "secret", peer: "alice", value } },
            { kind: "transmit", bytes: publicKey },
          ];
        };
      },
    });
    const known = (attack: Attack) => {
      const trace = run(early, { attack });
      return eventsOf(trace, "secret").map((e) => knowledgeFromWire(trace).knows(latin1(e.value)));
    };
    expect(known([])).toEqual([false]);
    // The key with Mallory, and the one with Alice, who is a client as well.
    expect(known([{ ...inPlaceOfAlice, name: "puppet-a" }])).toEqual([true, false]);
  });

  test("moves without an object take no effect and are not recorded", () => {
    const attack: Attack = [
      { move: "drop", packet: up(99) },
      { move: "modify", packet: up(2), edits: [{ edit: "flip", at: 999, mask: 1 }] },
      { move: "redirect", packet: up(2), to: "ghost#0" },
      { move: "replay", packet: up(9), to: "server#0", when: { after: up(2) } },
      { move: "inject", hex: "00", to: "ghost#0", when: "start" },
      { move: "reflect", packet: up(3), when: { after: up(2) } },
      { move: "disclose", principal: "bob", what: "store:none", when: "end" },
    ];
    const trace = run(chatty, { attack });
    expect(eventsOf(trace, "attack")).toEqual([]);
    expect(heard(trace)).toEqual(calm);
    expect(trace.handshakeUntouched).toBe(true);
  });
});

describe("packets are named by direction and number", () => {
  test("taking one move away leaves the other one what it was", () => {
    const second: Move = { move: "drop", packet: up(3) };
    const both = run(chatty, { attack: [{ move: "drop", packet: up(2) }, second] });
    const one = run(chatty, { attack: [second] });
    const lost = (trace: Trace) =>
      eventsOf(trace, "lost").map((e) => words(trace.packets[e.packet]?.bytes ?? utf8("")));
    expect(lost(both)).toEqual(["one", "two"]);
    expect(lost(one)).toEqual(["two"]);
  });

  test("injected packets do not shift the names of honest ones", () => {
    const attack: Attack = [
      { move: "inject", hex: "00", to: "server#0", from: "client#0", when: "start" },
      { move: "drop", packet: up(2) },
    ];
    expect(delivered(run(chatty, { attack }))).not.toContain("one");
    expect(delivered(run(chatty, { attack }))).toContain("two");
  });

  test("a move can wait for a packet of the attacker's", () => {
    const attack: Attack = [
      { move: "inject", hex: x("first"), to: "server#0", when: { atMs: 60 } },
      {
        move: "inject",
        hex: x("second"),
        to: "server#0",
        when: { after: { from: "mallory", to: "server#0", nth: 1 } },
      },
    ];
    expect(delivered(run(bare(), { attack }))).toEqual(["first", "second"]);
  });

  test("the plan sorts moves by what triggers them", () => {
    const at = (when: "start" | { atMs: number } | { after: ReturnType<typeof up> }): Move => ({
      move: "inject",
      hex: "",
      to: "server#0",
      when,
    });
    const end: Move = { move: "disclose", principal: "bob", what: "long-term", when: "end" };
    const plan = new AttackPlan([
      at("start"),
      at({ atMs: 5 }),
      at({ after: up(1) }),
      end,
      { move: "drop", packet: up(1) },
      { move: "reflect", packet: up(2) },
    ]);
    expect(plan.atStart.map((m) => m.index)).toEqual([0]);
    expect(plan.atTime.map((m) => [m.index, m.t])).toEqual([[1, 5]]);
    expect(plan.after(packetKey(up(1))).map((m) => m.index)).toEqual([2]);
    expect(plan.atEnd.map((m) => m.index)).toEqual([3]);
    expect(plan.on(packetKey(up(1))).map((m) => m.index)).toEqual([4]);
    expect(plan.after(packetKey(up(2))).map((m) => m.index)).toEqual([5]);
    expect(plan.on(packetKey(up(7)))).toEqual([]);
  });
});

test("a recipe that names what is not there has no effect, and it is said why", () => {
  const recipes: readonly (readonly [Recipe, string])[] = [
    [{ value: { by: "cleint#0", op: "random", nth: 1 } }, 'did you mean "client#0"?'],
    [{ join: [{ packet: up(99) }] }, "there is no packet 99"],
  ];
  for (const [recipe, says] of recipes) {
    const move: Move = { move: "deliver", to: "server#0", recipe, when: { step: 1 } };
    const [found] = ineffectiveMoves(run(chatty, { attack: [move] }));
    expect(found?.because).toContain(says);
    expect(found?.path).toEqual(["recipe"]);
  }
});

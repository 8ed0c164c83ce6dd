/** What a disturbance must not do: to processes, to memory, to deliveries, to logins. */
import { describe, expect, test } from "vitest";
import type { Attack, Move } from "../../attacker/move.ts";
import type { Output, Protocol } from "../../protocol/endpoint.ts";
import { utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { claim } from "../testing/scripted.ts";
import { deliver, judgeRun, type Part, run, tiny, transmit, words } from "../testing/tiny.ts";
import { guarantees } from "./catalog.ts";

const guarantee = (id: string) => {
  const found = guarantees.find((g) => g.id === id);
  if (found === undefined) throw new Error(`there is no guarantee ${id}`);
  return found;
};
const up = { from: "client#0", to: "server#0", nth: 1 };
const down = { from: "server#0", to: "client#0", nth: 1 };
const inject = (text: string, to = "server#0", atMs = 5): Attack => [
  { move: "inject", hex: Buffer.from(text).toString("hex"), to, when: { atMs } },
];
const change = (packet: typeof up, text: string): Attack => [
  {
    move: "modify",
    packet,
    edits: [{ edit: "replace", hex: Buffer.from(text).toString("hex") }],
  },
];

/** One letter does it: throws, gives up, ends well, gives no reason, never comes to rest, locks. */
function obeying(input: { readonly bytes: Uint8Array }): readonly Output[] | "tick" | "lock" {
  switch (words(input.bytes)) {
    case "T":
      throw new Error("boom");
    case "G":
      return [{ kind: "exit", ok: false, because: "asked to" }];
    case "N":
      return [{ kind: "exit", ok: false }];
    case "E":
      return [{ kind: "exit", ok: true }];
    case "R":
      return "tick";
    case "L":
      return "lock";
    default:
      return [];
  }
}

interface Fragile {
  /** What the client sends as it starts. */
  readonly greeting?: string;
  /** Messages that never arrive. */
  readonly deaf?: readonly string[];
  /** Do both sessions begin at once? */
  readonly together?: boolean;
}
function fragile({ greeting = "hello", deaf = [], together = false }: Fragile = {}): Protocol {
  const client: Part = () => (input) => {
    if (input.kind === "start") return [transmit(greeting), { kind: "ready" }];
    if (input.kind === "send") return [{ kind: "transmit", bytes: input.message }];
    const done = input.kind === "datagram" ? obeying(input) : [];
    return typeof done === "string" ? [] : done;
  };
  const server: Part = () => {
    let [isLocked, due] = [false, Number.POSITIVE_INFINITY];
    return {
      handle(input, now) {
        if (input.kind === "timeout") due = now;
        if (input.kind !== "datagram") return [];
        const done = obeying(input);
        if (done === "tick") due = now;
        if (done === "lock") isLocked = true;
        if (typeof done === "string" || done.length > 0)
          return done === "tick" || done === "lock" ? [] : done;
        const said = words(input.bytes);
        if (said === greeting) return [transmit("welcome")];
        return isLocked || deaf.includes(said) ? [] : [deliver(input.bytes, "alice")];
      },
      deadline: () => due,
    };
  };
  const sessions = [
    { start: 0, messages: say("client", "one") },
    { start: together ? 0 : 1_000, messages: say("client", "two") },
  ];
  return tiny({ client, server, sessions, protocol: { runLimitMs: 20_000 } });
}

type Row = readonly [what: string, of: Fragile, attack: Attack, found: RegExp | undefined];
const robust: readonly Row[] = [
  ["a service that ends well, and is started again", {}, inject("E"), undefined],
  ["a service that gives up", {}, change(up, "G"), /server#0 gave up: asked to/],
  ["a service that says no reason", {}, inject("N"), /server#0 gave up: no reason given/],
  [
    "a session that gives up on a packet from outside",
    {},
    inject("G", "client#0"),
    /client#0 gave/,
  ],
  ["a session that gives up on its own packet, changed", {}, change(down, "G"), undefined],
  ["a session that ends well", {}, inject("E", "client#0", 500), undefined],
  ["a session that crashes", {}, change(down, "T"), /client#0 crashed: boom/],
  ["no rest", {}, inject("R"), /would not come to rest/],
  ["a crash as ever", { greeting: "T" }, inject("?"), undefined],
  ["giving up as ever", { greeting: "G" }, inject("?"), undefined],
  ["no rest as ever", { greeting: "R" }, inject("?"), undefined],
  [
    "a crash, where there was another one",
    { greeting: "G" },
    inject("T", "client#0"),
    /client#0 cr/,
  ],
  ["a lock that stops a later session", {}, inject("L"), /“two” of client#1/],
  ["a lock after the first session", {}, inject("L", "server#0", 500), /“two” of client#1/],
  ["a lock that stops sessions that were there", { together: true }, inject("L"), undefined],
  ["words that never arrive anyway", { deaf: ["two"] }, inject("?"), undefined],
];

describe("robustness", () => {
  test.each(robust.map(([what, of, attack, found]) => ({ what, of, attack, found })))(
    "$what",
    ({ of, attack, found }) => {
      const { violation } = judgeRun(guarantee("robustness"), fragile(of), attack);
      if (found === undefined) expect(violation).toBeUndefined();
      else expect(violation?.because).toMatch(found);
    },
  );

  const registered: Attack = [{ move: "participate", as: "mallory" }];
  test.each(robust.map(([what, of, attack, found]) => ({ what, of, attack, found })))(
    "$what, where the attacker is registered",
    ({ of, attack, found }) => {
      const { violation } = judgeRun(guarantee("robustness"), fragile(of), [
        ...registered,
        ...attack,
      ]);
      if (found === undefined) expect(violation).toBeUndefined();
      else expect(violation?.because).toMatch(found);
    },
  );

  test("registration is no packet, and what is lost is none either", () => {
    const far: Attack = [{ ...inject("T")[0], when: { after: { ...up, nth: 9 } } } as Move];
    for (const id of ["robustness", "bounded-state"]) {
      expect(judgeRun(guarantee(id), fragile(), [...registered, ...far]).atStake).toBe(0);
    }
    const lost: Attack = [{ move: "drop", packet: { ...up, nth: 9 } }];
    expect(judgeRun(guarantee("robustness"), fragile(), [...registered, ...lost]).atStake).toBe(0);
  });

  /** Asks as often for an answer that is lost, and ticks on for ever. */
  const stubborn = (times: number, what: "asks" | "submits" | "grows" | "delivers", calm = false) =>
    tiny({
      client: () => {
        let [asked, due] = [0, Number.POSITIVE_INFINITY];
        return {
          handle(input, now) {
            if (input.kind === "datagram" && !calm) due = Number.POSITIVE_INFINITY;
            if (input.kind !== "start" && input.kind !== "timeout") return [];
            due = now + 100;
            if (asked++ >= times) return [];
            const text = what === "grows" ? "there".repeat(asked) : "there";
            const said: Output = { kind: "submit", message: utf8("x"), purpose: "message" };
            const got = deliver(utf8(`news no. ${asked}`), "bob");
            const more = { asks: [], grows: [], submits: [said], delivers: [got] }[what];
            return [...more, transmit(text)];
          },
          deadline: () => due,
        };
      },
      server: () => {
        let answered = false;
        return (input) => {
          if (input.kind !== "datagram" || answered) return [];
          answered = true;
          return [transmit("here")];
        };
      },
      protocol: { runLimitMs: 10_000 },
    });
  const lost: Attack = [{ move: "drop", packet: down }];
  test.each([
    ["nineteen times", stubborn(19, "asks"), false],
    ["twenty times", stubborn(20, "asks"), true],
    ["with something new each time", stubborn(99, "submits"), false],
    ["with something new delivered each time", stubborn(99, "delivers"), false],
    ["in other words each time", stubborn(99, "grows"), false],
    ["as often as ever", stubborn(99, "asks", true), false],
  ])("who asks for ever, %s", (_, protocol, isStuck) => {
    const { violation } = judgeRun(guarantee("robustness"), protocol, lost);
    expect(violation?.because.includes("over and over") ?? false).toBe(isStuck);
  });
});

describe("bounded-state", () => {
  /** Answers with so many bytes, and keeps one entry for each so many strangers. */
  const keeping = (each: number, about: { stateSize?: boolean; answers?: number } = {}): Protocol =>
    tiny({
      client: () => () => [],
      server: () => {
        let strangers = 0;
        return {
          handle: (input) => {
            if (input.kind !== "datagram") return [];
            strangers++;
            return about.answers === undefined ? [] : [transmit("x".repeat(about.answers))];
          },
          ...(about.stateSize === false ? {} : { stateSize: () => Math.floor(strangers / each) }),
        };
      },
    });
  const flood = (times: number): Attack => [
    { move: "inject", hex: "41", to: "server#0", when: "start", times },
  ];
  const judged = (protocol: Protocol, attack: Attack) =>
    judgeRun(guarantee("bounded-state"), protocol, attack);

  test.each([
    ["an entry for each of forty-nine", 1, 49, undefined],
    ["an entry for each of fifty", 1, 50, /keeps 50 entries for 50 strangers/],
    ["one for every other one", 2, 60, /keeps 30 entries for 60 strangers/],
    ["one for every third one", 3, 60, undefined],
  ])("%s", (_, each, times, found) => {
    const { violation } = judged(keeping(each), flood(times));
    if (found === undefined) expect(violation).toBeUndefined();
    else expect(violation?.because).toMatch(found);
  });

  test("what a service keeps has to be said where there is a flood", () => {
    const silent = keeping(1, { stateSize: false });
    expect(judged(silent, flood(60)).doubt).toMatch(/^server#0 does not say what it keeps/);
    expect(judged(silent, [...inject("A"), ...flood(2)]).doubt).toMatch(/^server#0/);
    expect(judged(silent, flood(1)).doubt).toBeUndefined();
    expect(judged(silent, inject("A")).doubt).toBeUndefined();
    expect(judged(keeping(9), flood(60)).doubt).toBeUndefined();
  });

  test("answers to a bystander count, and to nobody else", () => {
    const asking = (from: string | undefined): Attack => [
      {
        move: "inject",
        hex: "41",
        to: "server#0",
        when: "start",
        ...(from === undefined ? {} : { from }),
      },
    ];
    const generous = keeping(9, { answers: 4 });
    expect(judged(generous, asking("victim:9999")).violation?.because).toMatch(/sends 4 bytes/);
    expect(judged(generous, asking(undefined)).violation).toBeUndefined();
    expect(judged(keeping(9, { answers: 3 }), asking("victim:9999")).violation).toBeUndefined();
  });
});

describe("delivery", () => {
  const dropped: Attack = [{ move: "drop", packet: { ...up, nth: 2 } }];
  const judged = (of: Fragile, attack: Attack, limit?: number) => {
    const limits = limit === undefined ? {} : { limits: { messageBytes: limit } };
    const protocol = { ...fragile(of), ...limits };
    return judgeRun(guarantee("delivery"), protocol, attack);
  };
  test("what else went wrong is told with it", () => {
    expect(judged({}, dropped).violation?.because).toMatch(
      /“one” of client#0 was never delivered$/,
    );
    const crashed = judged({ greeting: "T" }, []).violation?.because;
    expect(crashed).toMatch(/was never delivered; server#0 crashed \(boom\)$/);
    const restless = judged({ greeting: "R", deaf: ["one"] }, []).violation?.because;
    expect(restless).toMatch(/was never delivered; /);
    expect(restless).not.toMatch(/crashed/);
  });

  test.each([
    ["the attacker", { server: "mallory" }, undefined, 1],
    ["another one", { server: "carol" }, undefined, 3],
    ["nobody, from the attacker", { client: "mallory" }, undefined, 1],
    ["the attacker, by name", undefined, "mallory", 1],
    ["another one, by name", undefined, "carol", 3],
  ] as const)("what is meant for %s", (_, principals, to, owed) => {
    const calm = fragile();
    const [, second] = calm.workload?.({})?.sessions ?? [];
    const messages = [...say("client", "one"), ...say("server", "news")].map((m) => ({
      ...m,
      ...(to === undefined ? {} : { to }),
    }));
    const session = { start: 0, messages, ...(principals === undefined ? {} : { principals }) };
    const sessions = [session, second ?? session];
    const protocol = { ...calm, workload: () => ({ sessions }) };
    const { atStake, violation } = judgeRun(guarantee("delivery"), protocol);
    expect([atStake, violation === undefined]).toEqual([owed, owed === 1]);
  });

  test("a message as long as the limit is owed", () => {
    expect(judged({}, dropped, 3).violation?.because).toMatch(/never delivered/);
    expect(judged({}, dropped, 2)).toEqual({ atStake: 0 });
  });
});

describe("a login that is replayed", () => {
  /** Believes that Alice is there, once for each thing that it has not heard before. */
  const believing = (remembers: boolean, says: "running" | "nothing" = "running") =>
    tiny({
      client:
        ({ address }) =>
        (input) => {
          if (input.kind !== "start") return [];
          const hello = transmit(`I am alice at ${address}`);
          return says === "nothing" ? [hello] : [claim("running", "bob"), hello];
        },
      server: () => {
        const heard = new Set<string>();
        return (input) => {
          if (input.kind !== "datagram") return [];
          const said = words(input.bytes);
          if (remembers && heard.has(said)) return [];
          heard.add(said);
          return said.startsWith("I am alice") ? [claim("commit", "alice")] : [];
        };
      },
      sessions: [
        { start: 0, messages: [] },
        { start: 1_000, messages: [] },
      ],
    });
  const again = (atMs: number): Attack => [
    { move: "replay", packet: up, to: "server#0", when: { atMs } },
  ];
  const judged = (protocol: Protocol, attack: Attack) => {
    const trace = run(protocol, { attack });
    return guarantee("replay-across-sessions").judge(trace, {
      protocol,
      honest: run(protocol),
      confirms: false,
    });
  };

  test("is one too many, where it is believed", () => {
    expect(judged(believing(false), []).violation).toBeUndefined();
    expect(judged(believing(false), again(2_000)).violation?.because).toMatch(
      /server#0 believes alice is there, in a session made of recorded packets alone/,
    );
    expect(judged(believing(true), again(2_000)).violation).toBeUndefined();
  });

  test("is not what those after it are made of", () => {
    expect(judged(believing(true), again(500)).violation).toBeUndefined();
    expect(judged(believing(false), inject("I am alice at home")).violation).toBeUndefined();
  });

  test.each(["running", "nothing"] as const)("by a client that says %s", (says) => {
    expect(judged(believing(false, says), again(2_000)).violation?.because).toMatch(/recorded/);
    // One that is refused makes the honest one after it no replay.
    expect(judged(believing(true, says), again(500)).violation).toBeUndefined();
    expect(judged(believing(true, says), again(2_000)).violation).toBeUndefined();
  });

  /** Takes what it is told for a login of Alice's, whose client hands over nothing. */
  const admitting = (remembers: boolean) =>
    tiny({
      client: () => (input) => (input.kind === "start" ? [transmit("open sesame")] : []),
      server: () => {
        const heard = new Set<string>();
        return (input) => {
          if (input.kind !== "datagram" || (remembers && heard.has(words(input.bytes)))) return [];
          heard.add(words(input.bytes));
          return [{ ...deliver(input.bytes, "alice"), purpose: "login" }] as readonly Output[];
        };
      },
    });

  test("is one too many, where no user hands anything over", () => {
    const elsewhere: Attack = [
      { move: "replay", packet: up, to: "server#0", from: "mallory:1", when: { atMs: 500 } },
    ];
    expect(judged(admitting(false), []).violation).toBeUndefined();
    expect(judged(admitting(false), elsewhere).violation?.because).toMatch(
      /server#0 accepted “open sesame” of alice again, in another session/,
    );
    expect(judged(admitting(true), elsewhere).violation).toBeUndefined();
    // The network's own repetitions within a session are the business of replay.
    const twice: Attack = [{ move: "duplicate", packet: up }];
    expect(judged(admitting(false), twice).violation).toBeUndefined();
  });

  test("as many as are at stake", () => {
    expect(judged(believing(false), []).atStake).toBe(2);
    expect(judged(believing(false), again(2_000)).atStake).toBe(3);
  });
});

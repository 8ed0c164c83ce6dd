/** Every judge on the smallest situations that it must tell apart. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { Output, Protocol } from "../../protocol/endpoint.ts";
import { utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { say } from "../../protocol/kit/workload.ts";
import { bundledSubject } from "../input/bundled-protocols.ts";
import { parseProtocolName } from "../input/protocol-reference.ts";
import { simulate } from "../run/simulate.ts";
import { Baselines, judge } from "../search/judge-run.ts";
import { planOf } from "../subject.ts";
import {
  accept,
  addresses,
  claim,
  key,
  type Scripts,
  scripted,
  submit,
} from "../testing/scripted.ts";
import { bare, deliver, judgeRun, subjectFor, tiny, transmit, words } from "../testing/tiny.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { baseWorkload } from "../workload.ts";
import { guarantees } from "./catalog.ts";

const guarantee = (id: string) => {
  const found = guarantees.find((g) => g.id === id);
  if (found === undefined) throw new Error(`there is no guarantee ${id}`);
  return found;
};
const { client1 } = addresses;
const iv = new Uint8Array(12);
const key32 = utf8("a key that both ends have, 32 b.");
const end: Attack = [{ move: "disclose", principal: "alice", what: "long-term", when: "end" }];
const send = (bytes: Uint8Array): Output => ({ kind: "transmit", bytes });
const log = (line: string): Output => ({ kind: "log", line });
const seal = (crypto: CryptoKit, text: string, nonce: Uint8Array = iv): Output =>
  send(crypto.seal("chacha20-poly1305", key32, nonce, utf8(text)));
/** Under a key that nobody else has; {@link seal} takes one that is in the source for all to read. */
const hide = (crypto: CryptoKit, text: string): Output =>
  send(crypto.seal("chacha20-poly1305", crypto.random(32), iv, utf8(text)));
const account = { principal: "alice", user: utf8("alice"), password: utf8("opal sunrise") };
const finished = (value: string) => [
  key(value, "alice", addresses.client),
  claim("commit", "alice", undefined, addresses.client),
];

interface Situation extends Scripts {
  readonly attack?: Attack;
}
type Row = readonly [what: string, situation: Situation, violated: RegExp | "fine"];

const table: Record<string, readonly Row[]> = {
  integrity: [
    ["whole", { client: [[1, [submit("hello")]]], server: [[2, [accept("hello")]]] }, "fine"],
    ["never sent", { server: [[2, [accept("hello")]]] }, /which nobody sent/],
    [
      "delivered before it is sent",
      { client: [[3, [submit("hello")]]], server: [[2, [accept("hello")]]] },
      /which nobody sent/,
    ],
    [
      "cut",
      { client: [[1, [submit("hello")]]], server: [[2, [accept("hell")]]] },
      /the first 4 bytes of the 5/,
    ],
    [
      "a piece",
      { client: [[1, [submit("hello")]]], server: [[2, [accept("ell")]]] },
      /a piece of what was sent/,
    ],
    [
      "two run together",
      { client: [[1, [submit("a"), submit("b")]]], server: [[2, [accept("ab")]]] },
      /nobody sent/,
    ],
    ["an empty one nobody sent", { server: [[2, [accept("")]]] }, /nobody sent/],
  ],
  origin: [
    ["from whom it says", { client: [[1, [submit("x")]]], server: [[2, [accept("x")]]] }, "fine"],
    [
      "from somebody else",
      { client: [[1, [submit("x")]]], server: [[2, [accept("x", addresses.client, "carol")]]] },
      /as coming from carol, but it was alice/,
    ],
    [
      "one's own words come back",
      {
        server: [
          [1, [submit("x")]],
          [2, [accept("x")]],
        ],
      },
      /as coming from alice, but it was bob \(server#0\) who sent it/,
    ],
  ],
  replay: [
    [
      "once each",
      { client: [[1, [submit("x"), submit("x")]]], server: [[2, [accept("x"), accept("x")]]] },
      "fine",
    ],
    [
      "twice for one",
      { client: [[1, [submit("x")]]], server: [[2, [accept("x"), accept("x")]]] },
      /2 times in one session, though it was sent once/,
    ],
    [
      "in two sessions, each its own",
      {
        client: [[1, [submit("x")]]],
        client1: [[1, [submit("x")]]],
        server: [[2, [accept("x"), accept("x", client1)]]],
      },
      "fine",
    ],
  ],
  "replay-across-sessions": [
    [
      "each session its own",
      {
        client: [[1, [key("k0", "bob"), submit("x")]]],
        client1: [[1, [key("k1", "bob"), submit("y")]]],
        server: [
          [2, [key("k0", "alice", addresses.client), key("k1", "alice", client1)]],
          [3, [accept("x"), accept("y", client1)]],
        ],
      },
      "fine",
    ],
    [
      "what the first session sent is accepted in the second",
      {
        client: [[1, [key("k0", "bob"), submit("x")]]],
        client1: [[1, [key("k1", "bob"), submit("y")]]],
        server: [
          [2, [key("k0", "alice", addresses.client), key("k1", "alice", client1)]],
          [3, [accept("x"), accept("x", client1)]],
        ],
      },
      /in a session in which nobody sent it; it comes from a session of client#0/,
    ],
    [
      "one session comes to life twice",
      {
        client: [[1, [key("k0", "bob"), submit("x")]]],
        server: [
          [2, [key("k0", "alice", "first"), accept("x", "first")]],
          [9, [key("k0", "alice", "again"), accept("x", "again")]],
        ],
      },
      /in another session with the same key/,
    ],
  ],
  ordering: [
    [
      "with a gap",
      {
        client: [[1, [submit("a"), submit("b"), submit("c")]]],
        server: [[2, [accept("a"), accept("c")]]],
      },
      "fine",
    ],
    [
      "swapped",
      { client: [[1, [submit("a"), submit("b")]]], server: [[2, [accept("b"), accept("a")]]] },
      /“a” after “b”, though it was sent before/,
    ],
    [
      "a repetition is a replay and no disorder",
      { client: [[1, [submit("a"), submit("b")]]], server: [[2, [accept("a"), accept("a")]]] },
      "fine",
    ],
    [
      "the same words sent again later",
      {
        client: [[1, [submit("a"), submit("b"), submit("a")]]],
        server: [[2, [accept("a"), accept("b"), accept("a")]]],
      },
      "fine",
    ],
  ],
  confidentiality: [
    [
      "sealed",
      { client: [[1, ({ crypto }) => [submit("a secret plan"), hide(crypto, "a secret plan")]]] },
      "fine",
    ],
    [
      "in the clear",
      { client: [[1, [submit("a secret plan"), transmit("I say: a secret plan")]]] },
      /the attacker can read “a secret plan”, which client#0 sent/,
    ],
    ["too short to tell", { client: [[1, [submit("ok"), transmit("ok")]]] }, "fine"],
  ],
  "key-secrecy": [
    [
      "a constant is nobody's secret",
      { client: [[1, [key("sixteen byte key", "bob")]]] },
      /compute the session key/,
    ],
    [
      "shown",
      {
        client: [
          [
            1,
            ({ crypto }) => {
              const value = crypto.random(16);
              return [
                send(value),
                { kind: "claim", claim: { kind: "secret", peer: "bob", value } },
              ];
            },
          ],
        ],
      },
      /compute the session key of client#0 with bob/,
    ],
    [
      "drawn and kept",
      {
        client: [
          [
            1,
            ({ crypto }) => {
              const value = crypto.random(16);
              const tag = crypto.hmac("sha256", value, utf8("confirm"));
              return [send(tag), { kind: "claim", claim: { kind: "secret", peer: "bob", value } }];
            },
          ],
        ],
      },
      "fine",
    ],
  ],
  "forward-secrecy": [
    [
      "under a key that is drawn",
      {
        attack: end,
        client: [
          [
            1,
            ({ crypto }) => {
              const sealed = crypto.seal("aes-gcm", crypto.random(32), iv, utf8("a secret plan"));
              return [submit("a secret plan"), send(sealed)];
            },
          ],
        ],
        deployment: { longTermSecrets: () => [utf8("some long-term secret")] },
      },
      "fine",
    ],
  ],
  "identity-hiding": [
    [
      "hidden",
      {
        client: [[1, ({ crypto }) => [hide(crypto, "alice of town")]]],
        deployment: { identities: [utf8("alice of town")] },
      },
      "fine",
    ],
    [
      "shown",
      {
        client: [[1, [transmit("hello, alice of town")]]],
        deployment: { identities: [utf8("alice of town")] },
      },
      /learns the identity “alice of town”/,
    ],
  ],
  "nonce-uniqueness": [
    [
      "the same bytes twice",
      { client: [[1, ({ crypto }) => [seal(crypto, "one"), seal(crypto, "one")]]] },
      "fine",
    ],
    [
      "another nonce",
      {
        client: [
          [
            1,
            ({ crypto }) => [seal(crypto, "one"), seal(crypto, "two", new Uint8Array(12).fill(1))],
          ],
        ],
      },
      "fine",
    ],
    [
      "another text",
      { client: [[1, ({ crypto }) => [seal(crypto, "one"), seal(crypto, "two")]]] },
      /second plaintext under a key and nonce already used/,
    ],
    [
      "at the other end",
      {
        client: [[1, ({ crypto }) => [seal(crypto, "one")]]],
        server: [[2, ({ crypto }) => [{ ...seal(crypto, "two"), to: "alice:40000" } as Output]]],
      },
      /^server#0 encrypts a second plaintext/,
    ],
  ],
  "message-budget": [
    [
      "within",
      { client: [[1, [transmit("1234")]]], protocol: { limits: { datagramBytes: 4 } } },
      "fine",
    ],
    [
      "beyond",
      { client: [[1, [transmit("12345")]]], protocol: { limits: { datagramBytes: 4 } } },
      /has 5 bytes; the limit is 4/,
    ],
  ],
  "honest-acknowledgement": [
    [
      "after the delivery",
      {
        client: [
          [1, [submit("x")]],
          [3, [{ kind: "confirm", message: utf8("x") }]],
        ],
        server: [[2, [accept("x")]]],
      },
      "fine",
    ],
    [
      "before the delivery",
      {
        client: [[1, [submit("x"), { kind: "confirm", message: utf8("x") }]]],
        server: [[2, [accept("x")]]],
      },
      /was told that “x” was delivered, but it was not/,
    ],
    [
      "twice for one",
      {
        client: [
          [1, [submit("x")]],
          [3, [1, 2].map(() => ({ kind: "confirm", message: utf8("x") }) as const)],
        ],
        server: [[2, [accept("x")]]],
      },
      /but it was not/,
    ],
  ],
  "key-agreement": [
    [
      "the same key, both names right",
      {
        client: [[1, [key("k", "bob"), claim("commit", "bob")]]],
        server: [[1, finished("k")]],
      },
      "fine",
    ],
    [
      "different keys",
      {
        client: [[1, [key("k", "bob"), claim("commit", "bob")]]],
        server: [[1, finished("q")]],
      },
      /finished with each other, with different keys/,
    ],
    [
      "the same key, a wrong name",
      {
        client: [[1, [key("k", "carol"), claim("commit", "carol")]]],
        server: [[1, finished("k")]],
      },
      /believes to share it with carol, not with bob/,
    ],
    [
      "only one has finished",
      {
        client: [[1, [key("k", "bob"), claim("commit", "bob")]]],
        server: [[1, [key("q", "alice", addresses.client)]]],
      },
      "fine",
    ],
  ],
  "server-authentication": [
    [
      "injective agreement",
      {
        client: [[3, [claim("commit", "bob", "k")]]],
        server: [[1, [transmit("x", addresses.client), claim("running", "alice", "k")]]],
      },
      "fine",
    ],
    ["nobody there", { client: [[3, [claim("commit", "bob", "k")]]] }, /not even aliveness/],
    [
      "alive, but not with alice",
      {
        client: [[3, [claim("commit", "bob", "k")]]],
        server: [[1, [transmit("x", addresses.client), claim("running", "carol", "k")]]],
      },
      /aliveness only/,
    ],
    [
      "with alice, about something else",
      {
        client: [[3, [claim("commit", "bob", "k")]]],
        server: [[1, [transmit("x", addresses.client), claim("running", "alice", "q")]]],
      },
      /weak agreement only/,
    ],
    [
      "twice for one run",
      {
        client: [[3, [claim("commit", "bob", "k")]]],
        client1: [[3, [claim("commit", "bob", "k")]]],
        server: [[1, [transmit("x", addresses.client), claim("running", "alice", "k")]]],
      },
      /no injective agreement/,
    ],
    [
      "running only afterwards",
      {
        client: [[3, [claim("commit", "bob", "k")]]],
        server: [
          [1, [transmit("x", addresses.client)]],
          [5, [claim("running", "alice", "k")]],
        ],
      },
      /aliveness only/,
    ],
  ],
  "client-authentication": [
    [
      "injective agreement",
      {
        client: [[1, [transmit("x"), claim("running", "bob", "k")]]],
        server: [[3, [claim("commit", "alice", "k")]]],
      },
      "fine",
    ],
    ["nobody there", { server: [[3, [claim("commit", "alice", "k")]]] }, /not even aliveness/],
  ],
  "safe-parsing": [
    ["a line", { server: [[1, [log("hello (was: \\n)")]]] }, "fine"],
    ["a line and its end", { server: [[1, [log("hello\n")]]] }, "fine"],
    ["two lines", { server: [[1, [log("hello\nadmin logged in")]]] }, /“admin logged in”/],
    [
      "a terminal is steered",
      { server: [[1, [log("hello\u001b[2K ok")]]] },
      /came from the network/,
    ],
    [
      "code runs",
      { server: [[1, [{ kind: "ran-code", code: "rm" }]]] },
      /ran code that came in: rm/,
    ],
  ],
  "password-protection": [
    [
      "never on the wire",
      {
        client: [[1, ({ crypto }) => [hide(crypto, "opal sunrise")]]],
        deployment: { credentials: [account] },
      },
      "fine",
    ],
    [
      "in the clear",
      {
        client: [[1, [transmit("login opal sunrise")]]],
        deployment: { credentials: [account] },
      },
      /the attacker can read alice's password/,
    ],
    [
      "as a hash",
      {
        client: [[1, ({ crypto }) => [send(crypto.hash("sha256", utf8("opal sunrise")))]]],
        deployment: { credentials: [account] },
      },
      /can be tested offline/,
    ],
  ],
};

describe.each(Object.entries(table))("%s", (id, rows) => {
  test.each(rows)("%s", (_, situation, violated) => {
    const protocol = scripted(situation);
    const judgement = judgeRun(guarantee(id), protocol, situation.attack ?? []);
    if (violated === "fine") expect(judgement.violation).toBeUndefined();
    else expect(judgement.violation?.because).toMatch(violated);
  });
});

test("a key that a signature needs is more than a receiver has", () => {
  const evidence = (bytes: Uint8Array): Output => ({
    kind: "claim",
    claim: { kind: "evidence", peer: "alice", message: utf8("I owe you"), bytes },
  });
  const shown = (made: (crypto: CryptoKit) => Uint8Array): Protocol => {
    let bytes: Uint8Array = iv;
    return scripted({
      client: [
        [
          1,
          ({ crypto }) => {
            bytes = made(crypto);
            return [submit("I owe you"), send(bytes)];
          },
        ],
      ],
      server: [[2, () => [evidence(bytes)]]],
    });
  };
  const judged = (made: (crypto: CryptoKit) => Uint8Array) =>
    judgeRun(guarantee("non-repudiation"), shown(made)).violation?.because;
  const signed = judged((crypto) =>
    crypto.sign(crypto.signingKeyPair().privateKey, utf8("I owe you")),
  );
  expect(signed).toBeUndefined();
  const said = judged(() => utf8("a word that anybody could say"));
  expect(said).toMatch(/could have made the evidence for “I owe you” of alice itself/);
});

test("a choice that an undisturbed run would not make is a downgrade", () => {
  const protocol = tiny({
    client: () => (input) =>
      input.kind === "start"
        ? [transmit("strong,weak")]
        : input.kind === "datagram"
          ? [{ kind: "negotiated", suite: words(input.bytes), best: "strong" }]
          : [],
    server: () => (input) =>
      input.kind === "datagram" ? [transmit(words(input.bytes).split(",")[0] ?? "")] : [],
  });
  const packet = { from: "client#0", to: "server#0", nth: 1 };
  const shorter: Attack = [
    { move: "modify", packet, edits: [{ edit: "remove", at: 0, length: 7 }] },
  ];
  expect(judgeRun(guarantee("downgrade"), protocol).violation).toBeUndefined();
  expect(judgeRun(guarantee("downgrade"), protocol, shorter).violation?.because).toMatch(
    /client#0 finishes with weak instead of strong/,
  );
});

describe("delivery", () => {
  const packet = { from: "client#0", to: "server#0", nth: 1 };
  const drop: Attack = [{ move: "drop", packet }];
  const judged = (protocol: Protocol, attack: Attack = []) =>
    judgeRun(guarantee("delivery"), protocol, attack).violation?.because;

  test("all arrived; one did not; one said twice arrived once", () => {
    expect(judged(bare("one", "two"))).toBeUndefined();
    expect(judged(bare("one", "two"), drop)).toMatch(/“one” of client#0 was never delivered/);
    expect(judged(bare("same", "same"), drop)).toMatch(/“same” of client#0 was never delivered/);
  });

  test("what is beyond the stated limit is not owed", () => {
    expect(judged({ ...bare("too long"), limits: { messageBytes: 3 } }, drop)).toBeUndefined();
  });

  test("where messages are confirmed, a confirmation is owed", () => {
    const confirming = tiny({
      client: () => (input) => {
        if (input.kind === "start") return [{ kind: "ready" }];
        if (input.kind === "send") return [{ kind: "transmit", bytes: input.message }];
        return input.kind === "datagram" ? [{ kind: "confirm", message: input.bytes }] : [];
      },
      server: () => (input) =>
        input.kind === "datagram"
          ? [deliver(input.bytes, "alice"), { kind: "transmit", bytes: input.bytes }]
          : [],
      sessions: [{ start: 0, messages: say("client", "one") }],
    });
    const back = { from: "server#0", to: "client#0", nth: 1 };
    expect(judged(confirming)).toBeUndefined();
    expect(judged(confirming, [{ move: "drop", packet: back }])).toMatch(/never confirmed/);
  });
});

describe("robustness", () => {
  const fragile = (exits: boolean): Protocol =>
    tiny({
      client: () => (input) =>
        input.kind === "start"
          ? [{ kind: "ready" }]
          : input.kind === "send"
            ? [{ kind: "transmit", bytes: input.message }]
            : [],
      server: () => {
        let locked = false;
        return (input) => {
          if (input.kind !== "datagram") return [];
          if (words(input.bytes) === "A") throw new Error("boom");
          if (words(input.bytes) === "B") locked = true;
          if (words(input.bytes) === "C" && exits) {
            return [{ kind: "exit", ok: false, because: "asked to" }];
          }
          return locked ? [] : [deliver(input.bytes, "alice")];
        };
      },
      sessions: [
        { start: 0, messages: say("client", "one") },
        { start: "after-previous", messages: say("client", "two") },
      ],
    });
  const stray = (hex: string): Attack => [{ move: "inject", hex, to: "server#0", when: "start" }];
  const judged = (attack: Attack, exits = true) =>
    judgeRun(guarantee("robustness"), fragile(exits), attack);

  test.each([
    ["a crash", "41", /server#0 crashed: boom/],
    ["a lock-out", "42", /a fresh session afterwards does not work: “two” of client#1/],
    ["an exit", "43", /server#0 gave up: asked to/],
  ])("%s", (_, hex, words) => {
    expect(judged(stray(hex)).violation?.because).toMatch(words);
  });

  test("a stray packet that is taken for nothing, and none at all", () => {
    expect(judged(stray("44")).violation).toBeUndefined();
    expect(judged(stray("44")).atStake).toBeGreaterThan(0);
    expect(judged([]).atStake).toBe(0);
  });

  test.each([
    [30, undefined],
    [Number.POSITIVE_INFINITY, /client#0 sends 5 bytes to server#0 over and over/],
  ])("who asks %d times for an answer that is lost", (times, because) => {
    const stubborn = tiny({
      client: () => {
        let [asked, due] = [0, Number.POSITIVE_INFINITY];
        return {
          handle(input, now) {
            if (input.kind === "datagram") due = Number.POSITIVE_INFINITY;
            if (input.kind !== "start" && input.kind !== "timeout") return [];
            asked++;
            due = asked < times ? now + 100 : Number.POSITIVE_INFINITY;
            return [transmit("there")];
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
    const lost: Attack = [{ move: "drop", packet: { from: "server#0", to: "client#0", nth: 1 } }];
    const { violation } = judgeRun(guarantee("robustness"), stubborn, lost);
    if (because === undefined) expect(violation).toBeUndefined();
    else expect(violation?.because).toMatch(because);
  });

  test("only one packet counts: two are another matter", () => {
    expect(judged([...stray("41"), ...stray("41")]).atStake).toBe(0);
  });
});

describe("bounded-state", () => {
  const answering = (times: number, keeps: boolean): Protocol =>
    tiny({
      client: () => () => [],
      server: () => {
        const strangers = new Set<string>();
        return {
          handle(input) {
            if (input.kind !== "datagram") return [];
            if (keeps) strangers.add(input.from);
            return [transmit(words(input.bytes).repeat(times))];
          },
          stateSize: () => strangers.size,
        };
      },
    });
  const bystander: Attack = [
    { move: "inject", hex: "41".repeat(10), to: "server#0", from: "victim:9999", when: "start" },
  ];
  const flood: Attack = [{ move: "inject", hex: "41", to: "server#0", when: "start", times: 200 }];
  const judged = (protocol: Protocol, attack: Attack) =>
    judgeRun(guarantee("bounded-state"), protocol, attack).violation?.because;

  test("three times the request is the limit", () => {
    expect(judged(answering(3, false), bystander)).toBeUndefined();
    expect(judged(answering(4, false), bystander)).toMatch(/sends 40 bytes .* because of 10 bytes/);
  });

  test("an entry for every stranger is too many", () => {
    expect(judged(answering(1, false), flood)).toBeUndefined();
    expect(judged(answering(1, true), flood)).toMatch(/keeps 200 entries for 200 strangers/);
  });
});

test.each(["client#0", "client#1"])("a stray packet of %s beside honest logins", (user) => {
  const subject = bundledSubject(parseProtocolName("hashed-login"));
  const packet = { from: "server#0", to: user, nth: 1 };
  const attack: Attack = [{ move: "reflect", packet }];
  const trace = simulate(planOf(subject, { attack, seed: "test" }));
  expect(eventsOf(trace, "commit").length).toBeGreaterThan(1);
  const id = guarantee("replay-across-sessions");
  expect(judge(id, trace, new Baselines(subject, "test")).violation).toBeUndefined();
});

test("length-hiding compares two runs", () => {
  const id = guarantee("length-hiding");
  const judgedOn = (protocol: Protocol, workload: string) => {
    const subject = subjectFor(protocol);
    const trace = simulate(planOf(subject, { workload, seed: "test" }));
    return judge(id, trace, new Baselines(subject, "test"));
  };
  const plain = bare("a message");
  expect(judgedOn(plain, "lengths-long").violation?.because).toMatch(/of another length/);
  expect(judgedOn(plain, "lengths-short").violation).toBeUndefined();
  expect(judgedOn(plain, baseWorkload).atStake).toBe(0);
  const padded = tiny({
    client: () => (input) => {
      if (input.kind === "start") return [{ kind: "ready" }];
      return input.kind === "send" ? [{ kind: "transmit", bytes: new Uint8Array(300) }] : [];
    },
    server: () => () => [],
    sessions: [{ start: 0, messages: say("client", "a message") }],
  });
  expect(judgedOn(padded, "lengths-long").violation).toBeUndefined();
  const split = tiny({
    client: () => (input) => {
      if (input.kind === "start") return [{ kind: "ready" }];
      const pieces = input.kind === "send" ? Math.ceil(input.message.length / 50) : 0;
      return Array.from({ length: pieces }, () => send(new Uint8Array(50)));
    },
    server: () => () => [],
    sessions: [{ start: 0, messages: say("client", "a message") }],
  });
  expect(judgedOn(split, "lengths-long").violation?.because).toMatch(/take \d+ packets instead of/);
});

test("every judged guarantee is judged here", () => {
  const elsewhere = ["delivery", "robustness", "bounded-state", "length-hiding", "downgrade"];
  const all = [...Object.keys(table), ...elsewhere, "non-repudiation"];
  const exposure = ["known-key", "ephemeral-leak", "post-compromise"];
  const inTheirOwnFiles = [...exposure, "kci", "responder-identity"];
  const others = guarantees.map((g) => g.id).filter((id) => !all.includes(id));
  expect(others).toEqual(inTheirOwnFiles);
});

/** Beside the situations of judges.test.ts: those next to them that come out otherwise. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { Output, Protocol } from "../../protocol/endpoint.ts";
import { hex, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { inPlaceOfAlice } from "../testing/puppets.ts";
import {
  accept,
  addresses,
  claim,
  key,
  type Script,
  type Scripts,
  scripted,
  submit,
} from "../testing/scripted.ts";
import { judgeRun, sharingKey, tiny, transmit } from "../testing/tiny.ts";
import { guarantees } from "./catalog.ts";
import type { Judgement } from "./guarantee.ts";

const guarantee = (id: string) => {
  const found = guarantees.find((g) => g.id === id);
  if (found === undefined) throw new Error(`there is no guarantee ${id}`);
  return found;
};
const iv = new Uint8Array(12);
const iv16 = new Uint8Array(16);
const { client: at0, client1: at1 } = addresses;
const send = (bytes: Uint8Array): Output => ({ kind: "transmit", bytes });
const within = (session: string, output: Output): Output => ({ ...output, session });
const exit: Output = { kind: "exit", ok: true };
const joining = (as: string): Attack => [{ move: "participate", as }];
const from = (message: string, whom: string): Output => ({
  kind: "deliver",
  message: utf8(message),
  from: whom,
});
const login = (text: string): Output => ({
  kind: "submit",
  message: utf8(text),
  purpose: "login",
});
const plan = "a secret plan";
const shown = [submit(plan), transmit(plan)];
const word = "sixteen byte key";
const weak = { modulus: 2n ** 61n - 1n, generator: 37n };
/** A secret of two ends whose group is weak; both public keys are sent. */
function weakSecret(c: CryptoKit): readonly [Uint8Array, Output[]] {
  const [a, b] = [c.keyPair(weak), c.keyPair(weak)];
  const secret = c.sharedSecret(weak, a.privateKey, b.publicKey) ?? iv;
  return [c.hash("sha256", secret), [send(a.publicKey), send(b.publicKey)]];
}
const finished = (value: string, session?: string, peer = "alice") => [
  key(value, peer, session),
  claim("commit", peer, undefined, session),
];
const finishes = (value: string, session?: string) => finished(value, session, "bob");
const doing = (work: (c: CryptoKit) => readonly Output[]): Script => [
  [1, ({ crypto }) => work(crypto)],
];

interface Situation extends Scripts {
  readonly attack?: Attack;
}
/** What is found; or how much is at stake, where nothing is. With work: what it costs. */
type Row = readonly [what: string, situation: Situation, found: RegExp | number, cost?: RegExp];

const confidentiality: readonly Row[] = [
  ["four bytes", { client: [[1, [submit("plan"), transmit("my plan")]]] }, /read “plan”/],
  ["three", { client: [[1, [submit("map"), transmit("my map")]]] }, 0],
  ["a login", { client: [[1, [login(plan), transmit(plan)]]] }, 0],
  [
    "words for nobody in particular",
    { server: [[1, [submit(plan), transmit(plan, at0)]]] },
    /server#0/,
  ],
  ["words for the attacker", { client: [[1, shown]], attack: joining("bob") }, 0],
  ["words beside the attacker", { client: [[1, shown]], attack: joining("carol") }, /read/],
  [
    "under a key from a weak group",
    {
      client: doing((c) => {
        const [secret, packets] = weakSecret(c);
        return [...packets, submit(plan), send(c.seal("aes-gcm", secret, iv, utf8(plan)))];
      }),
    },
    /read/,
    /^discrete logarithm/,
  ],
];

const keySecrecy: readonly Row[] = [
  ["with the attacker", { client: [[1, [key(word, "mallory")]]] }, 0],
  ["with what the attacker runs", { client: [[1, [key(word, "bob")]]], attack: joining("bob") }, 0],
  ["of what it runs", { server: [[1, [key(word, "alice")]]], attack: joining("bob") }, 0],
  [
    "beside the attacker",
    { client: [[1, [key(word, "bob")]]], attack: joining("carol") },
    /key of/,
  ],
  ["where one has finished", { client: [[1, finishes(word)]] }, /of client#0 with bob/],
  [
    "where one has finished with others as well",
    { client: [[1, [claim("commit", "carol"), ...finishes(word), claim("commit", "dave")]]] },
    /of client#0 with bob/,
  ],
  ["with another peer", { client: [[1, [key(word, "bob"), claim("commit", "carol")]]] }, 0],
  [
    "in another session",
    { client: [[1, [key(word, "bob", "one"), claim("commit", "bob", undefined, "two")]]] },
    0,
  ],
  [
    "of another process",
    { client: [[1, [key(word, "bob")]]], client1: [[1, [claim("commit", "bob")]]] },
    0,
  ],
  [
    "in a role that never finishes",
    { client: [[1, [claim("commit", "bob")]]], server: [[1, [key(word, "alice")]]] },
    /of server#0 with alice/,
  ],
  [
    "from a weak group",
    {
      client: doing((c) => {
        const [value, packets] = weakSecret(c);
        return [...packets, { kind: "claim", claim: { kind: "secret", peer: "bob", value } }];
      }),
    },
    /of client#0/,
    /^discrete logarithm/,
  ],
];

const keyAgreement: readonly Row[] = [
  ["an end without a key", { client: [[1, [claim("commit", "bob")]]] }, 0],
  ["a key without an end", { client: [[1, [key("k", "bob")]]] }, 0],
  ["two of one role", { client: [[1, finishes("k")]], client1: [[1, finishes("q")]] }, 0],
  [
    "two of one role, who name each other otherwise",
    { client: [[1, finishes("k")]], client1: [[1, finished("k", undefined, "carol")]] },
    0,
  ],
  [
    "the last key of several",
    {
      client: [[1, finishes("k")]],
      server: [[1, [key("q", "alice", at0), ...finished("k", at0)]]],
    },
    1,
  ],
  [
    "a later key with another peer",
    {
      client: [[1, finishes("k")]],
      server: [[1, [...finished("k", at0), key("z", "carol", at0)]]],
    },
    1,
  ],
  [
    "a later key in another session",
    {
      client: [[1, finishes("k")]],
      server: [[1, [...finished("k", at0), key("z", "alice", at1)]]],
    },
    1,
  ],
  [
    "a later key of another process",
    {
      client: [[1, finishes("k")]],
      server: [[1, finished("k", at0)]],
      carol: [[2, [key("z", "alice", at0)]]],
    },
    1,
  ],
  [
    "no key with the peer that it finished with",
    {
      client: [[1, finishes("k")]],
      server: [[1, [key("q", "carol", at0), claim("commit", "alice", undefined, at0)]]],
    },
    /with different keys/,
  ],
  [
    "ends that have nothing to do with each other",
    { client: [[1, finishes("k", "here")]], server: [[1, finished("q", "there")]] },
    0,
  ],
  [
    "an end that the other one knows by its address",
    { client: [[1, finishes("k", "here")]], server: [[1, finished("q", at0)]] },
    /with different keys/,
  ],
  [
    "an end that knows the other one by its address",
    { client: [[1, finishes("k", "bob:7")]], server: [[1, finished("q", "there")]] },
    /with different keys/,
  ],
  [
    "an end after the other",
    { client: [[1, finishes("k")]], server: [[5, finished("q", at0)]] },
    /with different keys/,
  ],
  [
    "an end before the other",
    { client: [[5, finishes("k")]], server: [[1, finished("q", at0)]] },
    /with different keys/,
  ],
  [
    "an end after the other process has gone",
    {
      client: [[1, [...finishes("k"), { kind: "exit", ok: true }]]],
      server: [[5, finished("q", at0)]],
    },
    0,
  ],
  [
    "an end while the other one lasts",
    {
      client: [
        [1, finishes("k")],
        [9, [submit("x")]],
      ],
      server: [[5, finished("q", at0)]],
    },
    /with different keys/,
  ],
  [
    "an end with somebody else",
    { client: [[1, finishes("k")]], server: [[1, finished("q", at0, "carol")]] },
    0,
  ],
  [
    "somebody else at the first one's end",
    { client: [[1, finished("k", undefined, "carol")]], server: [[1, finished("q", at0)]] },
    0,
  ],
  [
    "two who both know that the attacker is at the other end",
    {
      client: [[1, finished("k", undefined, "mallory")]],
      server: [[1, finished("k", at0, "mallory")]],
    },
    0,
  ],
  [
    "two of whom one knows that the attacker is at the other end",
    { client: [[1, finished("k", undefined, "mallory")]], server: [[1, finished("k", at0)]] },
    /client#0 believes to share it with mallory, not with bob/,
  ],
  [
    "one of two with whom it has finished",
    {
      client: [[1, [claim("commit", "bob"), ...finished("k", undefined, "carol")]]],
      server: [[1, finished("k", at0)]],
    },
    1,
  ],
];

const origin: readonly Row[] = [
  [
    "before it is sent",
    { server: [[1, [accept("x")]]], client: [[2, [submit("x")]]] },
    /nobody sent/,
  ],
  [
    "what was for another",
    { callingCarol: [[1, [submit("y")]]], carol: [], server: [[2, [accept("y")]]] },
    /it was alice \(client#1\) who sent it, to carol/,
  ],
  [
    "from one who names no receiver",
    { server: [[1, [submit("y")]]], client: [[2, [from("y", "bob")]]] },
    1,
  ],
  [
    "one's own words, as one's own",
    {
      client: [
        [1, [submit("x")]],
        [2, [from("x", "alice")]],
      ],
    },
    /it was alice \(client#0\) who sent it, to bob/,
  ],
  [
    "words that two have said",
    {
      client: [[1, [submit("x")]]],
      server: [
        [1, [submit("x")]],
        [2, [accept("x")]],
      ],
    },
    1,
  ],
  [
    "words of a server, as from alice",
    { server: [[1, [submit("y")]]], client: [[2, [from("y", "alice")]]] },
    /it was bob \(server#0\) who sent it, to somebody/,
  ],
  ["words of the attacker", { server: [[2, [accept("z", at0, "mallory")]]] }, 1],
  [
    "honest words for this receiver, as the attacker's",
    { client: [[1, [submit("x")]]], server: [[2, [accept("x", at0, "mallory")]]] },
    /as coming from mallory, but it was alice/,
  ],
  [
    "honest words for nobody in particular, as the attacker's",
    { server: [[1, [submit("y")]]], client: [[2, [from("y", "mallory")]]] },
    1,
  ],
];

const integrity: readonly Row[] = [
  ["from the attacker", { server: [[2, [accept("z", at0, "mallory")]]] }, 0],
  ["from what it runs", { client: [[2, [from("z", "bob")]]], attack: joining("bob") }, 0],
  [
    "an empty one beside others",
    { client: [[1, [submit("x")]]], server: [[2, [accept("")]]] },
    /“”, which nobody sent/,
  ],
  [
    "binary",
    { server: [[2, [accept("\u0001\u0002\u0003".repeat(5))]]] },
    /accepted (0[123]){15} \(15 bytes\)/,
  ],
  ["sixteen bytes", { server: [[2, [accept("\u0001".repeat(16))]]] }, /accepted (01){16} \(16/],
  ["seventeen", { server: [[2, [accept("\u0001".repeat(17))]]] }, /accepted (01){16}… \(17/],
  ["a quarter of it strange", { server: [[2, [accept("\u0001abc")]]] }, /accepted “\u0001abc”/],
  ["sixty letters", { server: [[2, [accept("x".repeat(60))]]] }, /“x{60}”/],
  ["sixty-one", { server: [[2, [accept("x".repeat(61))]]] }, /“x{57}…”/],
];

const twice = [accept("x", "t"), accept("x", "t")];
const sent = [within("s", submit("x"))];
const replay: readonly Row[] = [
  [
    "two different things",
    { client: [[1, [submit("x"), submit("y")]]], server: [[2, [accept("x"), accept("y")]]] },
    2,
  ],
  [
    "three times for two",
    { client: [[1, [submit("x"), submit("x")]]], server: [[2, [1, 2, 3].map(() => accept("x"))]] },
    /3 times in one session, though it was sent 2 times/,
  ],
  [
    "twice, and sent again only then",
    {
      client: [
        [1, [submit("x")]],
        [4, [submit("x")]],
      ],
      server: [
        [2, [accept("x")]],
        [3, [accept("x")]],
      ],
    },
    /2 times in one session, though it was sent once/,
  ],
  ["what nobody sent", { server: [[2, [accept("x"), accept("x")]]] }, 2],
  [
    "what two sessions sent, in one of them",
    {
      client: [[1, [submit("x")]]],
      client1: [[1, [submit("x")]]],
      server: [[2, [accept("x"), accept("x")]]],
    },
    /sent once/,
  ],
  // Where no address says who belongs to whom, those who were there at the time do.
  ["in a session without an address", { client: [[1, sent]], server: [[2, twice]] }, /sent once/],
  ["after its sender has gone", { client: [[1, [...sent, exit]]], server: [[5, twice]] }, 2],
  [
    "while its sender goes",
    {
      client: [
        [1, sent],
        [5, [exit]],
      ],
      server: [[5, twice]],
    },
    /sent once/,
  ],
  [
    "under another key than its sender's",
    {
      client: [[1, [...sent, key("k", "bob", "s")]]],
      server: [[2, [key("q", "alice", "t"), ...twice]]],
    },
    2,
  ],
  [
    "under no key",
    { client: [[1, [...sent, key("k", "bob", "s")]]], server: [[2, twice]] },
    /sent once/,
  ],
  [
    "what a colleague sent",
    { client1: [], carol: [[1, [within("u", submit("x"))]]], server: [[2, twice]] },
    2,
  ],
  [
    "what it sent itself",
    {
      server: [
        [1, [within("u", submit("x"))]],
        [2, twice],
      ],
    },
    2,
  ],
  [
    "under the key of one, at the address of another",
    {
      client: [[1, [key("k", "bob"), key("z", "bob")]]],
      client1: [[1, [submit("x")]]],
      server: [[2, [key("k", "alice", at1), accept("x", at1), accept("x", at1)]]],
    },
    2,
  ],
];

const ordering: readonly Row[] = [
  ["one message", { client: [[1, [submit("a")]]], server: [[2, [accept("a")]]] }, 0],
  [
    "three in order",
    {
      client: [[1, ["a", "b", "c"].map(submit)]],
      server: [[2, ["a", "b", "c"].map((text) => accept(text))]],
    },
    2,
  ],
  [
    "swapped, in two sessions",
    {
      client: [[1, [submit("a"), submit("b")]]],
      client1: [],
      server: [[2, [accept("b"), accept("a", at1)]]],
    },
    0,
  ],
  [
    "what another session sent in this order",
    {
      client: [[1, [submit("b")]]],
      client1: [[0.5, [submit("a")]]],
      server: [[2, [accept("b"), accept("a")]]],
    },
    1,
  ],
  [
    "sent again, but only later",
    {
      client: [
        [1, [submit("a"), submit("b")]],
        [4, [submit("a")]],
      ],
      server: [
        [2, [accept("b")]],
        [3, [accept("a")]],
      ],
    },
    /“a” after “b”/,
  ],
  [
    "the first one twice, with others between",
    {
      client: [[1, [submit("a"), submit("b")]]],
      server: [[2, [accept("a"), accept("b"), accept("a")]]],
    },
    /“a” after “b”/,
  ],
  [
    "what nobody sent",
    { client: [[1, [submit("a")]]], server: [[2, [accept("a"), accept("z")]]] },
    1,
  ],
];

const there = claim("running", "bob");
const across: readonly Row[] = [
  [
    "sent in one session, accepted in another that was there as well",
    { client: [[1, [submit("x")]]], client1: [[1, [there]]], server: [[2, [accept("x", at1)]]] },
    1,
  ],
  [
    "the same beside other words",
    {
      client: [[1, [submit("x")]]],
      client1: [[1, [submit("y")]]],
      server: [[2, [accept("y", at1), accept("x", at1)]]],
    },
    2,
  ],
  [
    "the same, and then where it was sent",
    {
      client: [[1, [submit("x")]]],
      client1: [[1, [there]]],
      server: [[2, [accept("x", at1), accept("x")]]],
    },
    /again, in another session$/,
  ],
  [
    "where it was sent, and then in the other",
    {
      client: [[1, [submit("x")]]],
      client1: [[1, [there]]],
      server: [[2, [accept("x"), accept("x", at1)]]],
    },
    /in which nobody sent it; it comes from a session of client#0/,
  ],
  [
    "sent before anyone was there to hear it",
    { client: [[1, [submit("x"), exit]]], server: [[5, [accept("x", "t")]]] },
    /in which nobody sent it/,
  ],
  [
    "by two servers, under one key",
    {
      client: [[1, [key("k", "bob"), submit("x")]]],
      server: [[2, [key("k", "alice", "t"), accept("x", "t")]]],
      carol: [[2, [key("k", "alice", "t"), accept("x", "t")]]],
    },
    2,
  ],
  [
    "by one server twice, under one key and another",
    {
      client: [[1, [key("k", "bob"), submit("x")]]],
      server: [
        [2, [key("k", "alice", "t"), key("z", "alice", "t"), accept("x", "t")]],
        [3, [key("k", "alice", "u"), accept("x", "u")]],
      ],
    },
    /in another session with the same key/,
  ],
  [
    "by one server twice, once without a key",
    {
      client: [[1, [key("k", "bob"), submit("x")]]],
      server: [
        [2, [accept("x", "t")]],
        [3, [key("k", "alice", "u"), accept("x", "u")]],
      ],
    },
    2,
  ],
  [
    "what is said, and who is believed to be there",
    { server: [[1, [claim("commit", "alice")]]] },
    1,
  ],
  [
    "sent in two sessions, accepted in both",
    {
      client: [[1, [submit("x")]]],
      client1: [[1, [submit("x")]]],
      server: [[2, [accept("x"), accept("x", at1)]]],
    },
    2,
  ],
  [
    "sent in one, accepted in the other alone: it may be called otherwise",
    { client: [[1, [submit("x")]]], client1: [], server: [[2, [accept("x", at1)]]] },
    1,
  ],
  [
    "sent in one, accepted in both",
    { client: [[1, [submit("x")]]], client1: [], server: [[2, [accept("x"), accept("x", at1)]]] },
    /server#0 accepted “x”/,
  ],
  [
    "sent in one, accepted in the other, which has a key",
    {
      client: [[1, [key("k0", "bob"), submit("x")]]],
      client1: [[1, [key("k1", "bob")]]],
      server: [[2, [key("k1", "alice", at1), accept("x", at1)]]],
    },
    /in which nobody sent it; it comes from a session of client#0/,
  ],
  [
    "one's own words",
    {
      server: [
        [1, [submit("x")]],
        [2, [accept("x")]],
      ],
    },
    1,
  ],
  [
    "sent only afterwards",
    {
      server: [[1, [key("q", "alice", at1), accept("x", at1)]]],
      client: [[2, [submit("x")]]],
      client1: [[1, [there]]],
    },
    1,
  ],
  [
    "twice in one session, which is another matter",
    { client: [[1, [submit("x")]]], server: [[2, [accept("x"), accept("x")]]] },
    2,
  ],
];

const nonces: readonly Row[] = [
  [
    "a stream cipher",
    {
      client: doing((c) =>
        ["one", "two"].map((text) => send(c.encrypt("aes-ctr", iv16, iv16, utf8(text)))),
      ),
    },
    /second plaintext .* \(aes-ctr\)/,
  ],
  [
    "one text with other data beside it",
    {
      client: doing((c) =>
        ["one", "two"].map((data) => send(c.seal("aes-gcm", iv16, iv, iv, utf8(data)))),
      ),
    },
    /second plaintext/,
  ],
  [
    "what is decrypted, which is no second encryption",
    {
      client: doing((c) => {
        const cipher = c.encrypt("aes-ctr", iv16, iv16, utf8("one"));
        c.decrypt("aes-ctr", iv16, iv16, utf8("two"));
        c.hash("sha256", iv16);
        return [send(cipher)];
      }),
    },
    1,
  ],
  [
    "what a puppet encrypts",
    {
      attack: [inPlaceOfAlice],
      client: doing((c) => [send(c.seal("aes-gcm", iv16, iv, utf8(hex(c.random(4)))))]),
    },
    1,
  ],
];

const others: Readonly<Record<string, readonly Row[]>> = {
  "safe-parsing": [
    ["a packet", { client: [[1, [transmit("hello\n")]]], server: [[20, []]] }, 1],
    [
      "an empty line more",
      { server: [[1, [{ kind: "log", line: "hello\n \nadmin logged in" }]]] },
      /“admin logged in”/,
    ],
  ],
  "message-budget": [
    [
      "what a puppet sends",
      {
        attack: [{ move: "inject", hex: "0102030405", to: "server#0", when: "start" }],
        client: [[1, [transmit("1234")]]],
        protocol: { limits: { datagramBytes: 4 } },
      },
      1,
    ],
  ],
  "honest-acknowledgement": [
    [
      "before the delivery",
      {
        client: [[1, [submit("x"), { kind: "confirm", message: utf8("x") }]]],
        server: [[2, [accept("x")]]],
      },
      /but it was not/,
    ],
  ],
  downgrade: [
    [
      "a choice that nothing comes of, and one that something does",
      {
        client: [[1, [{ kind: "negotiated", suite: "strong", best: "strong" }]]],
        server: [
          [1, [{ kind: "negotiated", suite: "weak", best: "weak" }, claim("commit", "alice")]],
        ],
      },
      1,
    ],
  ],
};

const table: Readonly<Record<string, readonly Row[]>> = {
  confidentiality,
  "key-secrecy": keySecrecy,
  "key-agreement": keyAgreement,
  origin,
  integrity,
  replay,
  ordering,
  "replay-across-sessions": across,
  "nonce-uniqueness": nonces,
  ...others,
};

function expectFound(judgement: Judgement, found: RegExp | number, cost?: RegExp): void {
  const { violation, atStake } = judgement;
  if (typeof found === "number") expect([violation?.because, atStake]).toEqual([undefined, found]);
  else expect(violation?.because).toMatch(found);
  if (cost === undefined) expect(violation?.compute).toBeUndefined();
  else expect(violation?.compute).toMatch(cost);
}

describe.each(Object.entries(table))("%s", (id, rows) => {
  const all = rows.map(([what, situation, found, cost]) => ({ what, situation, found, cost }));
  test.each(all)("$what", ({ situation, found, cost }) => {
    const { attack = [] } = situation;
    expectFound(judgeRun(guarantee(id), scripted(situation), attack), found, cost);
  });
});

describe("forward-secrecy", () => {
  const end: Attack = [{ move: "disclose", principal: "alice", what: "long-term", when: "end" }];
  const nudge: Attack = [{ move: "inject", hex: "00", to: "client#0", when: { atMs: 5 } }];
  /** Says its words as `calm` has it, or as `nudged` once a packet of the attacker has come. */
  type Way = "sealed" | "in the clear" | "not at all";
  const saying = (calm: Way, nudged: Way): Protocol =>
    sharingKey(
      ({ crypto }, shared) => {
        let way = calm;
        return (input) => {
          if (input.kind === "start") return [{ kind: "ready" }];
          if (input.kind === "datagram") way = nudged;
          if (input.kind !== "send" || way === "not at all") return [];
          const sealed = crypto.seal("chacha20-poly1305", shared, iv, input.message);
          return [send(way === "sealed" ? sealed : input.message)];
        };
      },
      () => () => [],
    );
  const judged = (calm: Way, nudged: Way, attack: Attack) =>
    judgeRun(guarantee("forward-secrecy"), saying(calm, nudged), attack);

  test.each<[string, [Way, Way, Attack], RegExp | number]>([
    ["a key that is told", ["sealed", "sealed", end], /front door” \(not even weak forward/],
    [
      "the same with a packet",
      ["sealed", "sealed", [...nudge, ...end]],
      /\(strong forward secrecy/,
    ],
    ["words that are never sent", ["not at all", "not at all", end], 2],
    ["words in the clear", ["in the clear", "in the clear", end], 0],
    ["words in the clear only now", ["sealed", "in the clear", [...nudge, ...end]], 0],
    ["words that were in the clear before", ["in the clear", "sealed", [...nudge, ...end]], 0],
  ])("%s", (_, of, found) => expectFound(judged(...of), found));

  test("logins are not at stake, nor what can be guessed", () => {
    const saying = (purpose: "login" | "message", bytes: number): Protocol =>
      scripted({
        client: doing((c) => [{ kind: "submit", message: c.random(bytes), purpose }]),
      });
    const stakes = [saying("login", 16), saying("message", 16), saying("message", 3)].map(
      (protocol) => judgeRun(guarantee("forward-secrecy"), protocol, end).atStake,
    );
    expect(stakes).toEqual([0, 1, 0]);
  });
});

describe("non-repudiation: evidence is worth nothing if its receiver can make it", () => {
  const words = utf8("I owe you");
  type Make = (by: {
    readonly alice: CryptoKit;
    readonly bob: CryptoKit;
    readonly hers: Uint8Array;
    readonly shared: Uint8Array;
  }) => readonly [evidence: Uint8Array, claimed?: Uint8Array];
  const mac = (c: CryptoKit, secret: Uint8Array) => c.hmac("sha256", secret, words);
  const judged = (make: Make) => {
    let made: readonly [Uint8Array, Uint8Array?] = [iv];
    const kits: CryptoKit[] = [];
    const protocol = tiny({
      client: ({ crypto }) => {
        kits.push(crypto);
        return (input) => (input.kind === "start" ? [submit("I owe you")] : []);
      },
      server: () => () => [],
      protocol: {
        deploy(deploying) {
          const { crypto } = deploying;
          const [hers, shared] = [crypto.random(32), crypto.random(32)];
          return {
            open: (role, { crypto: own }) => {
              kits.push(own);
              let due: number | undefined = role === "server" ? 2 : undefined;
              return {
                handle(input) {
                  if (input.kind === "start" && role === "client") return [submit("I owe you")];
                  if (input.kind !== "timeout") return [];
                  due = undefined;
                  const [bob, alice] = kits as [CryptoKit, CryptoKit];
                  made = make({ alice, bob, hers, shared });
                  const [bytes, value] = made;
                  const said = { kind: "evidence", peer: "alice", message: words, bytes } as const;
                  return [
                    { kind: "claim", claim: said },
                    ...(value === undefined
                      ? []
                      : ([
                          { kind: "claim", claim: { kind: "secret", peer: "alice", value } },
                        ] as const)),
                  ];
                },
                deadline: () => due,
              };
            },
            longTermSecrets: (p) => (p === "alice" ? [hers, shared] : [shared]),
          };
        },
      },
    });
    return judgeRun(guarantee("non-repudiation"), protocol).violation?.because;
  };
  const derived = (c: CryptoKit) => c.hash("sha256", c.keyPair("x25519").privateKey);

  test.each<[string, Make, boolean]>([
    ["a signature", ({ alice: c }) => [c.sign(c.signingKeyPair().privateKey, words)], false],
    ["a MAC under a key that only she was dealt", ({ alice, hers }) => [mac(alice, hers)], false],
    ["a MAC under a key that both were dealt", ({ alice, shared }) => [mac(alice, shared)], true],
    ["a MAC under a key that he drew", ({ alice, bob }) => [mac(alice, bob.random(32))], true],
    ["a MAC under a nonce of hers", ({ alice }) => [mac(alice, alice.random(32))], true],
    ["a MAC under a key of hers", ({ alice }) => [mac(alice, derived(alice))], false],
    [
      "a MAC under the session key",
      ({ alice }) => {
        const secret = derived(alice);
        return [mac(alice, secret), secret];
      },
      true,
    ],
    ["a hash of what she said", ({ alice }) => [alice.hash("sha256", words)], true],
    [
      "a hash of her public key",
      ({ alice: c }) => [c.hash("sha256", c.keyPair("x25519").publicKey)],
      true,
    ],
  ])("%s", (_, make, isWorthless) => {
    if (isWorthless) expect(judged(make)).toMatch(/server#0 could have made the evidence/);
    else expect(judged(make)).toBeUndefined();
  });
});

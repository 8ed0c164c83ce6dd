/** Which bytes are unexplained: hand-made scrambling is flagged, recorded cryptography is not. */
import { describe, expect, test } from "vitest";
import { concat, fromLatin1, hex, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import type { OpName, OpRecord } from "../../protocol/kit/operations.ts";
import {
  ephemeral,
  outcome,
  passwordScalars,
  proverPoints,
  proverShare,
  verifierShare,
} from "../../protocol/secure-channel/spake2plus.ts";
import { Lab } from "../testing/lab.ts";
import { type ObservedRun, untracked } from "./provenance.ts";

/** What one run does; `payload` is as long in both runs, and other in each. */
type Course = (c: CryptoKit, payload: Uint8Array) => readonly Uint8Array[];

function evidenceOf(course: Course, seed: string, payload: string): ObservedRun {
  const lab = new Lab(seed);
  const declared = utf8(payload);
  const packets = course(lab.crypto, declared).map((bytes, i) => ({ name: `packet ${i}`, bytes }));
  return { operations: lab.log, declared: [declared], packets };
}
const doubts = (course: Course): readonly string[] =>
  untracked(
    evidenceOf(course, "one", "meet me at the old mill tonight"),
    evidenceOf(course, "two", "the ferry will leave at six pm."),
  );

const iv = new Uint8Array(12);
const byHand = (a: Uint8Array, b: Uint8Array): Uint8Array =>
  a.map((byte, i) => byte ^ (b[i % b.length] ?? 0));
const reversed = (bytes: Uint8Array): Uint8Array => bytes.slice().reverse();

const honest: Record<string, Course> = {
  "in the clear": (_, payload) => [concat(utf8("says: "), payload)],
  sealed: (c, payload) => {
    const key = c.hkdf({ hash: "sha256", key: c.random(32), length: 32 });
    return [c.seal("chacha20-poly1305", key, iv, payload)];
  },
  "slices and concatenations of key material": (c, payload) => {
    const material = c.hkdf({ hash: "sha256", key: c.random(32), length: 64 });
    const tag = c.hmac("sha256", material.slice(32), payload).slice(0, 16);
    const key = concat(material.slice(0, 16), material.slice(40, 56));
    return [concat(c.seal("chacha20-poly1305", key, iv, payload), tag)];
  },
  "encodings by hand": (c, payload) => [
    utf8(JSON.stringify({ text: Buffer.from(payload).toString("base64"), id: hex(c.random(16)) })),
  ],
  "XOR through the kit": (c, payload) => [c.xor(payload, c.random(payload.length))],
  "a key exchange with a password": (c, payload) => {
    const names = { prover: utf8("alice"), verifier: utf8("server") };
    const session = { context: utf8("a channel"), ...names };
    const salt = c.random(16);
    const { w0, w1 } = passwordScalars(c, "toy", payload, salt, names);
    const [x, y] = [ephemeral(c), ephemeral(c)];
    const shares = {
      prover: proverShare(c, w0, x) ?? salt,
      verifier: verifierShare(c, w0, y) ?? salt,
    };
    const points = proverPoints(c, { w0, w1 }, x, shares.verifier);
    const out = points && outcome(c, session, shares, points, w0);
    return [salt, shares.prover, shares.verifier, out?.confirmVerifier ?? salt, out?.key ?? salt];
  },
  "what was decrypted is sent on": (c, payload) => {
    const key = c.random(32);
    const sealed = c.seal("chacha20-poly1305", key, iv, payload);
    return [sealed, c.open("chacha20-poly1305", key, iv, sealed) ?? iv];
  },
  "short counters and flags": (c) => [concat(c.random(3), utf8("header"), c.random(4))],
};

const scrambled: Record<string, readonly [Course, RegExp]> = {
  "a payload under XOR by hand": [
    (c, payload) => [byHand(payload, c.random(16))],
    /^packet 0 carries bytes/,
  ],
  "a payload backwards": [(_, payload) => [reversed(payload)], /^packet 0 carries bytes/],
  "a key mixed by hand": [
    (c, payload) => {
      const key = byHand(c.random(32), c.random(32));
      return [c.seal("chacha20-poly1305", key, iv, payload)];
    },
    /^an input of aead chacha20-poly1305 by alice/,
  ],
  "a plaintext scrambled before it is sealed": [
    (c, payload) => [c.seal("chacha20-poly1305", c.random(32), iv, reversed(payload))],
    /^an input of aead/,
  ],
  "a hash of something hand-made": [
    (c, payload) => [c.hash("sha256", reversed(payload))],
    /^an input of hash/,
  ],
};

describe("bytes that can be followed", () => {
  test.each(Object.entries(honest))("%s", (_, course) => expect(doubts(course)).toEqual([]));
});

describe("unexplained bytes", () => {
  test.each(Object.entries(scrambled))("%s", (_, [course, words]) => {
    expect(doubts(course)[0]).toMatch(words);
  });
});

/** Bytes that differ in each run, and at every position: `from` says which. */
const fresh = (run: string, length: number, from = ""): string =>
  latin1(new Lab(run + from).crypto.random(length));
const record = (op: OpName, inputs: readonly string[], output: string, by = "alice"): OpRecord => ({
  op,
  algorithm: "of some kind",
  inputs,
  output,
  by,
  backwards: false,
});
const drawn = (output: string): OpRecord => record("random", [], output);

interface Told {
  readonly operations?: readonly OpRecord[];
  /** What is sent, by name. */
  readonly packets?: Readonly<Record<string, string>>;
}
/** @returns what is unexplained after two runs, which are distinguished by their names. */
const doubtsOf = (told: (run: "one" | "two") => Told): readonly string[] => {
  const [a, b] = (["one", "two"] as const).map((run): ObservedRun => {
    const { operations = [], packets = {} } = told(run);
    const sent = Object.entries(packets);
    return {
      operations,
      declared: [],
      packets: sent.map(([name, text]) => ({ name, bytes: fromLatin1(text) })),
    };
  });
  return a === undefined || b === undefined ? [] : untracked(a, b);
};

/** One packet of both runs, and what was drawn before. */
type Sent = (run: "one" | "two") => { readonly known?: readonly string[]; readonly sent: string };
const few = (run: string, from = "few"): string => fresh(run, 4, from);
const packets: readonly (readonly [string, Sent, "fine" | "in doubt"])[] = [
  [
    "a public text that one run's secret begins like, beside a known value",
    (run) => {
      const secret = run === "one" ? "we meet at noon in the park" : "nothing like the other one";
      const value = fresh(run, 16);
      return { known: [secret, value], sent: `${value}we meet at noon in vienna, as always` };
    },
    "fine",
  ],
  [
    "nine bytes of unknown origin inside such a text",
    (run) => ({
      known: [run === "one" ? "we meet at noon in the park" : "nothing like the other one"],
      sent: `we meet at noon in ${fresh(run, 9)} as always, in the evening`,
    }),
    "in doubt",
  ],
  ["seven bytes of unknown origin", (run) => ({ sent: fresh(run, 7) }), "fine"],
  ["eight", (run) => ({ sent: fresh(run, 8) }), "in doubt"],
  ["four, after a constant", (run) => ({ sent: `a long constant ${few(run)}` }), "fine"],
  [
    "four in one run, twelve in the other",
    (run) => ({ sent: fresh(run, run === "one" ? 4 : 12) }),
    "in doubt",
  ],
  [
    "a known value in one run, twelve unknown bytes in the other",
    (run) => {
      const value = fresh(run, 16);
      return { known: [value], sent: run === "one" ? value + few(run) : fresh(run, 12, "more") };
    },
    "in doubt",
  ],
  [
    "more after a known value in the other run",
    (run) => {
      const value = fresh(run, 16);
      return {
        known: [value],
        sent: run === "one" ? "same" : `same${value}${fresh(run, 12, "x")}`,
      };
    },
    "in doubt",
  ],
  ["eight known bytes", (run) => ({ known: [fresh(run, 8)], sent: fresh(run, 8) }), "fine"],
  [
    "three known bytes, which explain nothing",
    (run) => ({ known: [fresh(run, 3)], sent: fresh(run, 7, "x") + fresh(run, 3) }),
    "in doubt",
  ],
  [
    "two known values that begin alike",
    (run) => {
      const [a, b] = [`same${few(run, "a")}`, `same${few(run, "b")}`];
      return { known: [a, b], sent: a + b };
    },
    "fine",
  ],
  [
    "a known value beside a longer one that begins alike, and eight bytes more",
    (run) => {
      const [a, b] = [`same${fresh(run, 12, "a")}`, `same${fresh(run, 20, "b")}`];
      return { known: [a, b], sent: a + fresh(run, 8, "x") };
    },
    "in doubt",
  ],
  [
    "a known value whose beginning is known as well, and four bytes more",
    (run) => ({
      known: [fresh(run, 15), fresh(run, 15).slice(0, 8)],
      sent: fresh(run, 15) + few(run),
    }),
    "fine",
  ],
  [
    "the first eight bytes of a known value",
    (run) => ({ known: [fresh(run, 32)], sent: fresh(run, 32).slice(0, 8) }),
    "fine",
  ],
  [
    "fifteen bytes out of the middle, and four more",
    (run) => ({ known: [fresh(run, 32)], sent: fresh(run, 32).slice(9, 24) + few(run) }),
    "fine",
  ],
  [
    "nine bytes out of the middle, and ten more",
    (run) => ({ known: [fresh(run, 32)], sent: fresh(run, 32).slice(9, 18) + fresh(run, 10, "x") }),
    "in doubt",
  ],
  [
    "the last seven bytes of a known value, which are too few, after four",
    (run) => ({ known: [fresh(run, 32)], sent: few(run) + fresh(run, 32).slice(-7) }),
    "in doubt",
  ],
  [
    "padding, which may come from anywhere",
    (run) => {
      const padding = (run === "one" ? "abc" : "xyz").repeat(3);
      return { known: [`a value with ${padding} in it`], sent: padding };
    },
    "in doubt",
  ],
  [
    "a slice with four different bytes in it, which is no padding",
    (run) => {
      const slice = (run === "one" ? "abcd" : "wxyz").repeat(2);
      return { known: [`a value with ${slice} in it`], sent: slice };
    },
    "fine",
  ],
  [
    "a known value in base64 in JSON, and four bytes more in hex",
    (run) => {
      const text = Buffer.from(fresh(run, 24), "latin1").toString("base64");
      const more = hex(fromLatin1(few(run)));
      return { known: [fresh(run, 24)], sent: JSON.stringify({ text, more }) };
    },
    "fine",
  ],
  [
    "an unknown value beside it",
    (run) => {
      const [text, more] = [fresh(run, 24), fresh(run, 24, "x")].map(fromLatin1).map(hex);
      return { known: [fresh(run, 24)], sent: JSON.stringify({ text, more }) };
    },
    "in doubt",
  ],
];

describe("a packet that carries", () => {
  test.each(packets)("%s is %s", (_, sent, outcome) => {
    const found = doubtsOf((run) => {
      const { known = [], sent: packet } = sent(run);
      return { operations: known.map(drawn), packets: { hello: packet } };
    });
    expect(found.length > 0 ? "in doubt" : "fine").toBe(outcome);
  });

  test("what was decrypted is explained by that, and not if it was something else", () => {
    const opened = (of: string) =>
      doubtsOf((run) => {
        const inputs = [fresh(run, 32, "key"), "", "", fresh(run, 20)];
        const cipher = fresh(run, 36, "cipher");
        const op = { ...record("aead", inputs, cipher), backwards: true };
        const operations = [drawn(fresh(run, 32, "key")), op];
        return { operations, packets: { hello: fresh(run, 20, of) } };
      });
    expect(opened("")).toEqual([]);
    expect(opened("else").length).toBe(1);
  });

  test("nothing in the other run is not compared", () => {
    const named = (names: readonly [string, string]) =>
      doubtsOf((run) => ({ packets: { [names[run === "one" ? 0 : 1]]: fresh(run, 20) } }));
    const bytes = hex(fromLatin1(fresh("one", 20)).slice(0, 8));
    expect(named(["hello", "hello"])).toEqual([
      `hello carries bytes that come from nowhere the lab can see: 20 bytes, ${bytes}…`,
    ]);
    expect(named(["hello", "welcome"])).toEqual([]);
    expect(
      doubtsOf((run) => ({ packets: run === "one" ? { hello: fresh(run, 20) } : {} })),
    ).toEqual([]);
  });
});

describe("an operation whose input is unexplained", () => {
  /** Which of three or four inputs carry keys or messages: `x` where they do. */
  const weights: Readonly<Record<OpName, string>> = {
    random: "...",
    hash: "xxx",
    hmac: "x..",
    kdf: "x..",
    "public-key": "x..",
    "shared-secret": "x..",
    "point-sum": "xx.",
    reduce: "xxx",
    mac: "x..",
    sign: "x..",
    verify: "x..",
    aead: "x..x",
    cipher: "x.x",
    "pk-encrypt": "xxx",
    "kem-ciphertext": "xxx",
    "kem-secret": "xx.",
    "password-hash": "xxx",
    xor: "xxx",
    encode: "xxx",
    compare: "xxx",
  };
  test.each(Object.entries(weights))("%s: %s", (op, weight) => {
    const asked = [...weight].map((_, at) => {
      const found = doubtsOf((run) => {
        const inputs = [...weight].map((_, i) => (i === at ? fresh(run, 20) : "a constant text"));
        return { operations: [record(op as OpName, inputs, fresh(run, 16, "output"))] };
      });
      const bytes = hex(fromLatin1(fresh("one", 20)).slice(0, 8));
      const line =
        `an input of ${op} of some kind by alice comes from nowhere the lab can see: ` +
        `20 bytes, ${bytes}…`;
      expect([[], [line]]).toContainEqual(found);
      return found.length > 0 ? "x" : ".";
    });
    expect(asked.join("")).toBe(weight);
  });

  test("is compared with the same one of the other run, and with no other", () => {
    const hash = (run: string, by = "alice"): OpRecord => record("hash", [fresh(run, 20)], "", by);
    const second = (other: (run: string) => readonly OpRecord[]) =>
      doubtsOf((run) => ({ operations: run === "one" ? [hash(run)] : other(run) })).length;
    expect(second((run) => [hash(run)])).toBe(1);
    expect(second((run) => [hash(run, "bob")])).toBe(0);
    expect(second((run) => [record("reduce", [fresh(run, 20)], "")])).toBe(0);
    expect(second((run) => [hash(run), drawn(fresh(run, 9))])).toBe(0);
    expect(second(() => [])).toBe(0);
  });
});

/** Which bytes come from nowhere: hand-made scrambling is noticed, honest protocols are not. */
import { describe, expect, test } from "vitest";
import { concat, hex, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import {
  ephemeral,
  outcome,
  passwordScalars,
  proverPoints,
  proverShare,
  verifierShare,
} from "../../protocol/secure-channel/spake2plus.ts";
import { Lab } from "../testing/lab.ts";
import { type Evidence, untracked } from "./provenance.ts";

/** What one run does; `payload` is as long in both runs, and other in each. */
type Course = (c: CryptoKit, payload: Uint8Array) => readonly Uint8Array[];

function evidenceOf(course: Course, seed: string, payload: string): Evidence {
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

describe("bytes from nowhere", () => {
  test.each(Object.entries(scrambled))("%s", (_, [course, words]) => {
    expect(doubts(course)[0]).toMatch(words);
  });
});

/** Keys that are close to what was seen are guessed; what only looks close is not. */
import { describe, expect, test } from "vitest";
import { bigintBytes, bytesBigint, concat, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { Lab } from "../testing/lab.ts";
import { computeCost } from "./compute-cost.ts";
import { nearlyKnown, withGuesses } from "./nearly-known.ts";

const iv = new Uint8Array(12);
const message = utf8("the gate is open");
const zeros = (length: number): Uint8Array => new Uint8Array(length);
const reversed = (bytes: Uint8Array): Uint8Array => bytes.slice().reverse();
const masked = (bytes: Uint8Array, mask: Uint8Array): Uint8Array =>
  bytes.map((byte, i) => byte ^ (mask[i % mask.length] ?? 0));
const plus = (bytes: Uint8Array, step: bigint): Uint8Array => {
  const range = 1n << BigInt(8 * bytes.length);
  return bigintBytes((bytesBigint(bytes) + step + range) % range, bytes.length);
};
/** A constant of the program that is no string of one byte. */
const constant = utf8("a constant of some program, long");

/** What is sent beside the sealed message; `key` has 32 bytes. */
type Sent = (key: Uint8Array, c: CryptoKit) => readonly Uint8Array[];

/** @returns the cost at which the message is read; `undefined` if it is not. */
function costOf(sent: Sent, use = sealed): string | null | undefined {
  const [own, other] = ["one", "two"].map((seed) => {
    const lab = new Lab(seed);
    const key = lab.crypto.random(32);
    const packets = [...use(key, lab.crypto), ...sent(key, lab.crypto)];
    return { lab, packets };
  });
  if (own === undefined || other === undefined) return undefined;
  const knowledge = own.lab.seeing(own.packets, [message]);
  expect(knowledge.derivable(message)).toBe(false);
  const found = nearlyKnown(knowledge, () => ({
    operations: other.lab.log,
    packets: own.packets.map((packet, i) => [packet, other.packets[i] ?? iv] as const),
  }));
  for (const { seen } of found) {
    for (const bytes of seen) expect(knowledge.occurs(bytes)).toBe(true);
  }
  const guessed = withGuesses(knowledge, found);
  if (!guessed.derivable(message)) return undefined;
  return computeCost(guessed, latin1(message));
}

const sealed = (key: Uint8Array, c: CryptoKit): readonly Uint8Array[] => [
  c.seal("chacha20-poly1305", key, iv, message),
];

describe("guessed is a key of which is sent", () => {
  const close: Record<string, readonly [Sent, RegExp]> = {
    "one more": [(key) => [plus(key, 1n)], /^about 4 guesses of a key: a number close to it/],
    "one less": [(key) => [plus(key, -1n)], /a number close to it/],
    "a thousand more": [(key) => [plus(key, 1000n)], /^about 2,048 guesses/],
    "one more, with the lowest byte first": [
      (key) => [reversed(plus(reversed(key), 1n))],
      /a number close to it/,
    ],
    "all but the last three bytes": [
      (key) => [key.slice(0, -3)],
      /^about 2\^24 guesses of a key: all but 3 of its 32 bytes were seen/,
    ],
    "all but the first seven bytes": [(key) => [key.slice(7)], /^about 2\^56 guesses/],
    "all but four bytes, with others in their place": [
      (key) => [concat(utf8("key="), key.slice(0, 10), zeros(4), key.slice(14), utf8(";"))],
      /^about 2\^32 guesses/,
    ],
    "all but two single bytes": [
      (key) => [key.map((byte, i) => (i === 3 || i === 20 ? byte ^ 1 : byte))],
      /^about 2\^25 guesses of a key: all but 2 of its 32 bytes/,
    ],
    "its bytes backwards": [(key) => [reversed(key)], /^one guess of a key: .*backwards/],
    "most of its bytes backwards": [(key) => [reversed(key.slice(0, 30))], /^about 65,536 guesses/],
    "its words in the other byte order": [
      (key) => [concat(...[0, 4, 8, 12, 16, 20, 24, 28].map((i) => reversed(key.slice(i, i + 4))))],
      /other byte order/,
    ],
    "each byte XORed with 0x5c": [
      (key) => [masked(key, Uint8Array.of(0x5c))],
      /^about 256 guesses/,
    ],
    "the XOR with a nonce that is sent": [
      (key, c) => {
        const nonce = c.random(32);
        return [nonce, masked(key, nonce)];
      },
      /XORed with another value that is known/,
    ],
    "the XOR with a constant": [(key) => [masked(key, constant)], /^one guess .*constant/],
    "the sum with a constant": [
      (key) => [plus(key, bytesBigint(constant))],
      /differs from it by a constant of the program/,
    ],
  };
  test.each(Object.entries(close))("%s", (_, [sent, words]) => {
    expect(costOf(sent)).toMatch(words);
  });

  test("what a key was made of is guessed as well", () => {
    const derived = (key: Uint8Array, c: CryptoKit): readonly Uint8Array[] =>
      sealed(c.hkdf({ hash: "sha256", key, length: 32 }), c);
    expect(costOf((key) => [plus(key, 1n)], derived)).toMatch(/a number close to it/);
  });
});

describe("not guessed is a key of which is sent", () => {
  const far: Record<string, Sent> = {
    nothing: () => [],
    "all but eight bytes": (key) => [key.slice(8)],
    "every other byte": (key) => [key.filter((_, i) => i % 2 === 0)],
    "all but eight single bytes": (key, c) => {
      const others = c.random(32);
      return [key.map((byte, i) => (i % 4 === 0 ? (others[i] ?? 0) : byte))];
    },
    "a hash": (key, c) => [c.hash("sha256", key)],
    "the XOR with a value that is not known": (key, c) => [c.xor(key, c.random(32))],
  };
  test.each(Object.entries(far))("%s", (_, sent) => expect(costOf(sent)).toBeUndefined());

  test("one more, where nothing tells a right guess from a wrong one", () => {
    const lab = new Lab();
    const key = lab.crypto.random(32);
    const pad = lab.crypto.random(32);
    const sent = [lab.crypto.xor(key, pad), plus(key, 1n)];
    expect(nearlyKnown(lab.seeing(sent))).toEqual([]);
  });

  test("counters that follow each other are no keys", () => {
    const lab = new Lab();
    const key = lab.crypto.random(32);
    const nonces = [1, 2, 3].map((n) => concat(zeros(11), Uint8Array.of(n)));
    const sent = nonces.map((n) => lab.crypto.seal("chacha20-poly1305", key, n, message));
    expect(nearlyKnown(lab.seeing([...sent, ...nonces.slice(1)], [message]))).toEqual([]);
  });
});

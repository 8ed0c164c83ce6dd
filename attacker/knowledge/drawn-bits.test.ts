/** Of how many bits what was drawn is, wherever it stands and however it is written. */
import { describe, expect, test } from "vitest";
import { concat, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { Lab } from "../testing/lab.ts";
import { computeCost } from "./compute-cost.ts";
import { countWords, drawnBits } from "./drawn-bits.ts";
import { nearlyKnown, withGuesses } from "./nearly-known.ts";

const digits = "0123456789";

describe("of so many bits is", () => {
  const values: Record<string, readonly [(c: CryptoKit) => Uint8Array, number | undefined]> = {
    "a word": [() => utf8("correct horse"), undefined],
    "a draw of bytes": [(c) => c.random(9), 72],
    "a draw of letters": [(c) => c.randomText(10, "abcdefgh"), 30],
    "a weak draw": [(c) => c.weakRandom(16, 80), 80],
    "a draw in base64": [(c) => c.encode("base64", c.random(9)), 72],
    "a hash of a draw, in hex": [(c) => c.encode("hex", c.hash("sha256", c.random(9))), 72],
    "a hash of a long draw": [(c) => c.hash("sha256", c.random(40)), 256],
    "half of a draw": [(c) => c.random(16).slice(0, 8), 64],
    "half of a draw in hex": [(c) => c.encode("hex", c.random(16)).slice(16), 64],
    "a word and a draw": [(c) => concat(utf8("key-"), c.random(5)), 40],
    "two draws": [(c) => concat(c.random(5), c.random(4)), 72],
    "one draw, twice": [
      (c) => {
        const drawn = c.random(9);
        return concat(c.encode("hex", drawn), drawn);
      },
      72,
    ],
  };
  test.each(Object.entries(values))("%s", (_, [make, bits]) => {
    const lab = new Lab();
    const value = make(lab.crypto);
    lab.crypto.hash("sha256", value);
    const found = drawnBits(lab.seeing([]), latin1(value));
    expect(found === undefined ? found : Math.round(found)).toBe(bits);
  });

  test("nothing is left of a draw that was seen", () => {
    const lab = new Lab();
    const drawn = lab.crypto.random(16);
    const value = lab.crypto.hash("sha256", concat(drawn, utf8("correct horse")));
    expect(drawnBits(lab.seeing([]), latin1(value))).toBe(128);
    expect(drawnBits(lab.seeing([drawn]), latin1(value))).toBeUndefined();
  });
});

describe("a message under a key that was drawn as", () => {
  const message = utf8("the gate is open");
  const iv = new Uint8Array(12);
  test.each([
    ["nine digits", 9, digits, /^about 2\^30 guesses of a key: it was drawn from so few$/],
    ["ten letters of two", 10, "ab", /^about 1,024 guesses/],
    ["19 digits", 19, digits, /^about 2\^64 guesses/],
    ["20 digits", 20, digits, undefined],
  ])("%s", (_, length, alphabet, cost) => {
    const lab = new Lab();
    const drawn = lab.crypto.randomText(length, alphabet);
    const key = lab.crypto.hash("sha256", drawn);
    const packet = lab.crypto.seal("chacha20-poly1305", key, iv, message);
    const before = lab.seeing([], [message]);
    expect(nearlyKnown(before)).toEqual([]);
    const knowledge = lab.seeing([packet], [message]);
    const guessed = withGuesses(knowledge, nearlyKnown(knowledge));
    expect(guessed.derivable(message)).toBe(cost !== undefined);
    if (cost !== undefined) expect(computeCost(guessed, latin1(message))).toMatch(cost);
  });

  test("a password: whether that can be guessed is asked elsewhere", () => {
    const lab = new Lab();
    const password = lab.crypto.randomText(9, digits);
    const packet = lab.crypto.hmac("sha256", password, message);
    expect(nearlyKnown(lab.seeing([packet])).length).toBe(1);
    expect(nearlyKnown(lab.seeing([packet], [password]))).toEqual([]);
  });
});

test.each([
  [0, "one guess"],
  [2, "about 4 guesses"],
  [Math.log2(10) * 6, "about 1,000,000 guesses"],
  [26.1, "about 2^27 guesses"],
])("%d bits in words: %s", (bits, words) => {
  expect(countWords(bits)).toBe(words);
});

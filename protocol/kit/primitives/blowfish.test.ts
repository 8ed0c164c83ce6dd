import { expect, test } from "vitest";
import { unhex } from "../vectors/load.ts";
import { cyclicWords, encryptBlock, expandKey, initialBlowfish } from "./blowfish.ts";

// From E. Young's vectors, which B. Schneier publishes with the cipher: key, plaintext, ciphertext.
test.each([
  ["0000000000000000", "0000000000000000", "4ef997456198dd78"],
  ["ffffffffffffffff", "ffffffffffffffff", "51866fd5b85ecb8a"],
  ["3000000000000000", "1000000000000001", "7d856f9a613063f2"],
  ["0123456789abcdef", "1111111111111111", "61f9c3802281b096"],
])("Blowfish without a salt: key %s", (key, plaintext, ciphertext) => {
  const state = initialBlowfish();
  expandKey(state, cyclicWords(unhex(key)));
  const block = Buffer.from(plaintext, "hex");
  const words = Int32Array.of(block.readInt32BE(0), block.readInt32BE(4));
  encryptBlock(state, words);
  const found = [...words].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  expect(found).toBe(ciphertext);
});

test("one key changes nothing in the next cipher", () => {
  const before = initialBlowfish();
  expandKey(initialBlowfish(), cyclicWords(Uint8Array.of(1, 2, 3)));
  expect(initialBlowfish()).toEqual(before);
});

test("bytes start over at their end, and only 72 of them count", () => {
  expect(cyclicWords(Uint8Array.of(1, 2, 3)).slice(0, 3)).toEqual(
    Int32Array.of(0x01020301, 0x02030102, 0x03010203),
  );
  const long = new Uint8Array(80).map((_, i) => i + 1);
  expect(cyclicWords(long)).toEqual(cyclicWords(long.subarray(0, 72)));
});

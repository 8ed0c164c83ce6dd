import { createCipheriv } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, hex } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { type Case, failures, readVectors, unhex, wycheproof } from "../vectors/load.ts";
import { type CipherMode, cipherDecrypt, cipherEncrypt, cipherIvBytes } from "./aes-modes.ts";

const streamModes = ["aes-cfb8", "aes-cfb128", "aes-ctr", "chacha20"] as const;
const bareModes = ["aes-cbc-bare", "aes-ecb-bare"] as const;
const modes: readonly CipherMode[] = ["aes-cbc", "aes-ecb", ...bareModes, ...streamModes];
const isBare = (mode: CipherMode): boolean => bareModes.some((bare) => bare === mode);
const openSslSuffix = {
  "aes-cbc": "cbc",
  "aes-cbc-bare": "cbc",
  "aes-ecb": "ecb",
  "aes-ecb-bare": "ecb",
  "aes-cfb8": "cfb8",
  "aes-cfb128": "cfb",
  "aes-ctr": "ctr",
} as const;

interface Sp800Vectors {
  readonly plaintext: string;
  readonly iv: Readonly<Record<string, string>>;
  readonly keys: Readonly<Record<string, string>>;
  readonly ciphertexts: readonly {
    readonly section: string;
    readonly mode: CipherMode;
    readonly key: string;
    readonly ciphertext: string;
  }[];
}

test.each([
  ["sp800-38a.json", 9],
  ["sp800-38a-blocks.json", 6],
])("NIST SP 800-38A, appendix F: %s", (file, count) => {
  const vectors = readVectors<Sp800Vectors>(file);
  expect(vectors.ciphertexts).toHaveLength(count);
  for (const { section, mode, key, ciphertext } of vectors.ciphertexts) {
    const keyBytes = unhex(vectors.keys[key] ?? "");
    const iv = unhex(vectors.iv[mode] ?? "");
    const plaintext = unhex(vectors.plaintext.slice(0, ciphertext.length));
    expect(hex(cipherEncrypt(mode, keyBytes, iv, plaintext)), section).toBe(ciphertext);
    expect(cipherDecrypt(mode, keyBytes, iv, unhex(ciphertext)), section).toEqual(plaintext);
  }
});

test("Wycheproof aes-cbc: bad padding is refused without a throw", () => {
  const tests = wycheproof<object, Case<"key" | "iv" | "msg" | "ct">>("aes_cbc_pkcs5");
  expect(tests).toHaveLength(216);
  const wrong = failures(tests, ({ key, iv, msg, ct, result }) => {
    const decrypted = cipherDecrypt("aes-cbc", unhex(key), unhex(iv), unhex(ct));
    if (result === "invalid") return decrypted === undefined;
    const encrypted = cipherEncrypt("aes-cbc", unhex(key), unhex(iv), unhex(msg));
    return hex(encrypted) === ct && decrypted !== undefined && hex(decrypted) === msg;
  });
  expect(wrong).toEqual([]);
});

const fixed = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
const anyKey = (mode: CipherMode) =>
  mode === "chacha20" ? fixed(32) : fc.constantFrom(16, 24, 32).chain(fixed);

function openSsl(mode: CipherMode, key: Uint8Array, iv: Uint8Array, data: Uint8Array): string {
  // OpenSSL has the block counter, four little-endian bytes, in front of the nonce of 12 bytes.
  const cipher =
    mode === "chacha20"
      ? createCipheriv("chacha20", key, concat(new Uint8Array(4), iv))
      : createCipheriv(`aes-${key.length * 8}-${openSslSuffix[mode]}`, key, iv);
  cipher.setAutoPadding(!isBare(mode));
  return Buffer.concat([cipher.update(data), cipher.final()]).toString("hex");
}

describe.each(modes)("%s", (mode) => {
  test("agrees with OpenSSL at any length and offset, and changes no argument", () => {
    const iv = fixed(cipherIvBytes(mode));
    const data = isBare(mode)
      ? fc.constantFrom(0, 16, 32, 80).chain(fixed)
      : fc.uint8Array({ maxLength: 100 });
    fc.assert(
      fc.property(anyKey(mode), iv, data, fc.nat(3), (key, iv, data, offset) => {
        const moved = [key, iv, data].map((b) => concat(new Uint8Array(offset), b));
        const before = moved.map(hex);
        const [k, i, d] = moved.map((b) => b.subarray(offset));
        if (!(k && i && d)) throw new Error("three arguments");
        const encrypted = cipherEncrypt(mode, k, i, d);
        expect(hex(encrypted)).toBe(openSsl(mode, key, iv, data));
        const elsewhere = concat(new Uint8Array(offset), encrypted).subarray(offset);
        expect(cipherDecrypt(mode, k, i, elsewhere)).toEqual(data);
        expect(hex(elsewhere)).toBe(hex(encrypted));
        expect(moved.map(hex)).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  test("a bad key is misuse; a bad iv is misuse to encrypt with, and decrypts nothing", () => {
    const key = new Uint8Array(32);
    const iv = new Uint8Array(cipherIvBytes(mode));
    const data = new Uint8Array(16);
    const encrypted = cipherEncrypt(mode, key, iv, data);
    expect(cipherDecrypt(mode, key, iv, encrypted)).toEqual(data);
    for (const badKey of [0, 15, 31, 33].map((size) => new Uint8Array(size))) {
      expect(() => cipherEncrypt(mode, badKey, iv, data)).toThrow(MisuseError);
      expect(() => cipherDecrypt(mode, badKey, iv, encrypted)).toThrow(MisuseError);
    }
    const otherSizes = [0, 8, 15, 16, 17].filter((size) => size !== iv.length);
    for (const badIv of otherSizes.map((size) => new Uint8Array(size))) {
      expect(() => cipherEncrypt(mode, key, badIv, data)).toThrow(MisuseError);
      expect(cipherDecrypt(mode, key, badIv, encrypted)).toBeUndefined();
    }
  });
});

test.each(["aes-cbc", "aes-ecb"] as const)("%s takes whole blocks, one or more", (mode) => {
  const [key, iv] = [new Uint8Array(16), new Uint8Array(cipherIvBytes(mode))];
  const encrypted = cipherEncrypt(mode, key, iv, new Uint8Array(40));
  expect(encrypted).toHaveLength(48);
  for (let size = 0; size < encrypted.length; size++) {
    if (size > 0 && size % 16 === 0) continue;
    const part = encrypted.subarray(0, size);
    expect(cipherDecrypt(mode, key, iv, part), `${size} bytes`).toBeUndefined();
  }
  expect(cipherDecrypt(mode, key, iv, encrypted)).toEqual(new Uint8Array(40));
});

test.each(bareModes)("%s takes whole blocks only, and shows the padding of others", (mode) => {
  const [key, iv] = [new Uint8Array(16), new Uint8Array(cipherIvBytes(mode))];
  for (const size of [1, 15, 17, 31]) {
    const data = new Uint8Array(size);
    expect(() => cipherEncrypt(mode, key, iv, data)).toThrow(MisuseError);
    expect(cipherDecrypt(mode, key, iv, data)).toBeUndefined();
  }
  expect(cipherEncrypt(mode, key, iv, new Uint8Array())).toEqual(new Uint8Array());
  expect(cipherDecrypt(mode, key, iv, new Uint8Array())).toEqual(new Uint8Array());
  const padded = mode === "aes-cbc-bare" ? "aes-cbc" : "aes-ecb";
  const shown = cipherDecrypt(mode, key, iv, cipherEncrypt(padded, key, iv, Uint8Array.of(7)));
  expect(shown).toEqual(Uint8Array.of(7, ...new Uint8Array(15).fill(15)));
});

test("aes-ecb: bad padding is refused", () => {
  const [key, none] = [new Uint8Array(16), new Uint8Array()];
  const open = (block: Uint8Array) =>
    cipherDecrypt("aes-ecb", key, none, cipherEncrypt("aes-ecb-bare", key, none, block));
  const ending = (...bytes: number[]) =>
    concat(new Uint8Array(16 - bytes.length), new Uint8Array(bytes));
  expect(open(ending(2, 2))).toEqual(new Uint8Array(14));
  expect(open(new Uint8Array(16).fill(16))).toEqual(none);
  const bad = [ending(0), ending(17), ending(255), ending(3, 2, 3), ending(2)];
  for (const block of bad) expect(open(block)).toBeUndefined();
});

test("equal blocks are equal in aes-ecb and can be cut and pasted", () => {
  const [key, none] = [new Uint8Array(16), new Uint8Array()];
  const blocks = (...fill: number[]) => concat(...fill.map((b) => new Uint8Array(16).fill(b)));
  const [one, two, again] = [0, 16, 32].map((at) =>
    cipherEncrypt("aes-ecb", key, none, blocks(1, 2, 1)).subarray(at, at + 16),
  );
  if (!(one && two && again)) throw new Error("three blocks");
  expect(again).toEqual(one);
  const pasted = concat(two, one, one);
  expect(cipherDecrypt("aes-ecb-bare", key, none, pasted)).toEqual(blocks(2, 1, 1));
});

test("the counter of aes-ctr is the whole block and wraps around", () => {
  const [key, iv, data] = [new Uint8Array(16), new Uint8Array(16).fill(255), new Uint8Array(40)];
  expect(hex(cipherEncrypt("aes-ctr", key, iv, data))).toBe(openSsl("aes-ctr", key, iv, data));
});

test("chacha20 starts at block 0: RFC 8439 appendix A.1, vector 1", () => {
  const stream = cipherEncrypt(
    "chacha20",
    new Uint8Array(32),
    new Uint8Array(12),
    new Uint8Array(8),
  );
  expect(hex(stream)).toBe("76b8e0ada0f13d90");
});

test("flipping a bit of a stream ciphertext flips that bit of the plaintext", () => {
  const key = new Uint8Array(32).fill(1);
  for (const mode of streamModes) {
    const iv = new Uint8Array(cipherIvBytes(mode));
    const encrypted = cipherEncrypt(mode, key, iv, new Uint8Array(12));
    encrypted[11] = (encrypted[11] ?? 0) ^ 0x40;
    const expected = new Uint8Array(12);
    expected[11] = 0x40;
    expect(cipherDecrypt(mode, key, iv, encrypted), mode).toEqual(expected);
  }
});

import { constants, createPublicKey, generateKeyPairSync, publicEncrypt } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { concat, hex, utf8 } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { readVectors, unhex } from "../vectors/load.ts";
import { ownRsaKey, rsaPower } from "./rsa-core.ts";
import { rsaLabKey } from "./rsa-lab-keys.ts";
import { rsaPkcs1Decrypt, rsaPkcs1Encrypt, rsaPkcs1SeedBytes } from "./rsa-pkcs1.ts";

const { privateKey, publicKey } = rsaLabKey(2048, 0);
const seed = new Uint8Array(rsaPkcs1SeedBytes).fill(6);
const anySeed = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** A ciphertext of exactly this block. */
const wrap = (block: Uint8Array): Uint8Array => {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
  const out = rsaPower(key, block);
  if (out === undefined) throw new Error("the block is not below the modulus");
  return out;
};

/** The block of a ciphertext, padding and all. */
function blockOf(ciphertext: Uint8Array | undefined): Uint8Array {
  const block = ciphertext && rsaPower(ownRsaKey(privateKey), ciphertext);
  if (block === undefined) throw new Error("no ciphertext under this key");
  return block;
}

interface Recorded {
  readonly encryptions: readonly {
    readonly bits: 2048 | 4096;
    readonly index: number;
    readonly message: string;
    readonly ciphertext: string;
  }[];
}

test("decrypts what OpenSSL once encrypted", () => {
  const { encryptions } = readVectors<Recorded>("rsa-openssl.json");
  expect(encryptions).toHaveLength(4);
  for (const { bits, index, message, ciphertext } of encryptions) {
    const found = rsaPkcs1Decrypt(rsaLabKey(bits, index).privateKey, unhex(ciphertext));
    expect(found && hex(found)).toBe(message);
  }
});

test.each([2048, 4096] as const)("we read OpenSSL's, and our blocks are right: %i bits", (bits) => {
  const pair = rsaLabKey(bits, 1);
  const openSsl = { key: Buffer.from(pair.publicKey), format: "der", type: "spki" } as const;
  const padding = constants.RSA_PKCS1_PADDING;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: bits / 8 - 11 }), anySeed, (message, seed) => {
      const ours = rsaPkcs1Encrypt(pair.publicKey, message, seed);
      if (ours === undefined) throw new Error("the message fits");
      expect(ours).toHaveLength(bits / 8);
      expect(rsaPkcs1Decrypt(pair.privateKey, ours)).toEqual(message);
      const theirs = publicEncrypt({ ...openSsl, padding }, message);
      expect(rsaPkcs1Decrypt(pair.privateKey, theirs)).toEqual(message);
    }),
    { numRuns: bits === 2048 ? 40 : 10 },
  );
});

test("the padding comes from the seed and has no zero in it", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 245 }), anySeed, (message, seed) => {
      const block = blockOf(rsaPkcs1Encrypt(publicKey, message, seed));
      const end = 255 - message.length;
      expect([...block.subarray(0, 2), block[end]]).toEqual([0, 2, 0]);
      expect(block.subarray(2, end).every((byte) => byte !== 0)).toBe(true);
      expect(block.subarray(end + 1)).toEqual(message);
    }),
    { numRuns: 20 },
  );
  const encrypt = (seed: Uint8Array) => rsaPkcs1Encrypt(publicKey, utf8("hi"), seed);
  expect(encrypt(seed)).toEqual(encrypt(seed.slice()));
  expect(encrypt(seed)).not.toEqual(encrypt(new Uint8Array(32)));
  expect(() => encrypt(seed.subarray(1))).toThrow(MisuseError);
});

test("a message that fills the room goes in, one byte more does not", () => {
  const most = new Uint8Array(245).fill(1);
  const full = rsaPkcs1Encrypt(publicKey, most, seed);
  expect(full && rsaPkcs1Decrypt(privateKey, full)).toEqual(most);
  expect(rsaPkcs1Encrypt(publicKey, new Uint8Array(246), seed)).toBeUndefined();
});

test("bad padding gives nothing, whatever is bad about it", () => {
  const filler = new Uint8Array(245).fill(7);
  const zero = Uint8Array.of(0);
  const start = Uint8Array.of(0, 2);
  const message = (count: number) => concat(zero, new Uint8Array(count).fill(9));
  // The shortest padding that will do, and the longest: then the message is empty.
  const eight = concat(start, filler.subarray(0, 8), message(245));
  expect(rsaPkcs1Decrypt(privateKey, wrap(eight))).toEqual(message(245).subarray(1));
  const whole = concat(start, filler, new Uint8Array(8).fill(7), zero);
  expect(rsaPkcs1Decrypt(privateKey, wrap(whole))).toEqual(new Uint8Array());
  const bad = [
    concat(start, filler.subarray(0, 7), message(246)),
    concat(start, message(253)),
    concat(start, filler, new Uint8Array(9).fill(7)),
    concat(Uint8Array.of(0, 1), filler.subarray(0, 8), message(245)),
    concat(Uint8Array.of(1, 2), filler.subarray(0, 8), message(245)),
    concat(Uint8Array.of(0, 0), filler.subarray(0, 8), message(245)),
    new Uint8Array(256),
  ];
  for (const block of bad) expect(rsaPkcs1Decrypt(privateKey, wrap(block))).toBeUndefined();
});

test("a ciphertext for another key, of another length or above the modulus gives nothing", () => {
  const good = rsaPkcs1Encrypt(publicKey, utf8("hi"), seed);
  if (good === undefined) throw new Error("the message fits");
  expect(rsaPkcs1Decrypt(privateKey, good)).toEqual(utf8("hi"));
  expect(rsaPkcs1Decrypt(rsaLabKey(2048, 1).privateKey, good)).toBeUndefined();
  expect(rsaPkcs1Decrypt(rsaLabKey(4096, 0).privateKey, good)).toBeUndefined();
  const zero = Uint8Array.of(0);
  for (const bad of [
    new Uint8Array(),
    good.subarray(1),
    concat(zero, good),
    concat(good, zero),
    new Uint8Array(256).fill(255),
  ]) {
    expect(rsaPkcs1Decrypt(privateKey, bad)).toBeUndefined();
  }
});

test("a public key that is none gives nothing; a private key that is none is misuse", () => {
  const ec = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "der" },
  });
  for (const bad of [new Uint8Array(), utf8("key"), privateKey, ec.publicKey]) {
    expect(rsaPkcs1Encrypt(bad, utf8("hi"), seed)).toBeUndefined();
  }
  for (const bad of [new Uint8Array(), utf8("key"), publicKey, ec.privateKey]) {
    expect(() => rsaPkcs1Decrypt(bad, new Uint8Array(256))).toThrow(MisuseError);
  }
});

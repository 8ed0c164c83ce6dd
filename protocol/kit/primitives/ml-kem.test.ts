import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, hex } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { type Case, failures, unhex, wycheproof } from "../vectors/load.ts";
import {
  mlKemCiphertextBytes,
  mlKemDecapsulate,
  mlKemEncapsulate,
  mlKemKeyPair,
  mlKemKeySeedBytes,
  mlKemPrivateKeyBytes,
  mlKemPublicKey,
  mlKemPublicKeyBytes,
  mlKemSeedBytes,
} from "./ml-kem.ts";

const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
const seed = new Uint8Array(mlKemKeySeedBytes).fill(5);
const coins = new Uint8Array(mlKemSeedBytes).fill(6);
const pair = mlKemKeyPair(seed);

/** An encapsulation for {@link pair}. */
function encapsulated() {
  const made = mlKemEncapsulate(pair.publicKey, coins);
  if (made === undefined) throw new Error("the key is good");
  return made;
}

test("Wycheproof ML-KEM-768: keys, secrets, and rejection that does not show", () => {
  const tests = wycheproof<object, Case<"seed" | "ek" | "c" | "K">>("mlkem_768");
  expect(tests).toHaveLength(16);
  const wrong = failures(tests, ({ seed, ek, c, K, result, comment }) => {
    if (comment === "Private key too short") return throwsMisuse(() => mlKemKeyPair(unhex(seed)));
    const { privateKey, publicKey } = mlKemKeyPair(unhex(seed));
    const secret = mlKemDecapsulate(privateKey, unhex(c));
    if (result === "invalid") return secret === undefined;
    return hex(publicKey) === ek && secret !== undefined && hex(secret) === K;
  });
  expect(wrong).toEqual([]);
});

function throwsMisuse(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch (error) {
    return error instanceof MisuseError;
  }
}

describe("key encapsulation", () => {
  test("both sides have the same secret, whatever the seeds, and no argument changes", () => {
    fc.assert(
      fc.property(bytes(64), bytes(32), fc.nat(3), (keySeed, coins, offset) => {
        const before = [keySeed, coins].map(hex);
        const { privateKey, publicKey } = mlKemKeyPair(keySeed);
        expect(mlKemPublicKey(privateKey)).toEqual(publicKey);
        const moved = concat(new Uint8Array(offset), publicKey).subarray(offset);
        const made = mlKemEncapsulate(moved, coins);
        if (made === undefined) throw new Error("the key is good");
        expect(made.sharedSecret).toHaveLength(32);
        expect(made.ciphertext).toHaveLength(mlKemCiphertextBytes);
        expect(mlKemDecapsulate(privateKey, made.ciphertext)).toEqual(made.sharedSecret);
        expect([keySeed, coins].map(hex)).toEqual(before);
        expect(moved).toEqual(publicKey);
      }),
      { numRuns: 20 },
    );
  });

  test("the same seeds give the same bytes, and other seeds give others", () => {
    expect(mlKemKeyPair(seed.slice())).toEqual(pair);
    expect([pair.publicKey.length, pair.privateKey.length]).toEqual([1184, 2400]);
    // z is only for rejection: it is in the private key and nowhere else.
    const otherZ = concat(seed.subarray(0, 32), new Uint8Array(32));
    expect(mlKemKeyPair(otherZ).publicKey).toEqual(pair.publicKey);
    expect(mlKemKeyPair(otherZ).privateKey).not.toEqual(pair.privateKey);
    const otherD = concat(new Uint8Array(32), seed.subarray(32));
    expect(mlKemKeyPair(otherD).publicKey).not.toEqual(pair.publicKey);
    const made = encapsulated();
    expect(mlKemEncapsulate(pair.publicKey, coins.slice())).toEqual(made);
    const other = mlKemEncapsulate(pair.publicKey, new Uint8Array(32));
    expect(other?.ciphertext).not.toEqual(made.ciphertext);
    expect(other?.sharedSecret).not.toEqual(made.sharedSecret);
  });
});

describe("what the network sends", () => {
  test("a forged ciphertext gives a secret that is another for each, and always the same", () => {
    const { ciphertext, sharedSecret } = encapsulated();
    const secrets = new Set([hex(sharedSecret)]);
    for (const at of [0, 500, 959, 960, 1087]) {
      const forged = ciphertext.map((byte, i) => (i === at ? byte ^ 1 : byte));
      const secret = mlKemDecapsulate(pair.privateKey, forged);
      expect(secret).toHaveLength(32);
      expect(mlKemDecapsulate(pair.privateKey, forged)).toEqual(secret);
      if (secret) secrets.add(hex(secret));
    }
    expect(secrets.size).toBe(6);
  });

  test("a ciphertext of another length gives nothing", () => {
    const { ciphertext } = encapsulated();
    const longer = concat(ciphertext, Uint8Array.of(0));
    for (const bad of [new Uint8Array(), ciphertext.subarray(1), longer]) {
      expect(mlKemDecapsulate(pair.privateKey, bad)).toBeUndefined();
    }
  });

  test("a public key with a number that is not below 3329, or of another length, is refused", () => {
    // Numbers of 12 bits, the first in the first byte and the lower half of the second.
    const withFirst = (value: number) =>
      pair.publicKey.map((byte, i) => {
        if (i === 0) return value & 255;
        return i === 1 ? (byte & 0xf0) | (value >> 8) : byte;
      });
    expect(mlKemEncapsulate(withFirst(3328), coins)).toBeDefined();
    for (const value of [3329, 3330, 4095]) {
      expect(mlKemEncapsulate(withFirst(value), coins)).toBeUndefined();
    }
    const last = pair.publicKey.slice();
    last.fill(255, mlKemPublicKeyBytes - 34, mlKemPublicKeyBytes - 32);
    expect(mlKemEncapsulate(last, coins)).toBeUndefined();
    const longer = concat(pair.publicKey, Uint8Array.of(0));
    for (const bad of [new Uint8Array(), pair.publicKey.subarray(1), longer]) {
      expect(mlKemEncapsulate(bad, coins)).toBeUndefined();
    }
    fc.assert(
      fc.property(bytes(mlKemPublicKeyBytes), (key) => {
        // Random bytes are next to never a key; they must not make it throw.
        mlKemEncapsulate(key, coins);
      }),
      { numRuns: 20 },
    );
  });
});

test("bad seeds and private keys are misuse", () => {
  for (const size of [0, 32, 63, 65]) {
    expect(() => mlKemKeyPair(new Uint8Array(size))).toThrow(MisuseError);
  }
  for (const size of [0, 31, 33, 64]) {
    const bad = new Uint8Array(size);
    expect(() => mlKemEncapsulate(pair.publicKey, bad)).toThrow(MisuseError);
  }
  const { ciphertext } = encapsulated();
  // One bit of the public key inside, or of its hash behind it.
  const changed = [1152, mlKemPrivateKeyBytes - 64].map((at) =>
    pair.privateKey.map((byte, i) => (i === at ? byte ^ 1 : byte)),
  );
  for (const bad of [new Uint8Array(), pair.privateKey.subarray(1), ...changed]) {
    expect(() => mlKemDecapsulate(bad, ciphertext)).toThrow(MisuseError);
  }
  expect(() => mlKemPublicKey(pair.publicKey)).toThrow(MisuseError);
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { curvePublicKey, curveSharedSecret } from "./curves.ts";
import { mlKemDecapsulate, mlKemEncapsulate, mlKemKeyPair } from "./ml-kem.ts";
import {
  x25519MlKem768Decapsulate,
  x25519MlKem768Encapsulate,
  x25519MlKem768KeyPair,
} from "./x25519-mlkem768.ts";

const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
const client = x25519MlKem768KeyPair(new Uint8Array(96).fill(5));
const seed = new Uint8Array(64).fill(6);

function answer() {
  const made = x25519MlKem768Encapsulate(client.publicKey, seed);
  if (made === undefined) throw new Error("the share is good");
  return made;
}
const flip = (value: Uint8Array, at: number) =>
  value.map((byte, i) => (i === at ? byte ^ 1 : byte));

// No vectors are published; both halves have theirs, and this is how the draft joins them.
test("every value is that of ML-KEM-768 and then that of X25519", () => {
  fc.assert(
    fc.property(bytes(64), bytes(32), bytes(32), bytes(32), (kemSeed, a, coins, b) => {
      const pair = x25519MlKem768KeyPair(concat(kemSeed, a));
      const kem = mlKemKeyPair(kemSeed);
      expect(pair.privateKey).toEqual(concat(kem.privateKey, a));
      expect(pair.publicKey).toEqual(concat(kem.publicKey, curvePublicKey("x25519", a)));
      expect(pair.publicKey).toHaveLength(1216);
      const made = x25519MlKem768Encapsulate(pair.publicKey, concat(coins, b));
      const half = mlKemEncapsulate(kem.publicKey, coins);
      const curve = curveSharedSecret("x25519", a, curvePublicKey("x25519", b));
      if (!(made && half && curve)) throw new Error("all shares are good");
      expect(made.serverShare).toEqual(concat(half.ciphertext, curvePublicKey("x25519", b)));
      expect(made.serverShare).toHaveLength(1120);
      expect(made.sharedSecret).toEqual(concat(half.sharedSecret, curve));
      const secret = x25519MlKem768Decapsulate(pair.privateKey, made.serverShare);
      expect(secret).toEqual(made.sharedSecret);
    }),
    { numRuns: 10 },
  );
});

describe("what the network sends", () => {
  const good = answer();

  test("a changed share gives another secret in the half that was changed", () => {
    const kemForged = flip(good.serverShare, 0);
    const secret = x25519MlKem768Decapsulate(client.privateKey, kemForged);
    const kemPrivate = client.privateKey.subarray(0, 2400);
    const rejected = mlKemDecapsulate(kemPrivate, kemForged.subarray(0, 1088));
    expect(secret?.subarray(0, 32)).toEqual(rejected);
    expect(secret?.subarray(0, 32)).not.toEqual(good.sharedSecret.subarray(0, 32));
    expect(secret?.subarray(32)).toEqual(good.sharedSecret.subarray(32));
    const other = x25519MlKem768Decapsulate(client.privateKey, flip(good.serverShare, 1088));
    expect(other?.subarray(0, 32)).toEqual(good.sharedSecret.subarray(0, 32));
    expect(other?.subarray(32)).not.toEqual(good.sharedSecret.subarray(32));
  });

  test("an X25519 point of small order, or numbers that are no ML-KEM key, give nothing", () => {
    const zero = new Uint8Array(32);
    const weakClient = concat(client.publicKey.subarray(0, 1184), zero);
    expect(x25519MlKem768Encapsulate(weakClient, seed)).toBeUndefined();
    const weakServer = concat(good.serverShare.subarray(0, 1088), zero);
    expect(x25519MlKem768Decapsulate(client.privateKey, weakServer)).toBeUndefined();
    const noKey = client.publicKey.slice().fill(255, 0, 1184);
    expect(x25519MlKem768Encapsulate(noKey, seed)).toBeUndefined();
  });

  test("shares of another length give nothing", () => {
    for (const size of [0, 32, 1088, 1119, 1120, 1121, 1184, 1215, 1217]) {
      expect(x25519MlKem768Encapsulate(new Uint8Array(size), seed)).toBeUndefined();
      if (size === 1120) continue;
      expect(x25519MlKem768Decapsulate(client.privateKey, new Uint8Array(size))).toBeUndefined();
    }
  });
});

test("seeds and private keys of another length are misuse", () => {
  const { serverShare } = answer();
  for (const size of [0, 32, 63, 65, 95, 97]) {
    const bad = new Uint8Array(size);
    expect(() => x25519MlKem768KeyPair(bad)).toThrow(MisuseError);
    expect(() => x25519MlKem768Encapsulate(client.publicKey, bad)).toThrow(MisuseError);
    expect(() => x25519MlKem768Decapsulate(bad, serverShare)).toThrow(MisuseError);
  }
  const broken = flip(client.privateKey, 1152);
  expect(() => x25519MlKem768Decapsulate(broken, serverShare)).toThrow(MisuseError);
});

import { constants, generateKeyPairSync, sign, verify } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, hex, utf8 } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { readVectors, unhex } from "../vectors/load.ts";
import { type HashName, hash } from "./hash.ts";
import { ownRsaKey, rsaPower } from "./rsa-core.ts";
import { rsaLabKey } from "./rsa-lab-keys.ts";
import {
  rsaPkcs1Sign,
  rsaPkcs1Verify,
  rsaPssSaltBytes,
  rsaPssSign,
  rsaPssVerify,
} from "./rsa-signatures.ts";

const names: readonly HashName[] = ["md5", "sha1", "sha256", "sha384", "sha512"];
const message = utf8("pay alice 10");

const publicSide = (der: Uint8Array) =>
  ({ key: Buffer.from(der), format: "der", type: "spki" }) as const;
const privateSide = (der: Uint8Array) =>
  ({ key: Buffer.from(der), format: "der", type: "pkcs8" }) as const;
const pss = (saltLength: number) => ({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
const pkcs1 = { padding: constants.RSA_PKCS1_PADDING };
const saltFor = (name: HashName) => new Uint8Array(rsaPssSaltBytes(name)).fill(6);

interface Recorded {
  readonly cases: readonly {
    readonly scheme: "pss" | "pkcs1";
    readonly bits: 2048 | 4096;
    readonly index: number;
    readonly hash: HashName;
    readonly message: string;
    readonly salt: string;
    readonly signature: string;
  }[];
}

test("gives the bytes that OpenSSL gave for the same keys and salts", () => {
  const { cases } = readVectors<Recorded>("rsa-openssl.json");
  expect(cases).toHaveLength(9);
  for (const { scheme, bits, index, hash, ...given } of cases) {
    const { privateKey, publicKey } = rsaLabKey(bits, index);
    const [text, salt, signature] = [given.message, given.salt, given.signature].map(unhex);
    if (!(text && salt && signature)) throw new Error("three fields");
    const check = scheme === "pss" ? rsaPssVerify : rsaPkcs1Verify;
    expect(check(hash, publicKey, text, signature), scheme + hash).toBe(true);
    const ours =
      scheme === "pss"
        ? rsaPssSign(hash, privateKey, text, salt)
        : rsaPkcs1Sign(hash, privateKey, text);
    expect(hex(ours), scheme + hash).toBe(given.signature);
  }
});

describe.each(names)("with %s", (name) => {
  const saltSize = rsaPssSaltBytes(name);
  const anyMessage = fc.uint8Array({ maxLength: 100 });

  test.each([2048, 4096] as const)("OpenSSL and we accept each other's: %i bits", (bits) => {
    const { privateKey, publicKey } = rsaLabKey(bits, 1);
    const anySalt = fc.uint8Array({ minLength: saltSize, maxLength: saltSize });
    fc.assert(
      fc.property(anyMessage, anySalt, (message, salt) => {
        const ours = rsaPssSign(name, privateKey, message, salt);
        expect(ours).toHaveLength(bits / 8);
        const options = { ...publicSide(publicKey), ...pss(saltSize) };
        expect(verify(name, message, options, ours)).toBe(true);
        const theirs = sign(name, message, { ...privateSide(privateKey), ...pss(saltSize) });
        expect(rsaPssVerify(name, publicKey, message, theirs)).toBe(true);
        const plain = sign(name, message, { ...privateSide(privateKey), ...pkcs1 });
        expect(hex(rsaPkcs1Sign(name, privateKey, message))).toBe(plain.toString("hex"));
        expect(rsaPkcs1Verify(name, publicKey, message, plain)).toBe(true);
      }),
      { numRuns: bits === 2048 ? 6 : 2 },
    );
  });

  test("a signature is good for one scheme, hash, key and message", () => {
    const { privateKey, publicKey } = rsaLabKey(2048, 0);
    const signed = {
      pss: rsaPssSign(name, privateKey, message, saltFor(name)),
      pkcs1: rsaPkcs1Sign(name, privateKey, message),
    };
    expect(rsaPssVerify(name, publicKey, message, signed.pss)).toBe(true);
    expect(rsaPkcs1Verify(name, publicKey, message, signed.pkcs1)).toBe(true);
    expect(rsaPssVerify(name, publicKey, message, signed.pkcs1)).toBe(false);
    expect(rsaPkcs1Verify(name, publicKey, message, signed.pss)).toBe(false);
    for (const other of names.filter((other) => other !== name)) {
      expect(rsaPssVerify(other, publicKey, message, signed.pss)).toBe(false);
      expect(rsaPkcs1Verify(other, publicKey, message, signed.pkcs1)).toBe(false);
    }
    const otherKey = rsaLabKey(2048, 1).publicKey;
    for (const [key, text] of [
      [otherKey, message],
      [publicKey, utf8("pay alice 11")],
    ] as const) {
      expect(rsaPssVerify(name, key, text, signed.pss)).toBe(false);
      expect(rsaPkcs1Verify(name, key, text, signed.pkcs1)).toBe(false);
    }
  });

  test("the salt decides which PSS signature it is, and has one length", () => {
    const { privateKey, publicKey } = rsaLabKey(2048, 0);
    const one = rsaPssSign(name, privateKey, message, saltFor(name));
    expect(rsaPssSign(name, privateKey, message.slice(), saltFor(name))).toEqual(one);
    expect(rsaPssSign(name, privateKey, message, new Uint8Array(saltSize))).not.toEqual(one);
    for (const size of [0, saltSize - 1, saltSize + 1]) {
      const salt = new Uint8Array(size);
      expect(() => rsaPssSign(name, privateKey, message, salt)).toThrow(MisuseError);
      const theirs = sign(name, message, { ...privateSide(privateKey), ...pss(size) });
      expect(rsaPssVerify(name, publicKey, message, theirs)).toBe(false);
    }
  });
});

describe("what the network sends", () => {
  const { privateKey, publicKey } = rsaLabKey(2048, 0);
  const good = {
    pss: rsaPssSign("sha256", privateKey, message, saltFor("sha256")),
    pkcs1: rsaPkcs1Sign("sha256", privateKey, message),
  };
  const anyGood = (key: Uint8Array, pss: Uint8Array, pkcs1 = pss) =>
    rsaPssVerify("sha256", key, message, pss) || rsaPkcs1Verify("sha256", key, message, pkcs1);

  test("changed, cut and longer signatures are refused", () => {
    for (let bit = 0; bit < 2048; bit += 7) {
      const [p, q] = [good.pss, good.pkcs1].map((signature) =>
        signature.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
      );
      if (!(p && q)) throw new Error("two signatures");
      expect(anyGood(publicKey, p, q)).toBe(false);
    }
    const zero = Uint8Array.of(0);
    expect(anyGood(publicKey, good.pss.subarray(1), good.pkcs1.subarray(1))).toBe(false);
    expect(anyGood(publicKey, concat(zero, good.pss), concat(zero, good.pkcs1))).toBe(false);
    expect(anyGood(publicKey, concat(good.pss, zero), concat(good.pkcs1, zero))).toBe(false);
    for (const size of [0, 1, 255, 256, 257]) {
      for (const byte of [0, 1, 255]) {
        expect(anyGood(publicKey, new Uint8Array(size).fill(byte))).toBe(false);
      }
    }
  });

  test("a public key that is none verifies nothing", () => {
    const ec = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "der" },
      privateKeyEncoding: { type: "pkcs8", format: "der" },
    });
    for (const bad of [new Uint8Array(), utf8("key"), privateKey, ec.publicKey]) {
      expect(anyGood(bad, good.pss, good.pkcs1)).toBe(false);
    }
    fc.assert(
      fc.property(fc.nat(publicKey.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bad = publicKey.map((byte, i) => (i === at ? byte ^ change : byte));
        // Some changes leave the same numbers in another wrapping; none may make it throw.
        anyGood(bad, good.pss, good.pkcs1);
      }),
    );
  });

  test("PKCS#1 blocks that only a lax parser reads are refused", () => {
    const digest = hash("sha256", message);
    const info = concat(unhex("3031300d060960864801650304020105000420"), digest);
    const withoutNull = concat(unhex("302f300b0609608648016503040201"), unhex("0420"), digest);
    /** Whether a block of this type, with padding as long as it must be, verifies. */
    const accepted = (type: number, end: Uint8Array) => {
      const padding = new Uint8Array(253 - end.length).fill(0xff);
      const block = concat(Uint8Array.of(0, type), padding, Uint8Array.of(0), end);
      const signature = rsaPower(ownRsaKey(privateKey), block);
      if (signature === undefined) throw new Error("the block is below the modulus");
      return rsaPkcs1Verify("sha256", publicKey, message, signature);
    };
    expect(accepted(1, info)).toBe(true);
    expect([accepted(0, info), accepted(2, info)]).toEqual([false, false]);
    expect(accepted(1, digest)).toBe(false);
    expect(accepted(1, withoutNull)).toBe(false);
    // Forgeable under e = 3: little padding, and bytes of any kind behind the hash.
    expect(accepted(1, concat(info, new Uint8Array(245 - info.length).fill(9)))).toBe(false);
  });
});

describe("keys of other sizes, among them some whose PSS block is a byte shorter", () => {
  test.each([1025, 1026, 1031, 1032])("%i bits", (bits) => {
    const pair = generateKeyPairSync("rsa", {
      modulusLength: bits,
      publicKeyEncoding: { type: "spki", format: "der" },
      privateKeyEncoding: { type: "pkcs8", format: "der" },
    });
    const salt = saltFor("sha256");
    const ours = rsaPssSign("sha256", pair.privateKey, message, salt);
    const options = { ...publicSide(pair.publicKey), ...pss(32) };
    expect(verify("sha256", message, options, ours)).toBe(true);
    expect(rsaPssVerify("sha256", pair.publicKey, message, ours)).toBe(true);
    expect(rsaPssVerify("sha256", pair.publicKey, utf8("other"), ours)).toBe(false);
  });
});

test("a private key that is none, or too short for the hash, is misuse", () => {
  const { publicKey } = rsaLabKey(2048, 0);
  const short = generateKeyPairSync("rsa", {
    modulusLength: 512,
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "der" },
  });
  const salt = saltFor("sha512");
  for (const bad of [new Uint8Array(), utf8("key"), publicKey, short.privateKey]) {
    expect(() => rsaPssSign("sha512", bad, message, salt)).toThrow(MisuseError);
    expect(() => rsaPkcs1Sign("sha512", bad, message)).toThrow(MisuseError);
  }
  const signature = new Uint8Array(64);
  expect(rsaPssVerify("sha512", short.publicKey, message, signature)).toBe(false);
  expect(rsaPkcs1Verify("sha512", short.publicKey, message, signature)).toBe(false);
});

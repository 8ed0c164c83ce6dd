import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex, utf8 } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { type Case, failures, unhex, wycheproof } from "../vectors/load.ts";
import { rsaOaepDecrypt, rsaOaepEncrypt, rsaOaepSeedBytes, rsaPublicKey } from "./rsa.ts";
import { rsaLabKey } from "./rsa-lab-keys.ts";

const padding = constants.RSA_PKCS1_OAEP_PADDING;
const openSslPublic = (der: Uint8Array) =>
  ({ key: Buffer.from(der), format: "der", type: "spki", padding }) as const;
const openSslPrivate = (der: Uint8Array) =>
  ({ key: Buffer.from(der), format: "der", type: "pkcs8", padding }) as const;

/** Well-formed keys, but not of RSA. */
const otherKind = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "der" },
  privateKeyEncoding: { type: "pkcs8", format: "der" },
});

const seedFor = (name: "sha1" | "sha256") => new Uint8Array(rsaOaepSeedBytes(name)).fill(6);

test("Wycheproof RSA-OAEP, 2048 bits, SHA-256", () => {
  type Group = { readonly privateKeyPkcs8: string };
  const tests = wycheproof<Group, Case<"msg" | "ct" | "label">>("rsa_oaep_2048_sha256_mgf1sha256");
  expect(tests).toHaveLength(37);
  const wrong = failures(tests, ({ privateKeyPkcs8, msg, ct, label, result }) => {
    const message = rsaOaepDecrypt("sha256", unhex(privateKeyPkcs8), unhex(ct), unhex(label));
    if (result === "invalid") return message === undefined;
    return message !== undefined && hex(message) === msg;
  });
  expect(wrong).toEqual([]);
});

describe.each(["sha1", "sha256"] as const)("OAEP with %s", (oaepHash) => {
  const hashSize = rsaOaepSeedBytes(oaepHash);

  test.each([2048, 4096] as const)("OpenSSL reads ours, and we read its: %i bits", (bits) => {
    const { privateKey, publicKey } = rsaLabKey(bits, 1);
    const room = bits / 8 - 2 * hashSize - 2;
    const seed = fc.uint8Array({ minLength: hashSize, maxLength: hashSize });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: room }), seed, (message, seed) => {
        const ours = rsaOaepEncrypt(oaepHash, publicKey, message, seed);
        if (ours === undefined) throw new Error("the message fits");
        expect(ours).toHaveLength(bits / 8);
        const read = privateDecrypt({ ...openSslPrivate(privateKey), oaepHash }, ours);
        expect(new Uint8Array(read)).toEqual(message);
        const theirs = publicEncrypt({ ...openSslPublic(publicKey), oaepHash }, message);
        expect(rsaOaepDecrypt(oaepHash, privateKey, theirs)).toEqual(message);
      }),
      { numRuns: bits === 2048 ? 40 : 10 },
    );
  });

  test("one seed, one ciphertext; another seed, another", () => {
    const { publicKey } = rsaLabKey(2048, 0);
    const encrypt = (seed: Uint8Array) => rsaOaepEncrypt(oaepHash, publicKey, utf8("hi"), seed);
    const seed = seedFor(oaepHash);
    expect(encrypt(seed)).toEqual(encrypt(seed.slice()));
    expect(encrypt(seed)).not.toEqual(encrypt(new Uint8Array(hashSize)));
  });

  test("a message that fills the room goes in, one byte more does not", () => {
    const { privateKey, publicKey } = rsaLabKey(2048, 0);
    const most = new Uint8Array(256 - 2 * hashSize - 2).fill(1);
    const seed = seedFor(oaepHash);
    const full = rsaOaepEncrypt(oaepHash, publicKey, most, seed);
    expect(full && rsaOaepDecrypt(oaepHash, privateKey, full)).toEqual(most);
    const longer = new Uint8Array(most.length + 1);
    expect(rsaOaepEncrypt(oaepHash, publicKey, longer, seed)).toBeUndefined();
  });

  test("a seed of another length is misuse", () => {
    const { publicKey } = rsaLabKey(2048, 0);
    const bad = new Uint8Array(hashSize - 1);
    expect(() => rsaOaepEncrypt(oaepHash, publicKey, utf8("hi"), bad)).toThrow(MisuseError);
  });
});

describe("what the network sends", () => {
  const { privateKey, publicKey } = rsaLabKey(2048, 0);

  test("a ciphertext for another key, hash, length or size gives nothing", () => {
    const good = rsaOaepEncrypt("sha256", publicKey, utf8("hi"), seedFor("sha256"));
    if (good === undefined) throw new Error("the message fits");
    expect(rsaOaepDecrypt("sha256", privateKey, good)).toEqual(utf8("hi"));
    expect(rsaOaepDecrypt("sha1", privateKey, good)).toBeUndefined();
    expect(rsaOaepDecrypt("sha256", rsaLabKey(2048, 1).privateKey, good)).toBeUndefined();
    expect(rsaOaepDecrypt("sha256", rsaLabKey(4096, 0).privateKey, good)).toBeUndefined();
    const changed = good.map((byte, i) => (i === 200 ? byte ^ 1 : byte));
    for (const bad of [
      changed,
      new Uint8Array(),
      good.subarray(1),
      new Uint8Array([0, ...good]),
      new Uint8Array(256),
      new Uint8Array(256).fill(255),
    ]) {
      expect(rsaOaepDecrypt("sha256", privateKey, bad)).toBeUndefined();
    }
  });

  test("a ciphertext that begins with zero must not be sent without it", () => {
    // About one seed in 256 makes such a ciphertext; these are the same seeds in every run.
    const seeds = [...Array(3000).keys()].map((i) => new Uint8Array([i >> 8, i & 255]));
    const made = seeds.map((start) => {
      const seed = seedFor("sha256");
      seed.set(start);
      return rsaOaepEncrypt("sha256", publicKey, utf8("hi"), seed);
    });
    const zero = made.find((ciphertext) => ciphertext?.[0] === 0);
    if (zero === undefined) throw new Error("no seed made a ciphertext that begins with zero");
    expect(rsaOaepDecrypt("sha256", privateKey, zero)).toEqual(utf8("hi"));
    expect(rsaOaepDecrypt("sha256", privateKey, zero.subarray(1))).toBeUndefined();
  });

  test("a public key that is none gives nothing", () => {
    const seed = seedFor("sha1");
    const cut = publicKey.subarray(0, publicKey.length - 1);
    for (const bad of [new Uint8Array(), utf8("key"), cut, privateKey, otherKind.publicKey]) {
      expect(rsaOaepEncrypt("sha1", bad, utf8("hi"), seed)).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.nat(publicKey.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bad = publicKey.map((byte, i) => (i === at ? byte ^ change : byte));
        // Most changes make another number of the modulus; none may make it throw.
        rsaOaepEncrypt("sha1", bad, utf8("hi"), seed);
      }),
    );
  });
});

test("a private key that is none is misuse", () => {
  const { publicKey } = rsaLabKey(2048, 0);
  for (const bad of [new Uint8Array(), utf8("key"), publicKey, otherKind.privateKey]) {
    expect(() => rsaOaepDecrypt("sha1", bad, new Uint8Array(256))).toThrow(MisuseError);
    expect(() => rsaPublicKey(bad)).toThrow(MisuseError);
  }
});

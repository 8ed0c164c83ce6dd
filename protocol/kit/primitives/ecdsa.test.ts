import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bigintBytes, bytesBigint, concat, fromHex, hex, utf8 } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { type Case, failures, unhex, wycheproof } from "../vectors/load.ts";
import { curvePrivateKey, curvePublicKey } from "./curves.ts";
import { type EcdsaFormat, ecdsaSign, ecdsaVerify } from "./ecdsa.ts";

const formats: readonly EcdsaFormat[] = ["p1363", "der"];
const order = p256.Point.Fn.ORDER;
const anyKey = fc
  .uint8Array({ minLength: 48, maxLength: 48 })
  .map((seed) => curvePrivateKey("p256", seed));
const anyMessage = fc.uint8Array({ maxLength: 100 });

type Group = { readonly publicKey: { readonly uncompressed: string } };
const wycheproofCases = wycheproof<Group, Case<"msg" | "sig">>("ecdsa_secp256r1_sha256_p1363");

test("Wycheproof, p1363: forged signatures are refused without a throw", () => {
  expect(wycheproofCases).toHaveLength(262);
  const wrong = failures(wycheproofCases, ({ publicKey, msg, sig, result }) => {
    const good = ecdsaVerify("p1363", unhex(publicKey.uncompressed), unhex(msg), unhex(sig));
    return good === (result === "valid");
  });
  expect(wrong).toEqual([]);
});

/** Strict DER of any two numbers that are not negative, written apart from the library's. */
function der(r: bigint, s: bigint): Uint8Array {
  const numbers = [r, s].map((value) => {
    const bytes = bigintBytes(value);
    const positive = (bytes[0] ?? 0) > 0x7f ? concat(Uint8Array.of(0), bytes) : bytes;
    return concat(Uint8Array.of(2, positive.length), positive);
  });
  const content = concat(...numbers);
  return concat(Uint8Array.of(0x30, content.length), content);
}

const halves = (signature: Uint8Array): readonly [bigint, bigint] => [
  bytesBigint(signature.subarray(0, 32)),
  bytesBigint(signature.subarray(32)),
];

test("the same Wycheproof cases, written in DER", () => {
  const whole = wycheproofCases.filter(({ sig }) => sig.length === 128);
  expect(whole).toHaveLength(241);
  const wrong = failures(whole, ({ publicKey, msg, sig, result }) => {
    const signature = der(...halves(unhex(sig)));
    const good = ecdsaVerify("der", unhex(publicKey.uncompressed), unhex(msg), signature);
    return good === (result === "valid");
  });
  expect(wrong).toEqual([]);
});

test("RFC 6979 §A.2.5: P-256 with SHA-256", () => {
  const key = unhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
  const x = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
  const y = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
  const cases = [
    [
      "sample",
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ],
    [
      "test",
      "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
      "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
    ],
  ] as const;
  for (const [message, r, s] of cases) {
    const signature = ecdsaSign("p1363", key, utf8(message));
    expect(hex(signature)).toBe(r + s);
    expect(ecdsaSign("der", key, utf8(message))).toEqual(der(...halves(signature)));
    for (const publicKey of [curvePublicKey("p256", key), unhex(`04${x}${y}`)]) {
      expect(ecdsaVerify("p1363", publicKey, utf8(message), signature)).toBe(true);
    }
  }
});

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

describe.each(formats)("%s", (format) => {
  const dsaEncoding = format === "der" ? "der" : "ieee-p1363";

  test("OpenSSL accepts ours, and we accept its", () => {
    fc.assert(
      fc.property(anyKey, anyMessage, (privateKey, message) => {
        const publicKey = curvePublicKey("p256", privateKey);
        const point = p256.Point.fromBytes(publicKey).toAffine();
        const [x, y] = [base64url(bigintBytes(point.x, 32)), base64url(bigintBytes(point.y, 32))];
        const d = base64url(privateKey);
        const jwk = { kty: "EC", crv: "P-256", x, y };
        const openSslPublic = createPublicKey({ key: jwk, format: "jwk" });
        const openSslPrivate = createPrivateKey({ key: { ...jwk, d }, format: "jwk" });
        const ours = ecdsaSign(format, privateKey, message);
        expect(ecdsaSign(format, privateKey, message.slice())).toEqual(ours);
        expect(verify("sha256", message, { key: openSslPublic, dsaEncoding }, ours)).toBe(true);
        const theirs = sign("sha256", message, { key: openSslPrivate, dsaEncoding });
        expect(ecdsaVerify(format, publicKey, message, new Uint8Array(theirs))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("is malleable: (r, n - s) is good as well, and no other change", () => {
    const key = new Uint8Array(32).fill(5);
    const publicKey = curvePublicKey("p256", key);
    const message = utf8("pay alice 10");
    const [r, s] = halves(ecdsaSign("p1363", key, message));
    const encode = (r: bigint, s: bigint) =>
      format === "der" ? der(r, s) : concat(bigintBytes(r, 32), bigintBytes(s, 32));
    const good = (r: bigint, s: bigint) => ecdsaVerify(format, publicKey, message, encode(r, s));
    expect([good(r, s), good(r, order - s)]).toEqual([true, true]);
    const others: readonly (readonly [bigint, bigint])[] = [
      [order - r, s],
      [s, r],
      [r, 0n],
      [0n, s],
      [0n, 0n],
      [r, s + order],
      [r + 1n, s],
      [r, order],
    ];
    for (const [r, s] of others.filter((pair) => pair.every((v) => v < 1n << 256n))) {
      expect(good(r, s)).toBe(false);
    }
    expect(ecdsaVerify(format, publicKey, utf8("pay alice 11"), encode(r, s))).toBe(false);
  });

  test("keys and signatures of any bytes are refused or, where local, misuse", () => {
    const key = new Uint8Array(32).fill(5);
    const publicKey = curvePublicKey("p256", key);
    const message = utf8("hi");
    const signature = ecdsaSign(format, key, message);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), (bytes) => {
        expect(ecdsaVerify(format, publicKey, message, bytes)).toBe(false);
        expect(ecdsaVerify(format, bytes, message, signature)).toBe(false);
      }),
    );
    const infinity = Uint8Array.of(0);
    // The hybrid form of X9.62 has another first byte before the same coordinates.
    const hybrid = p256.Point.fromBytes(publicKey).toBytes(false);
    hybrid[0] = 6 + ((hybrid[64] ?? 0) & 1);
    for (const bad of [infinity, hybrid]) {
      expect(ecdsaVerify(format, bad, message, signature)).toBe(false);
    }
    const badKeys = [key.subarray(1), new Uint8Array(32), bigintBytes(order, 32)];
    for (const bad of [...badKeys, concat(key, key)]) {
      expect(() => ecdsaSign(format, bad, message)).toThrow(MisuseError);
    }
  });
});

test("DER that is not the one encoding is refused", () => {
  const key = new Uint8Array(32).fill(5);
  const publicKey = curvePublicKey("p256", key);
  // A message whose r needs a zero in front of it and whose s needs none.
  const [message, good] = [...Array(200).keys()]
    .map((i) => [Uint8Array.of(i), hex(ecdsaSign("der", key, Uint8Array.of(i)))] as const)
    .find(([, signature]) => /^304502210.{65}0220/.test(signature)) ?? [utf8(""), ""];
  const [r, s] = [good.slice(10, 74), good.slice(78)];
  expect(good).toBe(`3045022100${r}0220${s}`);
  const verdict = (text: string) => {
    const signature = fromHex(text);
    if (signature === undefined) throw new Error(`not hex: ${text}`);
    return ecdsaVerify("der", publicKey, message, signature);
  };
  expect(verdict(good)).toBe(true);
  const bad = [
    `3044022100${r}0220${s}`,
    `3046022100${r}0220${s}`,
    `3046022100${r}0220${s}00`,
    `${good}00`,
    `308145022100${r}0220${s}`,
    `3080022100${r}0220${s}0000`,
    `30440220${r}0220${s}`,
    `304602220000${r}0220${s}`,
    `3046022100${r}022100${s}`,
    `304602812100${r}0220${s}`,
    `3045032100${r}0220${s}`,
    `3145022100${r}0220${s}`,
    `3023022100${r}`,
    `3023022100${r}0500`,
    `3025022100${r}02010000`,
    `3048022100${r}0220${s}020100`,
    "3000",
    "3006020100020100",
    "3006020101020101",
    "",
    good.slice(0, -2),
    `${r}${s}`,
  ];
  for (const text of bad) expect(verdict(text), text).toBe(false);
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../kit/bytes.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { type CertificateBody, isCurrent, issue, verifyCertificate } from "./certificate.ts";
import { type CborItem, decodeItem, encodeItem } from "./edhoc/cbor.ts";

const crypto = new CryptoRecorder([], new Random("certificate"), "root");
const root = crypto.signingKeyPair();
const trusted = { name: "root", publicKey: root.publicKey };
const body: CertificateBody = {
  subject: "alice",
  curve: "x25519",
  staticKey: crypto.keyPair("x25519").publicKey,
  signingKey: crypto.signingKeyPair().publicKey,
  from: 10,
  until: 20,
  serial: 7,
  issuer: "root",
};
const { bytes } = issue(crypto, root, body);
const verify = (b: Uint8Array, as = trusted) => verifyCertificate(crypto, as, b);

test("what the root issued is verified, and has 150 bytes with these names", () => {
  expect(verify(bytes)).toEqual({ ...body, bytes });
  expect(bytes.length).toBe(150);
});

test("it holds from its first second to its last", () => {
  expect([9_999, 10_000, 19_999, 20_000].map((now) => isCurrent(body, now))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

describe("nothing else is verified", () => {
  test("with any bit changed, or cut anywhere", () => {
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const other = bytes.map((b, at) => (at === bit >> 3 ? b ^ (1 << (bit & 7)) : b));
      expect(verify(other)).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(verify(bytes.slice(0, length))).toBeUndefined();
    }
  });

  test("of another root, or of one by another name", () => {
    const other = crypto.signingKeyPair();
    expect(verify(bytes, { name: "root", publicKey: other.publicKey })).toBeUndefined();
    expect(verify(bytes, { ...trusted, name: "toor" })).toBeUndefined();
    expect(verify(issue(crypto, other, body).bytes)).toBeUndefined();
  });

  test("with fields of another kind, fewer or more", () => {
    const fields = decodeItem(bytes) as readonly CborItem[];
    const wrong: readonly CborItem[] = [null, -1, "", utf8("x"), [], new Map()];
    const others = fields.flatMap((_, i) => wrong.map((w) => fields.with(i, w)));
    for (const other of [...others, fields.slice(1), [...fields, 1], []]) {
      expect(verify(encodeItem(other))).toBeUndefined();
    }
  });

  test("of random bytes, and nothing throws", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (b) => verify(b) === undefined));
  });

  test("a signature for another purpose does not make a certificate", () => {
    const fields = decodeItem(bytes) as readonly CborItem[];
    const signature = crypto.sign(root.privateKey, encodeItem(fields.slice(0, -1)));
    expect(verify(encodeItem(fields.with(8, signature)))).toBeUndefined();
  });
});

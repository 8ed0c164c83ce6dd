import { createPrivateKey, sign } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, hex, utf8 } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { type Case, failures, unhex, wycheproof } from "../vectors/load.ts";
import { ed25519PublicKey, ed25519Sign, ed25519Verify } from "./ed25519.ts";

const anyKey = fc.uint8Array({ minLength: 32, maxLength: 32 });
const anyMessage = fc.uint8Array({ maxLength: 100 });

describe("ed25519", () => {
  test("Wycheproof: forged and malleable signatures are refused without a throw", () => {
    type Group = { readonly publicKey: { readonly pk: string } };
    const tests = wycheproof<Group, Case<"msg" | "sig">>("ed25519");
    expect(tests).toHaveLength(151);
    const wrong = failures(tests, ({ publicKey, msg, sig, result }) => {
      const good = ed25519Verify(unhex(publicKey.pk), unhex(msg), unhex(sig));
      return good === (result === "valid");
    });
    expect(wrong).toEqual([]);
  });

  test("signs as OpenSSL does", () => {
    // The PKCS#8 wrapping of RFC 8410 §7, in which the key is the last 32 bytes.
    const prefix = unhex("302e020100300506032b657004220420");
    fc.assert(
      fc.property(anyKey, anyMessage, (key, message) => {
        const der = Buffer.from(concat(prefix, key));
        const openSslKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
        const signature = ed25519Sign(key, message);
        expect(hex(signature)).toBe(sign(null, message, openSslKey).toString("hex"));
        expect(ed25519Verify(ed25519PublicKey(key), message, signature)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("one changed bit anywhere spoils a signature", () => {
    const key = new Uint8Array(32).fill(5);
    const message = utf8("pay alice 10");
    const signature = ed25519Sign(key, message);
    const publicKey = ed25519PublicKey(key);
    expect(ed25519Verify(publicKey, message, signature)).toBe(true);
    const flip = (bytes: Uint8Array, bit: number) =>
      bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    for (let bit = 0; bit < 512; bit += 5) {
      expect(ed25519Verify(publicKey, message, flip(signature, bit))).toBe(false);
      expect(ed25519Verify(flip(publicKey, bit % 256), message, signature)).toBe(false);
      expect(ed25519Verify(publicKey, flip(message, bit % 96), signature)).toBe(false);
    }
  });

  test("a public key of small order verifies nothing, though the equation holds", () => {
    const identity = new Uint8Array(32);
    identity[0] = 1;
    const signature = concat(identity, new Uint8Array(32));
    expect(ed25519Verify(identity, utf8("anything"), signature)).toBe(false);
  });

  test("keys and signatures of other lengths are refused or, where local, misuse", () => {
    const publicKey = ed25519PublicKey(new Uint8Array(32));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(ed25519Verify(publicKey, bytes, bytes)).toBe(false);
        expect(ed25519Verify(bytes, bytes, new Uint8Array(64))).toBe(false);
      }),
    );
    expect(() => ed25519PublicKey(new Uint8Array(31))).toThrow(MisuseError);
    expect(() => ed25519Sign(new Uint8Array(64), publicKey)).toThrow(MisuseError);
  });
});

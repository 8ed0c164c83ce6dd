/** What is cut out of a secret is as secret, wherever it stands; and so is what is decrypted. */
import { describe, expect, test } from "vitest";
import { concat, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { Lab } from "../testing/lab.ts";

const lab = new Lab();
const key = lab.crypto.random(32);
const mac = lab.crypto.hmac("sha256", key, utf8("a message"));
const other = lab.crypto.hmac("sha256", key, utf8("another message"));
const offsets = [0, 1, 2, 3, 4, 5, 6, 7];

describe("a slice of a MAC, after any number of constant bytes", () => {
  test.each([
    [7, true],
    [8, false],
    [9, false],
    [10, false],
    [11, false],
  ])("%i bytes of it: derivable %s", (length, derivable) => {
    for (const before of offsets) {
      for (const from of offsets) {
        const slice = mac.slice(from, from + length);
        const value = concat(utf8("constant".slice(0, before)), slice, utf8("constant"));
        expect(lab.seeing([]).derivable(value)).toBe(derivable);
        expect(lab.seeing([slice]).derivable(value)).toBe(true);
      }
    }
  });

  test("beside one of another MAC, both have to be known", () => {
    for (const before of offsets) {
      const constant = utf8("constant".slice(0, before));
      const value = concat(constant, mac.slice(3, 12), other.slice(5, 14));
      expect(lab.seeing([mac]).derivable(value)).toBe(false);
      expect(lab.seeing([other]).derivable(value)).toBe(false);
      expect(lab.seeing([mac, other]).derivable(value)).toBe(true);
    }
  });
});

describe("what is decrypted out of something that nobody encrypted is as secret as the key", () => {
  const iv = new Uint8Array(16);
  const sources: Record<string, (c: CryptoKit) => Uint8Array> = {
    "a nonce": (c) => c.random(24),
    "a hash": (c) => c.hash("sha256", utf8("what anybody can hash")),
    "a public key": (c) => c.keyPair("x25519").publicKey,
    "a ciphertext under another key": (c) =>
      c.encrypt("aes-ctr", c.random(16), iv, utf8("words, words")),
  };
  test.each(Object.entries(sources))("%s", (_, source) => {
    const own = new Lab();
    const { crypto } = own;
    const secret = crypto.random(16);
    const sent = source(crypto);
    const opened = crypto.decrypt("aes-ctr", secret, iv, sent);
    if (opened === undefined) throw new Error("a stream cipher opens everything");
    expect(own.seeing([sent]).derivable(opened)).toBe(false);
    expect(own.seeing([sent, secret]).derivable(opened)).toBe(true);
  });

  test("a constant that was encrypted is a constant when it is decrypted", () => {
    const own = new Lab();
    const secret = own.crypto.random(16);
    const sealed = own.crypto.encrypt("aes-ctr", secret, iv, utf8("a constant text"));
    own.crypto.decrypt("aes-ctr", secret, iv, sealed);
    expect(own.seeing([]).derivable(utf8("a constant text"))).toBe(true);
  });
});

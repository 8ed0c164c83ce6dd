import { createCipheriv } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, hex } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { type Case, failures, unhex, wycheproof } from "../vectors/load.ts";
import {
  type AeadName,
  aeadKeyBytes,
  aeadNonceBytes,
  aeadOpen,
  aeadSeal,
  aeadTagBytes,
  aeadTagFirst,
  aeadTakesData,
} from "./aead.ts";

const names: readonly AeadName[] = [
  "aes-gcm",
  "chacha20-poly1305",
  "xchacha20-poly1305",
  "aes-ccm",
  "aes-ccm-8",
  "xsalsa20-poly1305",
];

interface Group {
  readonly tagSize: number;
}
type AeadCase = Group & Case<"key" | "iv" | "aad" | "msg" | "ct" | "tag">;

/** Sealing must give the vector's bytes, and opening its message, or nothing if it is invalid. */
function agrees(name: AeadName, t: AeadCase): boolean {
  const [key, nonce, ad, message] = [unhex(t.key), unhex(t.iv), unhex(t.aad), unhex(t.msg)];
  const sealed = concat(unhex(t.ct), unhex(t.tag));
  const opened = aeadOpen(name, key, nonce, sealed, ad);
  if (t.result !== "valid") return opened === undefined;
  const same = hex(aeadSeal(name, key, nonce, message, ad)) === hex(sealed);
  return same && opened !== undefined && hex(opened) === t.msg;
}

describe("Wycheproof", () => {
  test.each([
    ["aes-gcm", "aes_gcm", 133],
    ["chacha20-poly1305", "chacha20_poly1305", 325],
    ["xchacha20-poly1305", "xchacha20_poly1305", 151],
  ] as const)("%s", (name, file, count) => {
    const tests = wycheproof<Group, AeadCase>(file);
    expect(tests).toHaveLength(count);
    expect(failures(tests, (t) => agrees(name, t))).toEqual([]);
  });

  test("aes-ccm and aes-ccm-8", () => {
    const tests = wycheproof<Group, AeadCase>("aes_ccm");
    const short = tests.filter((t) => t.tagSize === 64);
    const long = tests.filter((t) => t.tagSize === 128);
    expect([short.length, long.length]).toEqual([16, 168]);
    expect(failures(short, (t) => agrees("aes-ccm-8", t))).toEqual([]);
    expect(failures(long, (t) => agrees("aes-ccm", t))).toEqual([]);
  });
});

/** What OpenSSL makes of the same arguments, where it has the cipher. */
function openSslSeal(
  name: "aes-gcm" | "aes-ccm" | "aes-ccm-8",
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  ad: Uint8Array,
): string {
  const bits = key.length * 8;
  const authTagLength = aeadTagBytes(name);
  const cipher =
    name === "aes-gcm"
      ? createCipheriv(`aes-${bits}-gcm` as "aes-128-gcm", key, nonce)
      : createCipheriv(`aes-${bits}-ccm` as "aes-128-ccm", key, nonce, { authTagLength });
  cipher.setAAD(ad, { plaintextLength: plaintext.length });
  const parts = [cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(parts).toString("hex");
}

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const aesKey = fc.constantFrom(16, 24, 32).chain((size) => bytes(size, size));

describe("OpenSSL agrees", () => {
  test("on aes-gcm with nonces of 8 to 40 bytes", () => {
    fc.assert(
      fc.property(aesKey, bytes(8, 40), bytes(0, 80), bytes(0, 40), (key, nonce, text, ad) => {
        const expected = openSslSeal("aes-gcm", key, nonce, text, ad);
        expect(hex(aeadSeal("aes-gcm", key, nonce, text, ad))).toBe(expected);
      }),
    );
  });

  test.each(["aes-ccm", "aes-ccm-8"] as const)("on %s with nonces of 7 to 13 bytes", (name) => {
    fc.assert(
      fc.property(aesKey, bytes(7, 13), bytes(0, 80), bytes(0, 40), (key, nonce, text, ad) => {
        const expected = openSslSeal(name, key, nonce, text, ad);
        expect(hex(aeadSeal(name, key, nonce, text, ad))).toBe(expected);
      }),
    );
  });

  test("on aes-ccm with so much associated data that its length takes six bytes", () => {
    const [key, nonce, text] = [new Uint8Array(16), new Uint8Array(13), new Uint8Array(5)];
    for (const size of [0xfeff, 0xff00, 0x10001]) {
      const ad = new Uint8Array(size).fill(3);
      const expected = openSslSeal("aes-ccm", key, nonce, text, ad);
      expect(hex(aeadSeal("aes-ccm", key, nonce, text, ad))).toBe(expected);
    }
  });
});

describe.each(names)("%s", (name) => {
  const key = new Uint8Array(32).fill(1);
  const nonce = new Uint8Array(aeadNonceBytes(name)).fill(2);

  const anyData = aeadTakesData(name) ? bytes(1, 40) : bytes(0, 0);

  test("opens what it sealed, wherever in a buffer the arguments lie, and changes none", () => {
    fc.assert(
      fc.property(bytes(1, 70), anyData, (text, ad) => {
        // An odd offset: the library reads words, and must cope with bytes between them.
        const arguments_ = [key, nonce, text, ad].map((b) => concat(Uint8Array.of(0), b));
        const before = arguments_.map(hex);
        const [k, n, t, a] = arguments_.map((b) => b.subarray(1));
        if (!(k && n && t && a)) throw new Error("four arguments");
        const sealed = aeadSeal(name, k, n, t, a);
        expect(sealed).toHaveLength(text.length + aeadTagBytes(name));
        expect(sealed).toEqual(aeadSeal(name, key, nonce, text, ad));
        const moved = concat(Uint8Array.of(0), sealed).subarray(1);
        expect(aeadOpen(name, k, n, moved, a)).toEqual(text);
        expect(hex(moved)).toBe(hex(sealed));
        expect(arguments_.map(hex)).toEqual(before);
      }),
    );
  });

  test("a change of any bit, a cut or an addition is noticed", () => {
    const text = new Uint8Array(20).fill(4);
    const ad = aeadTakesData(name) ? Uint8Array.of(1, 2) : new Uint8Array();
    const sealed = aeadSeal(name, key, nonce, text, ad);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const bad = sealed.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(aeadOpen(name, key, nonce, bad, ad)).toBeUndefined();
    }
    for (let size = 0; size < sealed.length; size++) {
      expect(aeadOpen(name, key, nonce, sealed.subarray(0, size), ad)).toBeUndefined();
    }
    const longer = concat(sealed, Uint8Array.of(0));
    expect(aeadOpen(name, key, nonce, longer, ad)).toBeUndefined();
    expect(aeadOpen(name, key, nonce, sealed, Uint8Array.of(1))).toBeUndefined();
    if (ad.length > 0) expect(aeadOpen(name, key, nonce, sealed)).toBeUndefined();
    expect(aeadOpen(name, key, new Uint8Array(nonce.length), sealed, ad)).toBeUndefined();
    expect(aeadOpen(name, key, nonce, sealed, ad)).toEqual(text);
  });

  test("the tag stands where aeadTagFirst says, and the rest is the plaintext, masked", () => {
    const size = aeadTagBytes(name);
    const body = (text: Uint8Array) => {
      const sealed = aeadSeal(name, key, nonce, text);
      return aeadTagFirst(name) ? sealed.subarray(size) : sealed.subarray(0, -size);
    };
    const stream = body(new Uint8Array(40));
    const text = new Uint8Array(40).map((_, i) => i);
    expect(body(text)).toEqual(stream.map((byte, i) => byte ^ i));
  });

  test("a bad key is misuse; a bad nonce is misuse to seal with and a forgery to open", () => {
    const empty = new Uint8Array();
    const sealed = aeadSeal(name, key, nonce, empty);
    expect(aeadOpen(name, key, nonce, sealed)).toEqual(empty);
    for (const size of [0, 15, 16, 24, 31, 33]) {
      if (aeadKeyBytes(name).includes(size)) continue;
      const badKey = new Uint8Array(size);
      expect(() => aeadSeal(name, badKey, nonce, empty)).toThrow(MisuseError);
      expect(() => aeadOpen(name, badKey, nonce, sealed)).toThrow(MisuseError);
    }
    for (const size of [0, 6, 14, 17, 40]) {
      const badNonce = new Uint8Array(size);
      expect(aeadOpen(name, key, badNonce, sealed)).toBeUndefined();
      if (name === "aes-gcm" && size >= 8) continue;
      expect(() => aeadSeal(name, key, badNonce, empty)).toThrow(MisuseError);
    }
  });
});

test("associated data for a secretbox is misuse to seal with and a forgery to open", () => {
  const [name, key, nonce] = ["xsalsa20-poly1305", new Uint8Array(32), new Uint8Array(24)] as const;
  const [text, ad] = [new Uint8Array(5), Uint8Array.of(0)];
  const sealed = aeadSeal(name, key, nonce, text, new Uint8Array());
  expect(() => aeadSeal(name, key, nonce, text, ad)).toThrow(MisuseError);
  expect(aeadOpen(name, key, nonce, sealed, ad)).toBeUndefined();
  expect(aeadOpen(name, key, nonce, sealed)).toEqual(text);
});

test("aes-ccm refuses what the nonce leaves no room to count", () => {
  const [key, nonce] = [new Uint8Array(16), new Uint8Array(13)];
  const most = aeadSeal("aes-ccm", key, nonce, new Uint8Array(65535));
  expect(aeadOpen("aes-ccm", key, nonce, most)).toHaveLength(65535);
  expect(() => aeadSeal("aes-ccm", key, nonce, new Uint8Array(65536))).toThrow(MisuseError);
  expect(aeadOpen("aes-ccm", key, nonce, new Uint8Array(65536 + 16))).toBeUndefined();
});

import { createHash, createHmac, hkdfSync } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex, utf8 } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { type Case, failures, readVectors, unhex, wycheproof } from "../vectors/load.ts";
import { type HashName, hash, hashBytes, hkdf, hkdfExpand, hkdfExtract, hmac } from "./hash.ts";

const names: readonly HashName[] = ["md5", "sha1", "sha256", "sha384", "sha512"];
interface OldHashes {
  readonly md5: readonly { readonly text: string; readonly hash: string }[];
  readonly hmac: readonly Readonly<Record<"hash" | "key" | "data" | "mac", string>>[];
}
const oldHashes = readVectors<OldHashes>("md5-sha1.json");

const anyName = fc.constantFrom(...names);
const anyBytes = fc.uint8Array({ maxLength: 300 });

describe("hash", () => {
  test("hashes `abc` as FIPS 180 does", () => {
    expect(hex(hash("sha1", utf8("abc")))).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
    expect(hex(hash("sha256", utf8("abc")))).toMatch(/^ba7816bf.*f20015ad$/);
    expect(hex(hash("sha384", utf8("abc")))).toMatch(/^cb00753f.*58baeca134c825a7$/);
    expect(hex(hash("sha512", utf8("abc")))).toMatch(/^ddaf35a1.*2a9ac94fa54ca49f$/);
  });

  test("RFC 1321 §A.5: MD5", () => {
    expect(oldHashes.md5).toHaveLength(7);
    for (const { text, hash: expected } of oldHashes.md5) {
      expect(hex(hash("md5", utf8(text))), text).toBe(expected);
    }
  });

  test("agrees with OpenSSL, and hashBytes names the length", () => {
    fc.assert(
      fc.property(anyName, anyBytes, (name, data) => {
        expect(hex(hash(name, data))).toBe(createHash(name).update(data).digest("hex"));
        expect(hash(name, data).length).toBe(hashBytes(name));
      }),
    );
  });
});

describe("hmac", () => {
  test("Wycheproof HMAC-SHA-256, tags cut short too", () => {
    type Group = { readonly tagSize: number };
    const tests = wycheproof<Group, Case<"key" | "msg" | "tag">>("hmac_sha256");
    expect(tests).toHaveLength(174);
    const wrong = failures(tests, ({ key, msg, tag, tagSize, result }) => {
      const computed = hmac("sha256", unhex(key), unhex(msg)).subarray(0, tagSize / 8);
      return (hex(computed) === tag) === (result === "valid");
    });
    expect(wrong).toEqual([]);
  });

  test.each(["md5", "sha1"] as const)("RFC 2202: HMAC-%s", (name) => {
    const cases = oldHashes.hmac.filter((c) => c.hash === name);
    expect(cases).toHaveLength(7);
    for (const { key, data, mac } of cases) {
      expect(hex(hmac(name, unhex(key), unhex(data)))).toBe(mac);
    }
  });

  test("agrees with OpenSSL under keys of any length", () => {
    fc.assert(
      fc.property(anyName, anyBytes, anyBytes, (name, key, data) => {
        const expected = createHmac(name, key).update(data).digest("hex");
        expect(hex(hmac(name, key, data))).toBe(expected);
      }),
    );
  });
});

describe("hkdf", () => {
  test.each([
    ["hkdf_sha256", "sha256", 86],
    ["hkdf_sha512", "sha512", 27],
  ] as const)("Wycheproof %s", (file, name, count) => {
    type Size = { readonly size: number };
    const tests = wycheproof<object, Case<"ikm" | "salt" | "info" | "okm"> & Size>(file);
    expect(tests).toHaveLength(count);
    const wrong = failures(tests, ({ ikm, salt, info, size, okm, result }) => {
      const derive = () => hkdf(name, unhex(ikm), unhex(salt), unhex(info), size);
      // What is invalid here is only a length that the caller should not have asked for.
      if (result === "invalid") return throwsMisuse(derive);
      return hex(derive()) === okm;
    });
    expect(wrong).toEqual([]);
  });

  test("without salt and info is with empty ones", () => {
    fc.assert(
      fc.property(anyName, anyBytes, fc.integer({ min: 0, max: 200 }), (name, key, length) => {
        const empty = new Uint8Array();
        const expected = new Uint8Array(hkdfSync(name, key, empty, empty, length));
        expect(hkdf(name, key, undefined, undefined, length)).toEqual(expected);
        expect(hkdf(name, key, empty, empty, length)).toEqual(expected);
      }),
    );
  });

  test("is extract, then expand", () => {
    fc.assert(
      fc.property(anyName, anyBytes, anyBytes, anyBytes, (name, key, salt, info) => {
        const extracted = hkdfExtract(name, key, salt);
        expect(extracted).toEqual(hmac(name, salt, key));
        expect(hkdfExpand(name, extracted, info, 99)).toEqual(hkdf(name, key, salt, info, 99));
      }),
    );
  });

  test("expands keys shorter than a hash by the letter of the RFC", () => {
    const key = utf8("sixteen byte key");
    const info = utf8("info");
    const first = hmac("sha256", key, new Uint8Array([...info, 1]));
    const second = hmac("sha256", key, new Uint8Array([...first, ...info, 2]));
    const expected = new Uint8Array([...first, ...second.subarray(0, 8)]);
    expect(hkdfExpand("sha256", key, info, 40)).toEqual(expected);
  });

  test("a bad length is misuse", () => {
    for (const length of [-1, 1.5, Number.NaN, 255 * 32 + 1]) {
      expect(() => hkdf("sha256", utf8("key"), undefined, undefined, length)).toThrow(MisuseError);
    }
  });
});

function throwsMisuse(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch (error) {
    return error instanceof MisuseError;
  }
}

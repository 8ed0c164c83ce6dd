import { pbkdf2Sync, scryptSync } from "node:crypto";
import { argon2id } from "@noble/hashes/argon2.js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex, utf8 } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { type Case, failures, readVectors, unhex, wycheproof } from "../vectors/load.ts";
import type { HashName } from "./hash.ts";
import { hashPassword, type PasswordHash } from "./password.ts";

interface ScryptCase {
  readonly password: string;
  readonly salt: string;
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly output: string;
}
interface Argon2Case {
  readonly password: string;
  readonly salt: string;
  readonly iterations: number;
  readonly memoryKiB: number;
  readonly lanes: number;
  readonly output: string;
}
interface Vectors {
  readonly scrypt: { readonly cases: readonly ScryptCase[] };
  readonly argon2id: Argon2Case & { readonly secret: string; readonly associatedData: string };
  readonly argon2idRecorded: {
    readonly cases: readonly (Argon2Case & { readonly length: number })[];
  };
}
const vectors = readVectors<Vectors>("password.json");
const anyBytes = fc.uint8Array({ maxLength: 40 });
const anyLength = fc.integer({ min: 1, max: 80 });

describe("scrypt", () => {
  test("RFC 7914 §12", () => {
    expect(vectors.scrypt.cases).toHaveLength(3);
    for (const { password, salt, N, r, p, output } of vectors.scrypt.cases) {
      const how = { kind: "scrypt", N, r, p, length: 64 } as const;
      expect(hex(hashPassword(how, utf8(password), utf8(salt)))).toBe(output);
    }
  });

  test("agrees with OpenSSL", () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, anyLength, (password, salt, length) => {
        const how = { kind: "scrypt", N: 4, r: 3, p: 2, length } as const;
        const expected = scryptSync(password, salt, length, { N: 4, r: 3, p: 2 });
        expect(hex(hashPassword(how, password, salt))).toBe(expected.toString("hex"));
      }),
      { numRuns: 30 },
    );
  });
});

describe("argon2id", () => {
  test("RFC 9106 §5.3: the library, since the vector has inputs that we do not offer", () => {
    const { password, salt, iterations, memoryKiB, lanes, output, ...more } = vectors.argon2id;
    const tag = argon2id(unhex(password), unhex(salt), {
      t: iterations,
      m: memoryKiB,
      p: lanes,
      dkLen: 32,
      key: unhex(more.secret),
      personalization: unhex(more.associatedData),
    });
    expect(hex(tag)).toBe(output);
  });

  test("agrees with Python's cryptography", () => {
    expect(vectors.argon2idRecorded.cases).toHaveLength(4);
    for (const { password, salt, output, ...rest } of vectors.argon2idRecorded.cases) {
      const how = { kind: "argon2id", ...rest } as const;
      expect(hex(hashPassword(how, unhex(password), unhex(salt)))).toBe(output);
    }
  });
});

describe("pbkdf2", () => {
  test("Wycheproof HMAC-SHA-256", () => {
    type Cost = { readonly iterationCount: number; readonly dkLen: number };
    const tests = wycheproof<object, Case<"password" | "salt" | "dk"> & Cost>("pbkdf2_hmacsha256");
    expect(tests).toHaveLength(60);
    const wrong = failures(tests, ({ password, salt, iterationCount, dkLen, dk }) => {
      const how = { hash: "sha256", iterations: iterationCount, length: dkLen } as const;
      return hex(hashPassword({ kind: "pbkdf2", ...how }, unhex(password), unhex(salt))) === dk;
    });
    expect(wrong).toEqual([]);
  });

  test("agrees with OpenSSL for every hash", () => {
    const anyName = fc.constantFrom<HashName>("md5", "sha1", "sha256", "sha384", "sha512");
    fc.assert(
      fc.property(anyName, anyBytes, anyBytes, (name, password, salt) => {
        const how = { kind: "pbkdf2", hash: name, iterations: 3, length: 70 } as const;
        const expected = pbkdf2Sync(password, salt, 3, 70, name);
        expect(hex(hashPassword(how, password, salt))).toBe(expected.toString("hex"));
      }),
      { numRuns: 40 },
    );
  });
});

test("parameters out of range are misuse", () => {
  const bad: readonly PasswordHash[] = [
    { kind: "scrypt", N: 3, r: 8, p: 1, length: 32 },
    { kind: "argon2id", iterations: 0, memoryKiB: 8, lanes: 1, length: 32 },
    { kind: "argon2id", iterations: 1, memoryKiB: 8, lanes: 1, length: 3 },
    { kind: "pbkdf2", hash: "sha256", iterations: 0, length: 32 },
  ];
  for (const how of bad) {
    expect(() => hashPassword(how, utf8("password"), utf8("saltsalt"))).toThrow(MisuseError);
  }
  const argon2 = { kind: "argon2id", iterations: 1, memoryKiB: 8, lanes: 1, length: 32 } as const;
  expect(() => hashPassword(argon2, utf8("password"), utf8("short"))).toThrow(MisuseError);
});

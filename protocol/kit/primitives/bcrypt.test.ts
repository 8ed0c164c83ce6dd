import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, hex, utf8 } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { readVectors, unhex } from "../vectors/load.ts";
import { type BcryptVersion, bcryptHash, bcryptText } from "./bcrypt.ts";
import { hashPassword } from "./password.ts";

interface BcryptCase {
  readonly password: string;
  readonly salt: string;
  /** Version and cost are the characters 1 and 2, and 4 and 5. */
  readonly text: string;
}
interface Vectors {
  readonly published: readonly BcryptCase[];
  readonly recorded: readonly BcryptCase[];
}
const vectors = readVectors<Vectors>("bcrypt.json");
const salt = new Uint8Array(16).fill(5);
const hash = (password: Uint8Array) => hex(bcryptHash(4, password, salt));

test.each([
  ["crypt_blowfish", vectors.published, 9],
  ["libxcrypt", vectors.recorded, 14],
] as const)("%s", (_, cases, count) => {
  expect(cases).toHaveLength(count);
  for (const { password, salt, text } of cases) {
    const version: BcryptVersion = text.startsWith("$2a$") ? "2a" : "2b";
    const cost = Number(text.slice(4, 6));
    const found = bcryptHash(cost, unhex(password), unhex(salt));
    expect(found).toHaveLength(23);
    expect(bcryptText(version, cost, unhex(salt), found)).toBe(text);
    const how = { kind: "bcrypt", cost } as const;
    if (cost < 8) expect(hashPassword(how, unhex(password), unhex(salt))).toEqual(found);
  }
});

describe("what counts", () => {
  test("72 bytes of the password and no more", () => {
    const start = new Uint8Array(71).fill(7);
    const one = concat(start, utf8("a"));
    expect(hash(concat(one, utf8("bcd")))).toBe(hash(one));
    expect(hash(concat(start, utf8("b")))).not.toBe(hash(one));
  });

  test("the password up to its first zero byte", () => {
    expect(hash(Uint8Array.of(7, 0, 8))).toBe(hash(Uint8Array.of(7)));
    expect(hash(Uint8Array.of(0, 8))).toBe(hash(new Uint8Array()));
  });

  test("every byte of the salt, and the cost", () => {
    const password = utf8("password");
    const found = new Set([hash(password), hex(bcryptHash(5, password, salt))]);
    for (let i = 0; i < 16; i++) {
      const other = salt.map((byte, at) => (at === i ? byte ^ 128 : byte));
      found.add(hex(bcryptHash(4, password, other)));
    }
    expect(found.size).toBe(18);
  });

  test("any bytes are a password, and none of them change", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), (password) => {
        const before = hex(password);
        expect(hash(password)).toBe(hash(password.slice()));
        expect(hex(password)).toBe(before);
      }),
      { numRuns: 10 },
    );
  });
});

test("another cost or another length of salt is misuse", () => {
  const password = utf8("password");
  for (const cost of [-1, 0, 3, 13, 4.5, Number.NaN]) {
    expect(() => bcryptHash(cost, password, salt)).toThrow(MisuseError);
    expect(() => hashPassword({ kind: "bcrypt", cost }, password, salt)).toThrow(MisuseError);
  }
  for (const size of [0, 15, 17]) {
    expect(() => bcryptHash(4, password, new Uint8Array(size))).toThrow(MisuseError);
  }
});

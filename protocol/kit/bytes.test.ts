/** Byte strings: round trips, and the edges of each helper. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as bytes from "./bytes.ts";

const { concat, equalBytes, fromHex, fromLatin1, hex, latin1, lossyText, text, utf8 } = bytes;
const { bigintBytes, bytesBigint, readUint, uintBytes } = bytes;
const of = (...values: readonly number[]): Uint8Array => new Uint8Array(values);

describe("round trips", () => {
  const any = fc.uint8Array({ maxLength: 100 });
  test("latin1", () => {
    fc.assert(
      fc.property(any, (b) => {
        expect(latin1(b).length).toBe(b.length);
        expect(equalBytes(fromLatin1(latin1(b)), b)).toBe(true);
        // A view into the middle of a buffer is read from its own beginning.
        expect(latin1(b.subarray(1))).toBe(latin1(b).slice(1));
      }),
    );
  });

  test("hex", () => {
    fc.assert(fc.property(any, (b) => equalBytes(fromHex(hex(b)) ?? of(1), b)));
    expect(hex(of(0, 15, 255))).toBe("000fff");
    for (const wrong of ["0", "0g", " 00", "0x00", "00\n"]) expect(fromHex(wrong)).toBeUndefined();
    expect(fromHex("")).toEqual(of());
    expect(fromHex("AbCd")).toEqual(of(0xab, 0xcd));
  });

  test("utf8", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (s) => text(utf8(s)) === s));
    expect(text(of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
    for (const wrong of [of(0xff), of(0xc3), of(0xed, 0xa0, 0x80), of(0xc0, 0x80)]) {
      expect(text(wrong)).toBeUndefined();
      expect(lossyText(wrong)).toContain("\ufffd");
    }
  });

  test("numbers", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.integer({ min: 4, max: 6 }), (n, size) => {
        expect(readUint(uintBytes(n, size))).toBe(n);
        expect(uintBytes(n, size).length).toBe(size);
      }),
    );
    expect(uintBytes(2 ** 48 - 1, 6)).toEqual(of(255, 255, 255, 255, 255, 255));
    expect(readUint(of(9, 1, 0, 9), 1, 2)).toBe(256);
    expect(readUint(of())).toBe(0);
    // Beyond the end there are zeros, so that hostile lengths do not throw.
    expect(readUint(of(1), 0, 3)).toBe(65_536);
  });

  test("big numbers", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 200n }), (n) => {
        expect(bytesBigint(bigintBytes(n))).toBe(n);
        expect(bytesBigint(bigintBytes(n, 40))).toBe(n);
        expect(bigintBytes(n, 40).length).toBe(40);
      }),
    );
    expect(bigintBytes(0n)).toEqual(of(0));
    expect(bigintBytes(256n)).toEqual(of(1, 0));
    expect(bigintBytes(65_536n, 2)).toEqual(of(1, 0, 0));
    expect(bytesBigint(of())).toBe(0n);
  });
});

test("concat", () => {
  expect(concat()).toEqual(of());
  expect(concat(of(1), of(), of(2, 3))).toEqual(of(1, 2, 3));
  const part = of(1);
  const whole = concat(part);
  part[0] = 9;
  expect(whole).toEqual(of(1));
});

test("equalBytes", () => {
  expect(equalBytes(of(), of())).toBe(true);
  expect(equalBytes(of(1, 2), of(1, 2))).toBe(true);
  expect(equalBytes(of(1, 2), of(1, 3))).toBe(false);
  expect(equalBytes(of(1), of(1, 0))).toBe(false);
});

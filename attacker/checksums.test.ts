import { describe, expect, test } from "vitest";
import { concat, hex, uintBytes, utf8 } from "../protocol/kit/bytes.ts";
import { type ChecksumName, checksum, withChecksum } from "./checksums.ts";
import { checksumsIn } from "./learnt-checksums.ts";

/** The check values of https://reveng.sourceforge.io/crc-catalogue/all.htm, RFC 1950, RFC 1071. */
const checks: readonly (readonly [ChecksumName, string, string])[] = [
  ["crc-32", "123456789", "cbf43926"],
  ["crc-32c", "123456789", "e3069283"],
  ["crc-16-ibm-3740", "123456789", "29b1"],
  ["crc-16-xmodem", "123456789", "31c3"],
  ["crc-16-kermit", "123456789", "2189"],
  ["crc-16-modbus", "123456789", "4b37"],
  ["adler-32", "Wikipedia", "11e60398"],
  ["fletcher-16", "abcde", "c8f0"],
  ["sum-8", "123456789", "dd"],
  ["xor-8", "123456789", "31"],
];

test.each(checks)("%s of “%s” is %s", (name, said, expected) => {
  expect(hex(checksum(name, utf8(said)))).toBe(expected);
});

test("the sum of RFC 1071 §3", () => {
  const words = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
  expect(hex(checksum("internet", words))).toBe("220d");
});

describe("a sum is found where it stands", () => {
  const bodies = ["what is said here", "and something else"].map(utf8);
  test.each([
    ["behind all, the least significant byte first", "crc-32", "before", true],
    ["in front of all", "crc-16-xmodem", "after", undefined],
    ["within a head", "internet", "all", undefined],
    ["the first bytes of a hash", "sha256", "before", undefined],
  ] as const)("%s", (_, sum, over, reversed) => {
    const length = sum === "sha256" ? 8 : checksum(sum, new Uint8Array(0)).length;
    const at = { before: -length, after: 0, all: 4 }[over];
    const place = { sum, at, length, over, ...(reversed ? { reversed } : {}) };
    const packets = bodies.map((body) => {
      const bytes = {
        before: concat(Uint8Array.of(7, body.length), body, new Uint8Array(length)),
        after: concat(new Uint8Array(length), Uint8Array.of(7, body.length), body),
        all: concat(uintBytes(body.length, 4), new Uint8Array(length), body),
      }[over];
      return withChecksum(bytes, place) as Uint8Array;
    });
    expect(checksumsIn(packets)).toEqual([place]);
  });

  test("and not where there is none", () => {
    const nothing = bodies.map((body) => concat(Uint8Array.of(0, 0), body, Uint8Array.of(0, 0)));
    expect(checksumsIn(nothing)).toEqual([]);
  });
});

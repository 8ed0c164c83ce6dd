/** Sums that anybody can compute: they are for errors, and an edit makes them right again. */
import { z } from "zod";
import { uintBytes } from "../protocol/kit/bytes.ts";
import { hash } from "../protocol/kit/primitives/hash.ts";

/** A cyclic redundancy check as in the catalogue of parametrised CRC algorithms (Cook). */
interface Crc {
  readonly width: 16 | 32;
  readonly polynomial: number;
  readonly start: number;
  readonly reflected: boolean;
  readonly xor: number;
}

const reflect = (value: number, width: number): number => {
  let out = 0;
  for (let i = 0; i < width; i++) if ((value >>> i) & 1) out |= 1 << (width - 1 - i);
  return out >>> 0;
};

function crc({ width, polynomial, start, reflected, xor }: Crc, data: Uint8Array): number {
  const top = width === 32 ? 0x80000000 : 0x8000;
  const mask = width === 32 ? 0xffffffff : 0xffff;
  let value = start;
  for (const byte of data) {
    value ^= (reflected ? reflect(byte, 8) : byte) << (width - 8);
    for (let i = 0; i < 8; i++) {
      value = (value & top) === 0 ? value << 1 : (value << 1) ^ polynomial;
    }
    value &= mask;
  }
  return ((reflected ? reflect(value >>> 0, width) : value) ^ xor) >>> 0;
}

const crc32 = { width: 32, start: 0xffffffff, reflected: true, xor: 0xffffffff } as const;
const crc16 = { width: 16, polynomial: 0x1021, reflected: false, xor: 0 } as const;
const sum = (data: Uint8Array): number => data.reduce((a, b) => a + b, 0);

/** RFC 1071: words of two bytes, with the carry added again, and all of it inverted. */
function internet(data: Uint8Array): number {
  let total = 0;
  for (let i = 0; i < data.length; i += 2) {
    total += ((data[i] as number) << 8) | (data[i + 1] ?? 0);
  }
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return ~total & 0xffff;
}

/** RFC 1950 §8.2 with the modulus 65521; RFC 1146 with 255, and its sums begin with zero. */
function twoSums(data: Uint8Array, modulus: number, start: number, shift: number): number {
  let [a, b] = [start, 0];
  for (const byte of data) {
    a = (a + byte) % modulus;
    b = (b + a) % modulus;
  }
  return b * 2 ** shift + a;
}

const functions = {
  "crc-32": (data) => uintBytes(crc({ ...crc32, polynomial: 0x04c11db7 }, data), 4),
  "crc-32c": (data) => uintBytes(crc({ ...crc32, polynomial: 0x1edc6f41 }, data), 4),
  "adler-32": (data) => uintBytes(twoSums(data, 65_521, 1, 16), 4),
  "crc-16-ibm-3740": (data) => uintBytes(crc({ ...crc16, start: 0xffff }, data), 2),
  "crc-16-xmodem": (data) => uintBytes(crc({ ...crc16, start: 0 }, data), 2),
  "crc-16-kermit": (data) => uintBytes(crc({ ...crc16, start: 0, reflected: true }, data), 2),
  "crc-16-modbus": (data) =>
    uintBytes(crc({ ...crc16, polynomial: 0x8005, start: 0xffff, reflected: true }, data), 2),
  "fletcher-16": (data) => uintBytes(twoSums(data, 255, 0, 8), 2),
  internet: (data) => uintBytes(internet(data), 2),
  "sum-16": (data) => uintBytes(sum(data) & 0xffff, 2),
  "sum-8": (data) => uintBytes(sum(data) & 0xff, 1),
  "minus-sum-8": (data) => uintBytes(-sum(data) & 0xff, 1),
  "xor-8": (data) =>
    uintBytes(
      data.reduce((a, b) => a ^ b, 0),
      1,
    ),
  md5: (data) => hash("md5", data),
  sha1: (data) => hash("sha1", data),
  sha256: (data) => hash("sha256", data),
  sha512: (data) => hash("sha512", data),
} as const satisfies Readonly<Record<string, (data: Uint8Array) => Uint8Array>>;

export type ChecksumName = keyof typeof functions;
export const checksumNames = Object.keys(functions) as [ChecksumName, ...ChecksumName[]];

/** @returns 1, 2 or 4 bytes, the most significant first; of hash functions all bytes. */
export const checksum = (name: ChecksumName, data: Uint8Array): Uint8Array => functions[name](data);

/** The parts of a {@link ChecksumPlace}, as files have them. */
export const placeOfChecksum = {
  sum: z.enum(checksumNames),
  /** Negative: from the end. */
  at: z.number().int(),
  length: z.number().int().min(0).max(64),
  /** What comes before it or after it, or all, with zeros where it stands. */
  over: z.enum(["before", "after", "all"]),
  /** The least significant byte first. */
  reversed: z.literal(true).optional(),
};
const place = z.strictObject(placeOfChecksum);
/** Where a sum stands, and what it is of. */
export type ChecksumPlace = Readonly<z.infer<typeof place>>;

/** @returns the bytes with zeros in the place of the sum, as far as it is there. */
export function withoutChecksum(bytes: Uint8Array, { at, length }: ChecksumPlace): Uint8Array {
  const start = at < 0 ? bytes.length + at : at;
  return bytes.slice().fill(0, Math.max(0, start), Math.max(0, start + length));
}

/** @returns the bytes with the right sum; `undefined` if they are too short. */
export function withChecksum(bytes: Uint8Array, place: ChecksumPlace): Uint8Array | undefined {
  const { sum: name, length, over, reversed } = place;
  const at = place.at < 0 ? bytes.length + place.at : place.at;
  if (at < 0 || at + length > bytes.length) return undefined;
  const out = bytes.slice();
  out.fill(0, at, at + length);
  const covered = {
    before: bytes.slice(0, at),
    after: bytes.slice(at + length),
    all: out.slice(),
  };
  const value = checksum(name, covered[over]).slice(0, length);
  out.set(reversed === true ? value.reverse() : value, at);
  return out;
}

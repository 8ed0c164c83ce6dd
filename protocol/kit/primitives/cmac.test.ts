import { createCipheriv } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { concat, hex } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { readVectors, unhex } from "../vectors/load.ts";
import { aesCmac } from "./cmac.ts";

interface Vectors {
  readonly cases: readonly Readonly<Record<"key" | "message" | "tag", string>>[];
}

test("RFC 4493 and SP 800-38B", () => {
  const { cases } = readVectors<Vectors>("cmac.json");
  expect(cases).toHaveLength(12);
  for (const { key, message, tag } of cases) {
    expect(hex(aesCmac(unhex(key), unhex(message)))).toBe(tag);
  }
});

/** The tag of whole blocks, put together from OpenSSL's AES-ECB and AES-CBC. RFC 4493 §2.3. */
function openSslCmac(key: Uint8Array, blocks: Uint8Array): string {
  const cipher = (mode: "ecb" | "cbc", iv: Uint8Array | null, data: Uint8Array) =>
    createCipheriv(`aes-${key.length * 8}-${mode}`, key, iv)
      .setAutoPadding(false)
      .update(data);
  const zeros = new Uint8Array(16);
  const secret = BigInt(`0x${cipher("ecb", null, zeros).toString("hex")}`);
  const doubled = BigInt.asUintN(128, secret << 1n) ^ (secret >> 127n === 1n ? 0x87n : 0n);
  const subkey = unhex(doubled.toString(16).padStart(32, "0"));
  const last = blocks.subarray(-16).map((byte, i) => byte ^ (subkey[i] ?? 0));
  const chain = cipher("cbc", zeros, concat(blocks.subarray(0, -16), last));
  return chain.subarray(-16).toString("hex");
}

test("agrees with OpenSSL on whole blocks, and changes no argument", () => {
  const fixed = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
  const anyKey = fc.constantFrom(16, 24, 32).chain(fixed);
  const anyBlocks = fc.constantFrom(16, 32, 48, 160).chain(fixed);
  fc.assert(
    fc.property(anyKey, anyBlocks, fc.nat(3), (key, blocks, offset) => {
      const moved = concat(new Uint8Array(offset), blocks).subarray(offset);
      expect(hex(aesCmac(key, moved))).toBe(openSslCmac(key, blocks));
      expect(moved).toEqual(blocks);
    }),
  );
});

test("a bad key is misuse", () => {
  for (const size of [0, 8, 15, 17, 33, 64]) {
    expect(() => aesCmac(new Uint8Array(size), new Uint8Array())).toThrow(MisuseError);
  }
});

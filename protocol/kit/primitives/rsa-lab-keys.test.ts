import { createPrivateKey, createPublicKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hex } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { rsaLabKey, rsaLabKeyCount } from "./rsa-lab-keys.ts";

describe.each([
  [2048, 24],
  [4096, 6],
] as const)("lab keys of %i bits", (bits, count) => {
  const indices = [...Array(rsaLabKeyCount(bits)).keys()];

  test(`are ${count} different pairs of that size, with halves that belong together`, () => {
    expect(indices).toHaveLength(count);
    for (const index of indices) {
      const pair = rsaLabKey(bits, index);
      const key = Buffer.from(pair.privateKey);
      const parsed = createPrivateKey({ key, format: "der", type: "pkcs8" });
      expect(parsed.asymmetricKeyDetails?.modulusLength).toBe(bits);
      const spki = createPublicKey(parsed).export({ type: "spki", format: "der" });
      expect(hex(pair.publicKey)).toBe(spki.toString("hex"));
    }
    const publicKeys = indices.map((index) => hex(rsaLabKey(bits, index).publicKey));
    expect(new Set(publicKeys).size).toBe(count);
  });

  test("stay the same, whatever is written into a copy", () => {
    const before = hex(rsaLabKey(bits, 0).publicKey);
    rsaLabKey(bits, 0).publicKey.fill(0);
    expect(hex(rsaLabKey(bits, 0).publicKey)).toBe(before);
  });

  test("have no other numbers", () => {
    for (const index of [-1, count, 0.5]) {
      expect(() => rsaLabKey(bits, index)).toThrow(MisuseError);
    }
  });
});

/** Discrete logarithms: right where they are feasible, silent where they are not. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { powMod } from "../../protocol/kit/primitives/finite-field.ts";
import { discreteLog, feasibleBits } from "./discrete-log.ts";

describe("discreteLog", () => {
  test.each([
    [105_341n, 17n],
    [23n, 5n],
    [3n, 2n],
    [1_000_003n, 2n],
    // Composite: the generator is invertible, and that is all it takes.
    [105_341n * 3n, 17n],
    [2n ** 20n, 3n],
  ])("modulo %s to the base %s", (modulus, generator) => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: modulus * 2n }), (exponent) => {
        const value = powMod(generator, exponent, modulus);
        const found = discreteLog(modulus, generator, value);
        if (found === undefined) throw new Error(`no logarithm of ${value}`);
        expect(powMod(generator, found.exponent, modulus)).toBe(value);
        const bound = 2 * (Math.sqrt(Number(modulus)) + 2);
        expect(found.steps).toBeLessThanOrEqual(bound);
      }),
      { numRuns: 30 },
    );
  });

  test("a prime of forty bits is within reach", () => {
    const modulus = 1_099_511_627_689n;
    expect(modulus.toString(2).length).toBe(feasibleBits);
    const value = powMod(7n, 123_456_789_012n, modulus);
    const found = discreteLog(modulus, 7n, value);
    expect(found && powMod(7n, found.exponent, modulus)).toBe(value);
    expect(found?.steps).toBeGreaterThan(1_000_000);
  });

  test.each([
    ["one bit too many", 2n ** 40n + 15n, 3n, 9n],
    ["a generator that is no unit", 105_341n * 3n, 3n, 9n],
    ["nothing to do modulo 2", 2n, 1n, 1n],
    ["not a power of the generator", 7n, 2n, 3n],
    ["zero", 105_341n, 17n, 0n],
  ])("%s", (_, modulus, generator, value) => {
    expect(discreteLog(modulus, generator, value)).toBeUndefined();
  });

  test("values are taken modulo the modulus", () => {
    expect(discreteLog(23n, 5n + 23n, 8n + 23n)?.exponent).toBe(discreteLog(23n, 5n, 8n)?.exponent);
  });
});

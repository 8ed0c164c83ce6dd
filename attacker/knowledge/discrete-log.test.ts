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
    ["a prime of 64 bits whose group has no small part", 14_170_049_107_003_622_843n, 3n, 7n],
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

/** 64 bits, two primes; 256 bits, two primes p with smooth p − 1; 256 bits, two random primes. */
const moduli = {
  short: 13_472_191_940_534_212_447n,
  smooth: 68309936514728202760149001108244704317459003971759028117513667149755787650509n,
  hard: 102150844268582279743963567642866292146597817740326061484646815060717023295547n,
};
const base = 299595018713354297367975003823880561987n;

describe("discreteLog of longer moduli", () => {
  test.each([
    ["two primes of 32 bits", moduli.short],
    ["two primes p of 128 bits with smooth p − 1", moduli.smooth],
    ["its smooth prime alone", 267652950621612056949854617685292227603n],
    ["a prime of 61 bits", 2n ** 61n - 1n],
  ])("%s", (_, modulus) => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n }), (exponent) => {
        const value = powMod(base, exponent, modulus);
        const found = discreteLog(modulus, base, value);
        expect(found && powMod(base, found.exponent, modulus)).toBe(value);
      }),
      { numRuns: 10 },
    );
  });

  test("an exponent below the order comes out as it was", () => {
    const exponent = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdefn;
    const value = powMod(base, exponent, moduli.smooth);
    expect(discreteLog(moduli.smooth, base, value)?.exponent).toBe(exponent);
  });

  test.each([
    [
      "two random primes of 128 bits",
      moduli.hard,
      base,
      powMod(base, 12_345_678_901n, moduli.hard),
    ],
    ["a value that is no unit", moduli.short, base, 3_720_358_277n],
    ["not a power of the generator", moduli.short, base ** 2n, base],
  ])("%s: no answer", (_, modulus, generator, value) => {
    expect(discreteLog(modulus, generator, value)).toBeUndefined();
  });
});

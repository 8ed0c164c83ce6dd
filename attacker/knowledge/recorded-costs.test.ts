/** What counts as weak without being broken during the run, and what does not. */
import { describe, expect, test } from "vitest";
import { recordedCost } from "./recorded-costs.ts";

const hard256 = 102150844268582279743963567642866292146597817740326061484646815060717023295547n;
/** Two primes of 107 and 89 bits, without a small part in p − 1. */
const resists = (2n ** 107n - 1n) * (2n ** 89n - 1n);
const prime105 = 2n ** 105n - 13n;

describe("recordedCost", () => {
  test.each([
    ["a composite of 256 bits", hard256, /^about 2 CPU-minutes/],
    ["a prime below 128 bits", 2n ** 127n - 1n, /^about 35 CPU-seconds/],
    ["a prime of 128 bits", 300550256033183052285910330031672229779n, /^about 35 CPU-seconds/],
    ["the smallest prime that is left something to do", 3n, /^about 35 CPU-seconds/],
    [
      "a composite of 64 bits, whose factors are found",
      13_472_191_940_534_212_447n,
      /^about 2 CPU/,
    ],
    ["one that resists, with a small cofactor", resists * 3n, /^about 2 CPU-minutes/],
    ["a prime with a small cofactor", (2n ** 127n - 1n) * 6n, /^about 2 CPU-minutes/],
  ])("%s", (_, modulus, cost) => {
    expect(recordedCost(modulus)).toMatch(cost);
  });

  test.each([
    ["a prime of 255 bits", 2n ** 255n - 19n],
    ["the same with a small cofactor: no shorter prime, no shorter logarithm", 2n ** 255n - 19n],
    ["a prime of 130 bits with a cofactor of 3", (2n ** 130n - 5n) * 3n],
    ["a composite of 258 bits", hard256 * 3n],
    ["nothing at all", 1n],
    ["nothing to do", 2n],
  ])("%s has none", (_, modulus) => {
    expect(recordedCost(modulus)).toBeUndefined();
  });

  test("it does not depend on earlier queries", () => {
    expect(recordedCost(prime105)).toBe(recordedCost(prime105));
  });
});

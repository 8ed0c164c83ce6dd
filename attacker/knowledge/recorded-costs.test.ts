/** What counts as weak without being broken on the spot, and what does not. */
import { describe, expect, test } from "vitest";
import { recordedCost } from "./recorded-costs.ts";

const hard256 = 102150844268582279743963567642866292146597817740326061484646815060717023295547n;
const prime105 = 2n ** 105n - 13n;

describe("recordedCost", () => {
  test.each([
    ["a composite of 256 bits", hard256, /^about 2 CPU-minutes/],
    ["a prime below 128 bits", 2n ** 127n - 1n, /^about 35 CPU-seconds/],
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
  ])("%s has none", (_, modulus) => {
    expect(recordedCost(modulus)).toBeUndefined();
  });

  test("it does not depend on who asks, or how often", () => {
    expect(recordedCost(prime105)).toBe(recordedCost(prime105));
  });
});

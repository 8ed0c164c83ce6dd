/** Factors: complete where it says so, and never wrong. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { factorise, isProbablePrime } from "./factoring.ts";

describe("factorise", () => {
  test("the factors and the rest multiply to the number", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 64n }), (n) => {
        const { primes, rest } = factorise(n);
        let product = rest;
        for (const [p, times] of primes) {
          expect(isProbablePrime(p)).toBe(true);
          product *= p ** BigInt(times);
        }
        expect(product).toBe(n);
        expect(rest).toBe(1n);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    [1n, {}],
    [360n, { 2: 3, 3: 2, 5: 1 }],
    [105_341n ** 2n, { 105341: 2 }],
    [3_720_358_277n * 3_621_208_211n, { 3720358277: 1, 3621208211: 1 }],
  ])("%s", (n, expected) => {
    const entries = [...factorise(n).primes].map(([p, times]) => [String(p), times]);
    expect(Object.fromEntries(entries)).toEqual(expected);
  });

  test("primes of 128 bits are found where p − 1 is smooth, and not where it is not", () => {
    const p = 267652950621612056949854617685292227603n;
    const q = 255218320426064489962901426415185375903n;
    expect([...factorise(p * q).primes.keys()].sort()).toEqual([q, p].sort());
    const hard = 102150844268582279743963567642866292146597817740326061484646815060717023295547n;
    expect(factorise(6n * hard)).toEqual({
      primes: new Map([
        [2n, 1],
        [3n, 1],
      ]),
      rest: hard,
    });
  });

  test("what is longer than 512 bits is left alone", () => {
    const n = 2n ** 521n - 1n;
    expect(factorise(n)).toEqual({ primes: new Map(), rest: n });
  });
});

describe("isProbablePrime", () => {
  test.each([2n, 37n, 41n, 2n ** 61n - 1n, 2n ** 127n - 1n])("%s is prime", (n) => {
    expect(isProbablePrime(n)).toBe(true);
  });

  // The last two fool Fermat's test, and Miller and Rabin's to the bases 2 to 23.
  test.each([0n, 1n, 4n, 561n, 3_825_123_056_546_413_051n])("%s is not", (n) => {
    expect(isProbablePrime(n)).toBe(false);
  });
});

/** The digits of pi, which Blowfish takes its tables from: computed, since they are no secret. */

/** Bits beyond those asked for, which swallow what the divisions round off. */
const guardBits = 64n;

/**
 * @returns the first `count` words of 32 bits of the binary fraction of pi, from 243f6a88 on.
 * @see J. Machin's formula, 1706: pi = 16 · arctan(1/5) - 4 · arctan(1/239)
 */
export function piWords(count: number): Int32Array {
  const bits = 32n * BigInt(count);
  const one = 1n << (bits + guardBits);
  const pi = 16n * arctanOfInverse(5n, one) - 4n * arctanOfInverse(239n, one);
  const fraction = BigInt.asUintN(32 * count, pi >> guardBits);
  const digits = fraction.toString(16).padStart(8 * count, "0");
  return Int32Array.from({ length: count }, (_, i) =>
    Number.parseInt(digits.slice(8 * i, 8 * i + 8), 16),
  );
}

/** arctan(1/x) in units of 1/one: 1/x - 1/3x³ + 1/5x⁵ …, until the terms vanish. */
function arctanOfInverse(x: bigint, one: bigint): bigint {
  let power = one / x;
  let sum = power;
  for (let n = 3n, sign = -1n; power > 0n; n += 2n, sign = -sign) {
    power /= x * x;
    sum += (sign * power) / n;
  }
  return sum;
}

/**
 * Discrete logarithms in groups so small that anyone can take them: baby-step giant-step
 * (Shanks 1971). What is found here is found for real, not assumed.
 */
import { powMod } from "../../protocol/kit/primitives/finite-field.ts";

/** Groups up to this many bits are broken on the spot; it takes at most 2^20 steps. */
export const feasibleBits = 40;

export interface Logarithm {
  readonly exponent: bigint;
  /** Group operations it took. */
  readonly steps: number;
}

const bitLength = (n: bigint): number => n.toString(2).length;

const tables = new Map<string, { table: Map<bigint, bigint>; size: bigint }>();

function babySteps(
  modulus: bigint,
  generator: bigint,
): { table: Map<bigint, bigint>; size: bigint } {
  const key = `${modulus}/${generator}`;
  const found = tables.get(key);
  if (found !== undefined) return found;
  const size = BigInt(Math.ceil(Math.sqrt(Number(modulus))));
  const table = new Map<bigint, bigint>();
  let value = 1n;
  for (let i = 0n; i < size; i++) {
    if (!table.has(value)) table.set(value, i);
    value = (value * generator) % modulus;
  }
  const made = { table, size };
  if (tables.size > 8) tables.clear();
  tables.set(key, made);
  return made;
}

/**
 * @param modulus any number; the generator must be invertible modulo it.
 * @returns an exponent x with generator^x = value, or `undefined` if the group is too large to
 *   be broken on the spot or `value` is not a power of the generator.
 */
export function discreteLog(
  modulus: bigint,
  generator: bigint,
  value: bigint,
): Logarithm | undefined {
  if (modulus < 3n || bitLength(modulus) > feasibleBits) return undefined;
  const inverse = inverseModulo(generator % modulus, modulus);
  if (inverse === undefined) return undefined;
  const { table, size } = babySteps(modulus, generator % modulus);
  const giant = powMod(inverse, size, modulus);
  let current = value % modulus;
  for (let j = 0n; j < size; j++) {
    const i = table.get(current);
    if (i !== undefined) return { exponent: j * size + i, steps: Number(size + j) };
    current = (current * giant) % modulus;
  }
  return undefined;
}

/** Extended Euclid; `undefined` if there is no inverse. */
function inverseModulo(a: bigint, modulus: bigint): bigint | undefined {
  let [r0, r1] = [modulus, a];
  let [t0, t1] = [0n, 1n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1] = [r1, r0 - q * r1];
    [t0, t1] = [t1, t0 - q * t1];
  }
  if (r0 !== 1n) return undefined;
  return t0 < 0n ? t0 + modulus : t0;
}

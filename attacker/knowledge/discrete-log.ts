/**
 * Discrete logarithms in weak groups, computed and not assumed. Short moduli fall to baby-step
 * giant-step (Shanks 1971). A longer modulus, prime or composite, is factored, the logarithm is
 * taken modulo each prime in the small subgroups that p − 1 has (Pohlig and Hellman 1978), and the
 * results are combined.
 *
 * What is known to be weak, but takes longer than a run may, is in recorded-costs.ts.
 */
import { powMod } from "../../protocol/kit/primitives/finite-field.ts";
import { bitLength, factorise, gcd } from "./factoring.ts";

/** Groups up to this many bits are broken during the run, in at most 2^20 steps. */
export const feasibleBits = 40;

export interface Logarithm {
  readonly exponent: bigint;
  /** Group operations it took. */
  readonly steps: number;
}

/** An exponent is `value` modulo `modulus`. */
interface Residue {
  readonly value: bigint;
  readonly modulus: bigint;
}

const tables = new Map<string, { table: Map<bigint, bigint>; size: bigint }>();
/** All tables together; the longest one has 2^20 entries. */
const mostEntries = 1 << 22;
let entries = 0;

function babySteps(
  modulus: bigint,
  generator: bigint,
  order: bigint,
): { table: Map<bigint, bigint>; size: bigint } {
  const key = `${modulus}/${generator}/${order}`;
  const found = tables.get(key);
  if (found !== undefined) return found;
  const size = BigInt(Math.ceil(Math.sqrt(Number(order))));
  const table = new Map<bigint, bigint>();
  let value = 1n;
  for (let i = 0n; i < size; i++) {
    if (!table.has(value)) table.set(value, i);
    value = (value * generator) % modulus;
  }
  const made = { table, size };
  entries += table.size;
  if (entries > mostEntries) {
    tables.clear();
    entries = table.size;
  }
  tables.set(key, made);
  return made;
}

const answers = new Map<string, Logarithm | undefined>();
const mostAnswers = 10_000;

/**
 * @param modulus any number; the generator must be invertible modulo it.
 * @returns an exponent x with generator^x = value, or `undefined` if the group is too hard to be
 *   broken during the run or `value` is not a power of the generator.
 */
export function discreteLog(
  modulus: bigint,
  generator: bigint,
  value: bigint,
): Logarithm | undefined {
  if (modulus < 3n) return undefined;
  const key = `${modulus}/${generator}/${value}`;
  if (answers.has(key)) return answers.get(key);
  const answer =
    bitLength(modulus) <= feasibleBits
      ? stepping(modulus, generator % modulus, value % modulus, modulus)
      : combining(modulus, generator % modulus, value % modulus);
  if (answers.size >= mostAnswers) answers.clear();
  answers.set(key, answer);
  return answer;
}

/** Baby steps, giant steps. @param order at least the order of the generator. */
function stepping(
  modulus: bigint,
  generator: bigint,
  value: bigint,
  order: bigint,
): Logarithm | undefined {
  const inverse = inverseModulo(generator, modulus);
  if (inverse === undefined) return undefined;
  const { table, size } = babySteps(modulus, generator, order);
  const giant = powMod(inverse, size, modulus);
  let current = value;
  for (let j = 0n; j < size; j++) {
    const i = table.get(current);
    if (i !== undefined) return { exponent: j * size + i, steps: Number(size + j) };
    current = (current * giant) % modulus;
  }
  return undefined;
}

/**
 * Combines the exponents found for each prime of the modulus. An exponent shorter than the order
 * of the group may be found before all primes are done: a candidate is easily tested.
 */
function combining(modulus: bigint, generator: bigint, value: bigint): Logarithm | undefined {
  if (gcd(generator, modulus) !== 1n || gcd(value, modulus) !== 1n) return undefined;
  let known: Residue | undefined = { value: 0n, modulus: 1n };
  let steps = 0;
  for (const [prime, times] of factorise(modulus).primes) {
    // Powers of primes are rare, and the test at the end does without them.
    if (times > 1 || prime === 2n) continue;
    for (const piece of subgroups(prime, generator % prime)) {
      const found = inSubgroup(prime, piece, generator % prime, value % prime);
      if (found === undefined) return undefined;
      steps += found.steps;
      known = agreeing(known, found.residue);
      if (known === undefined) return undefined;
    }
  }
  return powMod(generator, known.value, modulus) === value
    ? { exponent: known.value, steps }
    : undefined;
}

interface Subgroup {
  readonly prime: bigint;
  /** The generator's share has the order prime^power. */
  readonly power: number;
}

const subgroupCache = new Map<string, readonly Subgroup[]>();
const mostSubgroups = 256;

/** The parts of the generator's order that are small enough to take logarithms in. */
function subgroups(modulus: bigint, generator: bigint): readonly Subgroup[] {
  const key = `${modulus}/${generator}`;
  const cached = subgroupCache.get(key);
  if (cached !== undefined) return cached;
  const found: Subgroup[] = [];
  const order = modulus - 1n;
  for (const [prime, times] of factorise(order).primes) {
    if (bitLength(prime) > feasibleBits) continue;
    let share = powMod(generator, order / prime ** BigInt(times), modulus);
    let power = 0;
    for (; share !== 1n; power++) share = powMod(share, prime, modulus);
    if (power > 0) found.push({ prime, power });
  }
  if (subgroupCache.size >= mostSubgroups) subgroupCache.clear();
  subgroupCache.set(key, found);
  return found;
}

/** One digit to the base `prime` after the other. */
function inSubgroup(
  modulus: bigint,
  { prime, power }: Subgroup,
  generator: bigint,
  value: bigint,
): { readonly residue: Residue; readonly steps: number } | undefined {
  const size = prime ** BigInt(power);
  // Raised to what else the order holds, the generator has the order prime^power.
  let others = modulus - 1n;
  while (others % prime === 0n) others /= prime;
  const base = powMod(generator, others, modulus);
  const target = powMod(value, others, modulus);
  const digitBase = powMod(base, size / prime, modulus);
  const inverse = inverseModulo(base, modulus);
  if (inverse === undefined) return undefined;
  let exponent = 0n;
  let steps = 0;
  for (let k = 1; k <= power; k++) {
    const left = (target * powMod(inverse, exponent, modulus)) % modulus;
    const digit = stepping(
      modulus,
      digitBase,
      powMod(left, size / prime ** BigInt(k), modulus),
      prime,
    );
    if (digit === undefined) return undefined;
    exponent += digit.exponent * prime ** BigInt(k - 1);
    steps += digit.steps;
  }
  return { residue: { value: exponent, modulus: size }, steps };
}

/** Chinese remainders, of moduli that may have factors in common. */
function agreeing(a: Residue, b: Residue): Residue | undefined {
  const common = gcd(a.modulus, b.modulus);
  if ((b.value - a.value) % common !== 0n) return undefined;
  const step = b.modulus / common;
  const inverse = step === 1n ? 0n : inverseModulo((a.modulus / common) % step, step);
  if (inverse === undefined) return undefined;
  const times = (((((b.value - a.value) / common) * inverse) % step) + step) % step;
  return { value: a.value + a.modulus * times, modulus: a.modulus * step };
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

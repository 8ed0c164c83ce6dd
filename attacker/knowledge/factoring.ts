/**
 * Factors of numbers that are easy to factor: trial division, p − 1 (Pollard 1974) for smooth
 * p − 1, rho (Pollard 1975, with Brent's batches) for short primes. The effort is bounded and
 * deterministic; a composite that resists is returned unfactored.
 */
import { powMod } from "../../protocol/kit/primitives/finite-field.ts";

export interface Factorisation {
  /** Proven by their product; prime as far as Miller and Rabin can tell. */
  readonly primes: ReadonlyMap<bigint, number>;
  /** What is left: composite, and too hard; 1 if nothing is. */
  readonly rest: bigint;
}

/** Beyond this many bits nothing is tried but trial division: it would only take time. */
const hopefulBits = 512;
const trialLimit = 2_000;
/** p − 1 falls if all its prime factors are at most this. */
const smoothLimit = 1 << 16;
/** Steps of rho: enough for a factor of some 34 bits. */
const rhoSteps = 1 << 18;
const batch = 128;

/** The first twelve primes are deterministic up to 2^78; above, errors are negligible. */
const witnesses = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n];

export const bitLength = (n: bigint): number => n.toString(2).length;

export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x < 0n ? -x : x;
}

/** Miller–Rabin (1980). */
export function isProbablePrime(n: bigint): boolean {
  if (n < 2n) return false;
  for (const p of witnesses) if (n % p === 0n) return n === p;
  let odd = n - 1n;
  let twos = 0;
  for (; odd % 2n === 0n; odd /= 2n) twos++;
  return witnesses.every((witness) => {
    let x = powMod(witness, odd, n);
    if (x === 1n || x === n - 1n) return true;
    for (let i = 1; i < twos; i++) {
      x = (x * x) % n;
      if (x === n - 1n) return true;
    }
    return false;
  });
}

const cache = new Map<bigint, Factorisation>();
const cacheLimit = 256;

/** @param n at least 1. */
export function factorise(n: bigint): Factorisation {
  let found = cache.get(n);
  if (found === undefined) {
    found = split(n);
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(n, found);
  }
  return found;
}

function split(n: bigint): Factorisation {
  const primes = new Map<bigint, number>();
  const add = (p: bigint): void => void primes.set(p, (primes.get(p) ?? 0) + 1);
  let left = n;
  for (let d = 2n; d < trialLimit && d * d <= left; d += d === 2n ? 1n : 2n) {
    for (; left % d === 0n; left /= d) add(d);
  }
  const open = left > 1n ? [left] : [];
  let rest = 1n;
  for (;;) {
    const m = open.pop();
    if (m === undefined) return { primes, rest };
    if (bitLength(m) <= hopefulBits && isProbablePrime(m)) {
      add(m);
      continue;
    }
    const factor = bitLength(m) > hopefulBits ? undefined : (smoothFactor(m) ?? rhoFactor(m));
    if (factor === undefined) rest *= m;
    else open.push(factor, m / factor);
  }
}

let sieved: readonly number[] | undefined;

function smallPrimes(): readonly number[] {
  if (sieved !== undefined) return sieved;
  const composite = new Uint8Array(smoothLimit + 1);
  const found: number[] = [];
  for (let i = 2; i <= smoothLimit; i++) {
    if (composite[i] === 1) continue;
    found.push(i);
    for (let j = i * i; j <= smoothLimit; j += i) composite[j] = 1;
  }
  sieved = found;
  return found;
}

/** Pollard's p − 1: the prime factors of n come out one by one, the smoothest first. */
function smoothFactor(n: bigint): bigint | undefined {
  const primes = smallPrimes();
  let base = 3n;
  for (let i = 0; i < primes.length; i += batch) {
    const start = base;
    for (const p of primes.slice(i, i + batch)) base = powMod(base, powerBelowLimit(p), n);
    const all = gcd(base - 1n, n);
    if (all === 1n) continue;
    if (all !== n) return all;
    // Several came at once: go through the batch again, more slowly.
    base = start;
    for (const p of primes.slice(i, i + batch)) {
      for (let power = powerBelowLimit(p); power > 1n; power /= BigInt(p)) {
        base = powMod(base, BigInt(p), n);
        const one = gcd(base - 1n, n);
        if (one !== 1n) return one === n ? undefined : one;
      }
    }
  }
  return undefined;
}

function powerBelowLimit(p: number): bigint {
  let power = p;
  while (power * p <= smoothLimit) power *= p;
  return BigInt(power);
}

/** Pollard's rho; a few curves x² + c, in case one closes on all factors at once. */
function rhoFactor(n: bigint): bigint | undefined {
  for (const c of [1n, 3n, 5n]) {
    const found = rhoWith(n, c);
    if (found === undefined) return undefined;
    if (found !== n) return found;
  }
  return undefined;
}

/** @returns a factor; n itself for a cycle without one; `undefined` when the steps run out. */
function rhoWith(n: bigint, c: bigint): bigint | undefined {
  const next = (x: bigint): bigint => (x * x + c) % n;
  let y = 2n;
  let steps = 0;
  for (let length = 1; steps < rhoSteps; length *= 2) {
    const x = y;
    for (let k = 0; k < length && steps < rhoSteps; k += batch) {
      const saved = y;
      const count = Math.min(batch, length - k);
      let product = 1n;
      for (let i = 0; i < count; i++) {
        y = next(y);
        product = (product * (x - y)) % n;
      }
      steps += count;
      if (gcd(product, n) === 1n) continue;
      let slow = saved;
      for (let i = 0; i < count; i++) {
        slow = next(slow);
        const factor = gcd(x - slow, n);
        if (factor !== 1n) return factor;
      }
    }
  }
  return undefined;
}

/**
 * Groups that are known to be weak, but take longer to break than a run may. The cost measured once
 * is recorded here, and a verdict that rests on it says so; a group that is neither in this table
 * nor broken during the run by discrete-log.ts counts as hard.
 *
 * The figures come from the hand analysis of the case studies (PARI on one core, a modulus of two
 * 128-bit primes); the lab does not measure them again. A shorter modulus of the same kind costs no
 * more. A composite that resists factoring here is assumed to be a product of two primes of about
 * equal length, as was measured: this cannot be checked, and an unbalanced one would cost more.
 *
 * Factors are found once for a modulus; a logarithm is taken once for each public value.
 */
import { bitLength, factorise } from "./factoring.ts";

interface RecordedCost {
  readonly kind: "prime" | "composite";
  /** The longest modulus, in bits, that it covers. */
  readonly upToBits: number;
  readonly cost: string;
}

const table: readonly RecordedCost[] = [
  {
    kind: "prime",
    upToBits: 128,
    cost: "about 35 CPU-seconds: one logarithm modulo 128 bits, measured once",
  },
  {
    kind: "composite",
    upToBits: 256,
    cost: "about 2 CPU-minutes: factoring 92 s + logarithm 35 s, measured once",
  },
];

/** No prime factor of the modulus may be longer: its logarithms have a row of their own. */
const longestPrimeBits = 128;

const cache = new Map<bigint, string | undefined>();
const cacheLimit = 256;

/** @returns what a logarithm to this modulus costs, or `undefined` if that is not known. */
export function recordedCost(modulus: bigint): string | undefined {
  if (cache.has(modulus)) return cache.get(modulus);
  if (cache.size >= cacheLimit) cache.clear();
  const cost = lookUp(modulus);
  cache.set(modulus, cost);
  return cost;
}

function lookUp(modulus: bigint): string | undefined {
  const bits = bitLength(modulus);
  if (modulus < 3n || bits > Math.max(...table.map(({ upToBits }) => upToBits))) return undefined;
  const { primes, rest } = factorise(modulus);
  // Of the part that resists, both factors are beyond rho's reach; nothing more is known of it.
  const longest = Math.max(0, ...[...primes.keys()].map(bitLength));
  if (longest > longestPrimeBits) return undefined;
  const kind = rest === 1n && primes.size === 1 ? "prime" : "composite";
  return table.find((row) => row.kind === kind && bits <= row.upToBits)?.cost;
}

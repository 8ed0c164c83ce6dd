/**
 * Public keys whose powers follow without any private key: one, zero, and minus one (P. van
 * Oorschot and M. Wiener, "On Diffie–Hellman key agreement with short exponents", 1996). Curves
 * have such points, too, but computing with those fails.
 */
import type { Recipe } from "../../../attacker/recipe/recipe.ts";
import { bigintBytes, latin1 } from "../../../protocol/kit/bytes.ts";
import type { OpRecord } from "../../../protocol/kit/operations.ts";
import { constant } from "./remake.ts";

/** @returns as many bytes each as the honest key has; none for groups that are no finite field. */
export function degenerateKeys({ field, output }: OpRecord): readonly Recipe[] {
  if (field === undefined) return [];
  const { length } = output;
  return [1n, 0n, field.modulus - 1n].map((n) => constant(latin1(bigintBytes(n, length))));
}

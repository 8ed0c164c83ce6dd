import {
  type Attack,
  attackerHost,
  type Capability,
  capabilityOf,
  isStranger,
} from "../../attacker/move.ts";
import type { Protocol } from "../../protocol/endpoint.ts";

/**
 * Where anybody may register, the attacker has done so: whatever it tries, it tries as a user.
 * Shrinking takes that away again where it does not matter.
 * @param wanted only attackers with these capabilities are asked for; all, if absent.
 */
export function asInsider(
  moves: Attack,
  { registration, transport }: Pick<Protocol, "registration" | "transport">,
  wanted: readonly Capability[] | undefined,
): Attack {
  // What it does as a stranger it does without.
  if (registration !== true || moves.some(isStranger)) return moves;
  if (capabilityOf(moves, transport) === "none") return moves;
  if (wanted !== undefined && !wanted.includes("insider")) return moves;
  return [{ move: "participate", as: attackerHost }, ...moves];
}

/** One message that the adversary hands to a process. */
import type { Attack, Move } from "../../../attacker/move.ts";
import { type Recipe, recipeKey, within } from "../../../attacker/recipe/recipe.ts";
import type { Address } from "../../../protocol/endpoint.ts";
import type { ProcessId } from "../../trace/trace.ts";

export interface Delivery {
  readonly to: ProcessId;
  /** As whose: an address. */
  readonly from: Address;
  readonly recipe: Recipe;
  /** How far it is from what honest processes would be given. */
  readonly cost: number;
  /** Candidates of one origin, for giving up on all of them together. */
  readonly group?: string;
}

/** Deliveries cost this much more if they are made, and not passed on. */
export const madeCost = 0.6;
export const isMade = ({ cost }: Delivery): boolean => cost >= madeCost;

export const deliveryKey = ({ to, from, recipe }: Delivery): string =>
  `${to}<${from}<${recipeKey(recipe)}`;

/** Does it take anything that the process has said? */
export function uses({ recipe }: Delivery, process: ProcessId): boolean {
  for (const { recipe: part } of within(recipe)) {
    if ("value" in part && part.value.by === process) return true;
    if ("packet" in part && part.packet.from === process) return true;
  }
  return false;
}

/** Does it follow from what was done last? What does not is tried later. */
const switchCost = 0.4;
export function costOfSwitch(before: readonly Delivery[], next: Delivery): number {
  const last = before.at(-1);
  if (last === undefined || (last.to === next.to && last.from === next.from)) return 0;
  if (uses(next, last.to)) return 0;
  return isMade(last) ? switchCost : switchCost / 2;
}

/** The deliveries as moves, one step each. */
export function movesOf(before: Attack, deliveries: readonly Delivery[]): readonly Move[] {
  return [
    ...before,
    ...deliveries.map((d, i): Move => {
      const { to, from, recipe } = d;
      return { move: "deliver", to, from, recipe, when: { step: i + 1 } };
    }),
  ];
}

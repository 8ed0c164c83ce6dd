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

/**
 * How many processes, but for the last one, have been given something though nothing that they said
 * then is used: an attack to the point has none.
 */
export function looseEnds(deliveries: readonly Delivery[]): number {
  const isLast = (d: Delivery, i: number): boolean =>
    deliveries.findLastIndex((x) => x.to === d.to && x.from === d.from) === i;
  const loose = deliveries.filter(
    (d, i) => isLast(d, i) && !deliveries.slice(i + 1).some((later) => uses(later, d.to)),
  );
  return Math.max(0, loose.length - 1);
}

/** What follows from the last delivery comes first: most attacks hand on what was just said. */
export const costAfter = (before: readonly Delivery[], next: Delivery): number =>
  before.length === 0 || follows(before, next) ? next.cost * 0.3 : next.cost;

export function follows(before: readonly Delivery[], next: Delivery): boolean {
  const last = before.at(-1);
  return last !== undefined && uses(next, last.to);
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

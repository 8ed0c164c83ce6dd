/** What of a recipe an adversary has only seen if it watches others. */
import { type Recipe, within } from "./recipe.ts";

/**
 * Does the recipe take packets that others sent each other? Values may have reached the adversary
 * in packets that were meant for it; if not, an adversary from outside does not have them, and
 * what the recipe makes is not sent.
 */
export function usesOthersTraffic(recipe: Recipe, isAdversary: (id: string) => boolean): boolean {
  return packetsIn(recipe).some(({ from, to }) => !isAdversary(to) && !isAdversary(from));
}

type PacketOf = Extract<Recipe, { readonly packet: unknown }>["packet"];
/** Attacks that share their beginnings share its recipes, and are weighed again and again. */
const kept = new WeakMap<Recipe, readonly PacketOf[]>();

function packetsIn(recipe: Recipe): readonly PacketOf[] {
  let found = kept.get(recipe);
  if (found === undefined) {
    found = [...within(recipe)].flatMap(({ recipe: r }) => ("packet" in r ? [r.packet] : []));
    kept.set(recipe, found);
  }
  return found;
}

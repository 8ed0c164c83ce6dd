/** What of a recipe an adversary has only seen if it watches others. */
import { type Recipe, within } from "./recipe.ts";

/**
 * Does the recipe take packets that others sent each other? Values may have reached the adversary
 * in packets that were meant for it; if not, an adversary from outside does not have them, and
 * what the recipe makes is not sent.
 */
export function usesOthersTraffic(recipe: Recipe, isAdversary: (id: string) => boolean): boolean {
  for (const { recipe: part } of within(recipe)) {
    if (!("packet" in part)) continue;
    if (!isAdversary(part.packet.to) && !isAdversary(part.packet.from)) return true;
  }
  return false;
}

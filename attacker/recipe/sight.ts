/** What of a recipe an adversary has only seen if it watches others. */
import { type Recipe, within } from "./recipe.ts";

/** Not sent to the adversary: it was said by one process to another. */
const isAdversary = (id: string): boolean =>
  id === "mallory" || id.startsWith("puppet-") || id.startsWith("mallory-");

/**
 * Does the recipe take packets that others sent each other? Values may have reached the adversary
 * in packets that were meant for it; if not, an adversary from outside does not have them, and
 * what the recipe makes is not sent.
 */
export function usesOthersTraffic(recipe: Recipe): boolean {
  for (const { recipe: part } of within(recipe)) {
    if (!("packet" in part)) continue;
    if (!isAdversary(part.packet.to) && !isAdversary(part.packet.from)) return true;
  }
  return false;
}

/** What honest messages have in the places that the adversary fills. */
import { type Recipe, recipeKey } from "../../../attacker/recipe/recipe.ts";
import type { Recorded } from "../../../attacker/recipe/terms.ts";

const most = 6;

export class Slots {
  readonly #by = new Map<string, Recorded[]>();

  /** The recipe was put in the place of this value of an honest message. */
  note(recipe: Recipe, inPlaceOf: Recorded): void {
    const key = recipeKey(recipe);
    const list = this.#by.get(key);
    if (list === undefined) this.#by.set(key, [inPlaceOf]);
    else if (list.length < most && !list.includes(inPlaceOf)) list.push(inPlaceOf);
  }

  of(recipe: Recipe): readonly Recorded[] {
    return this.#by.get(recipeKey(recipe)) ?? [];
  }
}

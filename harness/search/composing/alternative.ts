/** Ways to make a part of a message. */
import { type Recipe, recipeKey } from "../../../attacker/recipe/recipe.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";

/** Values of an honest message that the adversary has others for: they are others everywhere. */
export interface Binding {
  readonly values: ReadonlyMap<Latin1, Recipe>;
  /** The same text for the same binding. */
  readonly key: string;
}

export const nothing: Binding = { values: new Map(), key: "" };

export const binding = (value: Latin1, recipe: Recipe): Binding => ({
  values: new Map([[value, recipe]]),
  key: `${value}=${recipeKey(recipe)};`,
});

/** All of them; where two bind one value, the later one. */
export function merged(first: Binding, more: readonly Binding[]): Binding {
  let all: Binding = first;
  for (const next of more) {
    if (next.values.size === 0 || next === all) continue;
    if (all.values.size === 0) all = next;
    else all = { values: new Map([...all.values, ...next.values]), key: all.key + next.key };
  }
  return all;
}

/** One way to make a term. */
export interface Alternative {
  readonly recipe: Recipe;
  /** How far it is from what would be said here. */
  readonly cost: number;
  readonly binds: Binding;
}

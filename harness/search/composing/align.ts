/**
 * What the adversary would have to choose otherwise for some bytes to be others. The bytes are what
 * a process computed with, or compared; in them stand choices that the adversary has made.
 */
import { type Recipe, recipeKey, within } from "../../../attacker/recipe/recipe.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";
import type { Delivery } from "./delivery.ts";
import type { Scene } from "./scene.ts";

/** A part of a delivery that may be something else. */
export interface Choice {
  /** Position of the delivery. */
  readonly in: number;
  readonly recipe: Recipe;
  readonly key: string;
  readonly bytes: Latin1;
  /** Free choices are changed first. */
  readonly freedom: number;
}

const leastBytes = 2;

/** What is less free than this is no choice: it consists of choices. */
const mostFreedom = 5;

function freedomOf(recipe: Recipe): number {
  if ("fresh" in recipe) return 0;
  if ("value" in recipe || "plus" in recipe) return 1;
  if ("own" in recipe) return 2;
  if ("make" in recipe || "part" in recipe) return 3;
  if ("name" in recipe) return 4;
  return "hex" in recipe ? 5 : 9;
}

type Choosable = Pick<Choice, "recipe" | "key" | "freedom">;
const kept = new WeakMap<Recipe, readonly Choosable[]>();

/** What may be chosen in a recipe, whatever bytes it makes: most are asked about many times. */
function choosableIn(whole: Recipe): readonly Choosable[] {
  let found = kept.get(whole);
  if (found === undefined) {
    const byKey = new Map<string, Choosable>();
    for (const { recipe } of within(whole)) {
      const freedom = freedomOf(recipe);
      const key = recipeKey(recipe);
      if (freedom <= mostFreedom && !byKey.has(key)) byKey.set(key, { recipe, key, freedom });
    }
    found = [...byKey.values()];
    kept.set(whole, found);
  }
  return found;
}

/** All choices in these deliveries, the freest first. What stands in two places is one. */
export function choicesIn(deliveries: readonly Delivery[], scene: Scene): readonly Choice[] {
  const found: Choice[] = [];
  for (const [i, { recipe: whole }] of deliveries.entries()) {
    for (const { recipe, key, freedom } of choosableIn(whole)) {
      const bytes = scene.bytesOf(recipe);
      if (bytes === undefined || bytes.length < leastBytes) continue;
      found.push({ in: i, recipe, key, bytes, freedom });
    }
  }
  return found.toSorted((a, b) => a.freedom - b.freedom || b.in - a.in);
}

/** What a choice should be instead. */
export interface Change {
  readonly choice: Choice;
  readonly bytes: Latin1;
  /** Where they stand in what was wanted, if they are a part of it as they are. */
  readonly at?: number;
}

const most = 4;

/**
 * @returns ways to make `actual` be `wanted`, each a set of changes, the smallest first; none if
 *   they are alike, or differ where the adversary has no choice.
 */
export function align(
  actual: Latin1,
  wanted: Latin1,
  choices: readonly Choice[],
): readonly (readonly Change[])[] {
  if (actual === wanted) return [];
  const single = choices.flatMap((choice) => {
    const found = instead(actual, wanted, choice.bytes);
    return found === undefined ? [] : [[{ choice, ...found }]];
  });
  if (single.length > 0 || actual.length !== wanted.length) return single.slice(0, most);
  const many = piecewise(actual, wanted, choices);
  return many === undefined ? [] : [many];
}

/** What one choice should be, if all the rest is as it should be. */
function instead(actual: Latin1, wanted: Latin1, mine: Latin1): Omit<Change, "choice"> | undefined {
  const at = actual.indexOf(mine);
  if (at >= 0) {
    const [before, after] = [actual.slice(0, at), actual.slice(at + mine.length)];
    if (wanted.length < before.length + after.length) return undefined;
    if (!wanted.startsWith(before) || !wanted.endsWith(after)) return undefined;
    const bytes = wanted.slice(before.length, wanted.length - after.length);
    return { bytes, at: before.length };
  }
  // Only a part of it was looked at.
  const inside = actual.length >= 4 && actual.length < mine.length ? mine.indexOf(actual) : -1;
  if (inside < 0 || wanted.length !== actual.length) return undefined;
  return { bytes: mine.slice(0, inside) + wanted + mine.slice(inside + actual.length) };
}

/** Several choices that stand in it, where the two are of one length. */
function piecewise(
  actual: Latin1,
  wanted: Latin1,
  choices: readonly Choice[],
): readonly Change[] | undefined {
  const changes: Change[] = [];
  let left = actual;
  for (const choice of choices) {
    const at = left.indexOf(choice.bytes);
    if (at < 0) continue;
    const end = at + choice.bytes.length;
    const bytes = wanted.slice(at, end);
    if (bytes === choice.bytes) continue;
    changes.push({ choice, bytes, at });
    left = left.slice(0, at) + bytes + left.slice(end);
    if (left === wanted) return changes;
  }
  return undefined;
}

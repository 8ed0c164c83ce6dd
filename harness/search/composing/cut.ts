/** A stretch of what a recipe makes, as a recipe of its own. */
import { joined, type Recipe } from "../../../attacker/recipe/recipe.ts";
import { type Latin1, latin1, uintBytes } from "../../../protocol/kit/bytes.ts";
import { constant } from "./remake.ts";

type BytesOf = (recipe: Recipe) => Latin1 | undefined;

/** As a row of pieces that follow each other; lengths become pieces of their own. */
function flat(recipe: Recipe, bytesOf: BytesOf): readonly Recipe[] {
  if ("join" in recipe) return recipe.join.flatMap((r) => flat(r, bytesOf));
  if ("summed" in recipe) return flat(recipe.summed, bytesOf);
  if (!("counted" in recipe) || recipe.order !== undefined) return [recipe];
  const size = bytesOf(recipe.counted)?.length;
  if (size === undefined) return [recipe];
  return [constant(latin1(uintBytes(size, recipe.width))), ...flat(recipe.counted, bytesOf)];
}

/** @returns `undefined` if the stretch begins or ends within a piece. */
export function cutOut(
  recipe: Recipe,
  from: number,
  wanted: Latin1,
  bytesOf: BytesOf,
): Recipe | undefined {
  const pieces: Recipe[] = [];
  let at = 0;
  for (const piece of flat(recipe, bytesOf)) {
    const size = bytesOf(piece)?.length;
    if (size === undefined) return undefined;
    if (at >= from && at + size <= from + wanted.length) pieces.push(piece);
    else if (at + size > from && at < from + wanted.length) return undefined;
    at += size;
  }
  const cut = joined(pieces);
  return bytesOf(cut) === wanted ? cut : undefined;
}

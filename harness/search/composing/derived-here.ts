/** Keys that nobody has computed here yet, where the adversary has all that they follow from. */
import type { Recipe } from "../../../attacker/recipe/recipe.ts";
import type { Recorded, Term } from "../../../attacker/recipe/terms.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";
import { canCarryOut, carriedInputs } from "../../../protocol/kit/carry-out.ts";
import { operations } from "../../../protocol/kit/operations.ts";
import type { Binding } from "./alternative.ts";
import { recipeOfTerm } from "./recipe-of-term.ts";
import type { Making } from "./workshop.ts";

/** Keys of records are derived from those of sessions, and these from secrets that are computed. */
const mostDeep = 6;

/**
 * @param honest what stands in the place of the key in the honest run.
 * @returns `undefined` if it was drawn, or if anything is missing: it would be another key.
 */
export function derivedHere(maker: Making, honest: Latin1, bound: Binding): Recipe | undefined {
  const term = maker.shop.honest.read(honest);
  return term.is === "value" || term.is === "piece" ? ofTerm(maker, term, bound, 0) : undefined;
}

function ofTerm(maker: Making, term: Term, bound: Binding, depth: number): Recipe | undefined {
  return recipeOfTerm(term, {
    constant: (bytes) => maker.remaking.recipeOf(bytes),
    name: (name) => maker.alternatives(name)[0]?.recipe,
    value: (of) => ofValue(maker, of, bound, depth),
  });
}

function ofValue(
  maker: Making,
  { record, value }: Recorded,
  bound: Binding,
  depth: number,
): Recipe | undefined {
  const given = bound.values.get(value);
  if (given !== undefined) return given;
  const isOtherwise = maker.isTouched(record, bound);
  const here = isOtherwise ? undefined : maker.mapped(value);
  if (here !== undefined && maker.scene.has(here)) return maker.remaking.recipeOf(here);
  const { op, algorithm, inputs } = record;
  if (depth >= mostDeep || operations[op].fresh === true || !canCarryOut(op)) return undefined;
  const from: Recipe[] = [];
  for (const input of inputs.slice(0, carriedInputs(op))) {
    const recipe = ofTerm(maker, maker.shop.honest.read(input), bound, depth + 1);
    if (recipe === undefined) return undefined;
    from.push(recipe);
  }
  return { make: op, algorithm, from };
}

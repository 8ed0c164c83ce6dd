/** Keys that nobody has computed here yet, where the adversary has all that they follow from. */
import { joined, type Recipe } from "../../../attacker/recipe/recipe.ts";
import type { Recorded, Term } from "../../../attacker/recipe/terms.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";
import { canCarryOut, carriedInputs } from "../../../protocol/kit/carry-out.ts";
import { operations } from "../../../protocol/kit/operations.ts";
import type { Binding } from "./alternative.ts";
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
  switch (term.is) {
    case "constant":
    case "said":
      return maker.remaking.recipeOf(term.bytes);
    case "name":
      return maker.alternatives(term)[0]?.recipe;
    case "value":
      return ofValue(maker, term.of, bound, depth);
    case "piece": {
      const { of, from, to } = term.of;
      const part = ofValue(maker, of, bound, depth);
      return part && { part, from, ...(to === undefined ? {} : { to }) };
    }
    case "near": {
      const to = ofValue(maker, term.of, bound, depth);
      return to && { plus: term.plus, to };
    }
    case "join": {
      const parts: Recipe[] = [];
      for (const part of term.parts) {
        const recipe = ofTerm(maker, part, bound, depth);
        if (recipe === undefined) return undefined;
        parts.push(recipe);
      }
      return joined(parts);
    }
    case "counted": {
      const inner = ofTerm(maker, term.inner, bound, depth);
      const order = term.lowFirst ? ({ order: "low-first" } as const) : {};
      return inner && { counted: inner, width: term.width, ...order };
    }
    case "summed": {
      const inner = ofTerm(maker, term.inner, bound, depth);
      return inner && { summed: inner, ...term.place };
    }
    case "text": {
      const inner = ofTerm(maker, term.inner, bound, depth);
      return inner && { make: "encode", algorithm: term.encoding, from: [inner] };
    }
  }
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

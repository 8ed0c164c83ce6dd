/** From a term to a recipe, where each of its values has one. */
import { joined, type Recipe } from "../../../attacker/recipe/recipe.ts";
import type { Recorded, Term } from "../../../attacker/recipe/terms.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";

/** How what a term consists of is made; `undefined` where the adversary cannot. */
export interface Leaves {
  constant(bytes: Latin1): Recipe | undefined;
  name(term: Extract<Term, { is: "name" }>): Recipe | undefined;
  value(of: Recorded): Recipe | undefined;
}

/** @returns `undefined` if anything in it cannot be made. */
export function recipeOfTerm(term: Term, leaves: Leaves): Recipe | undefined {
  switch (term.is) {
    case "constant":
    case "said":
      return leaves.constant(term.bytes);
    case "name":
      return leaves.name(term);
    case "value":
      return leaves.value(term.of);
    case "piece": {
      const { of, from, to } = term.of;
      const part = leaves.value(of);
      return part && { part, from, ...(to === undefined ? {} : { to }) };
    }
    case "near": {
      const to = leaves.value(term.of);
      return to && { plus: term.plus, to };
    }
    case "join": {
      const parts = term.parts.map((p) => recipeOfTerm(p, leaves));
      return parts.includes(undefined) ? undefined : joined(parts as readonly Recipe[]);
    }
    case "counted": {
      const inner = recipeOfTerm(term.inner, leaves);
      const order = term.lowFirst ? ({ order: "low-first" } as const) : {};
      return inner && { counted: inner, width: term.width, ...order };
    }
    case "summed": {
      const inner = recipeOfTerm(term.inner, leaves);
      return inner && { summed: inner, ...term.place };
    }
    case "text": {
      const inner = recipeOfTerm(term.inner, leaves);
      return inner && { make: "encode", algorithm: term.encoding, from: [inner] };
    }
  }
}

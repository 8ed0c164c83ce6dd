/** What follows from values for which the adversary has others: it is another one as well. */
import type { Recorded, Term, Terms } from "../../../attacker/recipe/terms.ts";
import { type OpRecord, operations } from "../../../protocol/kit/operations.ts";
import type { Binding } from "./alternative.ts";

/** Keys are derived from secrets that are computed from halves, and seal what has keys in it. */
const mostDeep = 6;

export class Touched {
  readonly #honest: Terms;
  /** By binding: what was asked about before. */
  readonly #known = new Map<string, Map<OpRecord, boolean>>();

  constructor(honest: Terms) {
    this.#honest = honest;
  }

  /** Was it computed, at whatever distance, from something that is something else now? */
  isMade(record: OpRecord, bound: Binding, depth = 0): boolean {
    // What is drawn follows from nothing; names its inputs has none.
    if (bound.values.size === 0 || depth > mostDeep || operations[record.op].fresh === true) {
      return false;
    }
    let known = this.#known.get(bound.key);
    if (known === undefined) {
      known = new Map();
      this.#known.set(bound.key, known);
    }
    let answer = known.get(record);
    if (answer === undefined) {
      known.set(record, false);
      answer = record.inputs.some(
        (input) =>
          [...bound.values.keys()].some((value) => input.includes(value)) ||
          this.isIn(this.#honest.read(input), bound, depth + 1),
      );
      known.set(record, answer);
    }
    return answer;
  }

  /** Is anything in the term otherwise? */
  isIn(term: Term, bound: Binding, depth = 0): boolean {
    switch (term.is) {
      case "value":
      case "near":
        return this.#isOtherwise(term.of, bound, depth);
      case "piece":
        return this.#isOtherwise(term.of.of, bound, depth);
      case "join":
        return term.parts.some((p) => this.isIn(p, bound, depth));
      case "counted":
      case "summed":
      case "text":
        return this.isIn(term.inner, bound, depth);
      default:
        return false;
    }
  }

  #isOtherwise({ value, record }: Recorded, bound: Binding, depth: number): boolean {
    return bound.values.has(value) || this.isMade(record, bound, depth);
  }
}

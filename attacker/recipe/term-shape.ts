/** How terms are built, whatever the values in them are: what tells kinds of messages apart. */
import { contentOf, operations } from "../../protocol/kit/operations.ts";
import type { Recorded, Term, Terms } from "./terms.ts";

/** Further inside, messages are not told apart. */
const mostDeep = 8;

/** Messages of one shape differ in values and names only. */
export const shapeOf = (term: Term, terms: Terms, depth = 0): string =>
  shapeWith(term, (of) => shapeOfValue(of, terms, depth));

/** The same, with values told apart otherwise. */
export function shapeWith(term: Term, ofValue: (of: Recorded) => string): string {
  switch (term.is) {
    case "constant":
      return `c${term.bytes.length}`;
    case "name":
      return "N";
    case "said":
      return `s${term.bytes.length}`;
    case "value":
      return ofValue(term.of);
    case "piece": {
      const { of, from, to } = term.of;
      return `${ofValue(of)}[${from}:${to ?? ""}]`;
    }
    case "near":
      return `random${term.of.value.length}`;
    case "join":
      return `(${term.parts.map((p) => shapeWith(p, ofValue)).join(" ")})`;
    case "counted":
      return `#${term.width}${shapeWith(term.inner, ofValue)}`;
    case "summed":
      return shapeWith(term.inner, ofValue);
    case "text":
      return `${term.encoding}{${shapeWith(term.inner, ofValue)}}`;
  }
}

/** The constants in it, but for those within ciphertexts: what tells messages of one shape apart. */
export function constantsIn(term: Term): string {
  switch (term.is) {
    case "constant":
      return `${term.bytes}|`;
    case "join":
      return term.parts.map(constantsIn).join("");
    case "counted":
    case "summed":
    case "text":
      return constantsIn(term.inner);
    default:
      return "";
  }
}

/** Of a ciphertext, how what is in it is built: names may be of different lengths. */
function shapeOfValue({ record, value }: Recorded, terms: Terms, depth: number): string {
  const { op } = record;
  if (operations[op].content === undefined || depth >= mostDeep) return `${op}${value.length}`;
  return `${op}{${shapeOf(terms.read(contentOf(record)), terms, depth + 1)}}`;
}

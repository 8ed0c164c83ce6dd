/** How terms are built, whatever the values in them are: what tells kinds of messages apart. */
import { contentOf, operations } from "../../protocol/kit/operations.ts";
import type { Recorded, Term, Terms } from "./terms.ts";

/** Further inside, messages are not told apart. */
const mostDeep = 8;

/** Messages of one shape differ in values and names only. */
export function shapeOf(term: Term, terms: Terms, depth = 0): string {
  switch (term.is) {
    case "constant":
      return `c${term.bytes.length}`;
    case "name":
      return "N";
    case "said":
      return `s${term.bytes.length}`;
    case "value":
      return shapeOfValue(term.of, terms, depth);
    case "piece":
      return `${shapeOfValue(term.of.of, terms, depth)}[${term.of.from}:${term.of.to ?? ""}]`;
    case "near":
      return `random${term.of.value.length}`;
    case "join":
      return `(${term.parts.map((p) => shapeOf(p, terms, depth)).join(" ")})`;
    case "counted":
      return `#${term.width}${shapeOf(term.inner, terms, depth)}`;
    case "summed":
      return shapeOf(term.inner, terms, depth);
    case "text":
      return `${term.encoding}{${shapeOf(term.inner, terms, depth)}}`;
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

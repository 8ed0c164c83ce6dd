/**
 * What a receiver sees of a message before it opens anything: boxes are told apart by the keys
 * that they were made under, and not by what is in them. So one box may be taken for another (J.
 * Heather, G. Lowe, S. Schneider, "How to prevent type flaw attacks on security protocols", 2000).
 */
import { shapeWith } from "../../../attacker/recipe/term-shape.ts";
import type { Term } from "../../../attacker/recipe/terms.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";
import { operations } from "../../../protocol/kit/operations.ts";

/** @param keyOf what stands for a key; `undefined` if nothing does. */
export const outsideOf = (term: Term, keyOf: (key: Latin1) => Latin1 | undefined): string =>
  shapeWith(term, ({ record, value }) => {
    const { content, key } = operations[record.op];
    if (content === undefined || key === undefined) return `${record.op}${value.length}`;
    return `${record.op} under ${keyOf(record.inputs[key] ?? "") ?? "another key"}`;
  });

/** Without the keys. */
export const boxesIn = (term: Term): string => outsideOf(term, () => "a key");

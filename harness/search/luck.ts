/** What an attacker guessed right in a run, beside what it computed: how likely is that? */
import { bitsOf, type Luck, luckWords, rarer } from "../../attacker/guessed-part.ts";
import type { Judgement, Violation } from "../guarantees/guarantee.ts";
import type { Trace } from "../trace/trace.ts";

export const costing = (violation: Violation, cost: string): Violation => ({
  ...violation,
  compute: violation.compute ? `${violation.compute}, ${cost}` : cost,
});

/** @returns the judgement, with what luck the violation takes. */
export function withLuck(judgement: Judgement, trace: Trace): Judgement {
  const { violation } = judgement;
  if (violation === undefined) return judgement;
  const luck = trace.puppets.reduce(
    (all: Luck | undefined, puppet) => rarer(all, puppet.luck),
    undefined,
  );
  if (luck === undefined || bitsOf(luck) === 0) return judgement;
  return { ...judgement, violation: costing(violation, luckWords(luck)) };
}

/**
 * What the adversary knows once it has tried keys that are close to what it has seen. Asked only of
 * runs in which it did not act: what is sent almost openly is sent so without its help.
 */
import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import { nearlyKnown, withGuesses } from "../../attacker/knowledge/nearly-known.ts";
import { otherInstallation } from "../run/adversary/near-keys.ts";
import { simulate } from "../run/simulate.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { Trace } from "../trace/trace.ts";
import { knowledgeFromWire, knowledgeOf } from "../trace/trace-knowledge.ts";

const isUndisturbed = ({ plan }: Trace): boolean =>
  plan.attack.every((m) => m.move === "disclose" || m.move === "participate") &&
  plan.network.loss === 0;

function guessing(trace: Trace, knowledge: Knowledge): Knowledge | undefined {
  if (!isUndisturbed(trace)) return undefined;
  const found = nearlyKnown(knowledge, () => otherInstallation(trace, simulate));
  return found.length === 0 ? undefined : withGuesses(knowledge, found);
}

/** From all traffic and what can be tried; `undefined` if there is nothing to try. */
export const guessedFromWire = memoPerTrace((trace) => guessing(trace, knowledgeFromWire(trace)));

/** Likewise, from disclosures as well. */
export const guessedFromAll = memoPerTrace((trace) =>
  trace.disclosed.length === 0 ? guessedFromWire(trace) : guessing(trace, knowledgeOf(trace)),
);

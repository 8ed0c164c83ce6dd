import { countWords, drawnBits, guessableBelowBits } from "../../attacker/knowledge/drawn-bits.ts";
import { type GuessTest, offlineTest } from "../../attacker/knowledge/guess.ts";
import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import { isCorrupt } from "../../attacker/move.ts";
import { type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { knowledgeFromWire } from "../trace/trace-knowledge.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

/** How guesses are tested, and how many values there are to try, where that is known. */
interface Guessable {
  readonly test: GuessTest;
  readonly bits: number | undefined;
}

/** Runs in which the same was said and computed share what is known. */
const found = new WeakMap<Knowledge, Map<Latin1, Guessable | undefined>>();
function guessable(knowledge: Knowledge, password: Uint8Array): Guessable | undefined {
  const known = found.get(knowledge) ?? new Map<Latin1, Guessable | undefined>();
  found.set(knowledge, known);
  const value = latin1(password);
  if (!known.has(value)) {
    const test = offlineTest(knowledge, password);
    const bits = test && drawnBits(knowledge, value);
    // It was drawn from so many values that a test is of no use.
    const isVain = bits !== undefined && bits >= guessableBelowBits;
    known.set(value, test && !isVain ? { test, bits } : undefined);
  }
  return known.get(value);
}

export const passwordProtection: Guarantee = {
  id: "password-protection",
  statement: "No password becomes known, and none can be tested offline.",
  source: "S. Bellovin, M. Merritt: Encrypted key exchange, 1992",
  twin: "hashed-login",
  layered: false,
  secrecy: true,
  safety: true,
  counts: withoutDisclosure,
  notApplicable: ({ honest }) =>
    honest.deployment.credentials.length > 0 ? undefined : "no passwords are in use",
  judge(trace) {
    // A principal knows its own password, and so does whoever acts as it.
    const credentials = trace.deployment.credentials.filter(
      ({ principal }) => !isCorrupt(principal, trace.plan.attack),
    );
    const knowledge = knowledgeFromWire(trace);
    for (const { principal, password } of credentials) {
      const atStake = credentials.length;
      if (knowledge.knows(latin1(password))) {
        return { atStake, violation: { because: `the attacker can read ${principal}'s password` } };
      }
      const guess = guessable(knowledge, password);
      if (guess === undefined) continue;
      const { test, bits } = guess;
      const values = bits === undefined ? "" : `${countWords(bits)}, `;
      const { operationsPerGuess: n, check } = test;
      const work = `${n} ${n === 1 ? "operation" : "operations"} per guess`;
      const cost = `${values}${work}, the last ${check.algorithm}`;
      const because = `guesses at ${principal}'s password can be tested offline against recorded traffic (${check.op} ${check.algorithm})`;
      return { atStake, violation: { because, compute: `offline dictionary: ${cost}` } };
    }
    return { atStake: credentials.length };
  },
};

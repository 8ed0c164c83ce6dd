import { type GuessTest, offlineTest } from "../../attacker/knowledge/guess.ts";
import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import { isCorrupt } from "../../attacker/move.ts";
import { type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { knowledgeFromWire } from "../trace/trace-knowledge.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

/** Runs in which the same was said and computed share what is known. */
const tests = new WeakMap<Knowledge, Map<Latin1, GuessTest | undefined>>();
function testOf(knowledge: Knowledge, password: Uint8Array): GuessTest | undefined {
  const known = tests.get(knowledge) ?? new Map<Latin1, GuessTest | undefined>();
  tests.set(knowledge, known);
  const guess = latin1(password);
  if (!known.has(guess)) known.set(guess, offlineTest(knowledge, password));
  return known.get(guess);
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
      const test = testOf(knowledge, password);
      if (test === undefined) continue;
      const cost = `${test.operationsPerGuess} operations per guess, the last ${test.check.algorithm}`;
      const because = `guesses at ${principal}'s password can be tested offline against recorded traffic (${test.check.op} ${test.check.algorithm})`;
      return { atStake, violation: { because, compute: `offline dictionary: ${cost}` } };
    }
    return { atStake: credentials.length };
  },
};

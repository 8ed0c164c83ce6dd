/**
 * Can a guess, of a password or of a principal's identity, be tested offline? The adversary
 * supposes it and looks for a value it has seen that it can compute now but could not before: each
 * such value distinguishes a right guess from a wrong one. So does what a guess opens, if a tag or
 * the content tells that it is the right one; a ciphertext of random bytes does not (S. Bellovin,
 * M. Merritt: Encrypted key exchange, 1992).
 */
import { type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../protocol/kit/operations.ts";
import type { Knowledge } from "./knowledge.ts";
import { Likeness } from "./likeness.ts";

export interface GuessTest {
  /** The operation whose result distinguishes a right guess from a wrong one. */
  readonly check: OpRecord;
  /** Operations that one guess costs, the check among them. */
  readonly operationsPerGuess: number;
}

/**
 * @param guess the values of one guess: a password; or a public key and what goes with it.
 * @returns how a guess is tested, or `undefined` if nothing seen so far depends on it.
 */
export function offlineTest(
  knowledge: Knowledge,
  ...guess: readonly Uint8Array[]
): GuessTest | undefined {
  const secrets = guess.map(latin1);
  if (secrets.every((s) => knowledge.knows(s))) return undefined;
  if (!mayMatter(knowledge, secrets)) return undefined;
  const supposed = knowledge.suppose(guess);
  const likeness = new Likeness(knowledge.operations);
  const needed = new Set<OpRecord>();
  for (const op of knowledge.operations) {
    const { guess: tells, compose } = operations[op.op];
    if (tells === "by-check" && checksOnlyWith(op, knowledge, supposed)) {
      return { check: op, operationsPerGuess: needed.size + 1 };
    }
    if (tells !== "by-output") continue;
    if (compose(op, supposed) && !compose(op, knowledge)) {
      needed.add(op);
      if (isSeen(knowledge, op) && !fitsAnyGuess(op, knowledge, guess))
        return { check: op, operationsPerGuess: needed.size };
    }
    // What it shows is found out sooner than whether a part of it was seen.
    if (showsOnlyWith(op, knowledge, supposed, likeness) && isSeen(knowledge, op)) {
      return { check: op, operationsPerGuess: needed.add(op).size };
    }
  }
  return undefined;
}

/** A cheap test first: does the guess, with what is known, give or open anything? */
function mayMatter(knowledge: Knowledge, secrets: readonly Latin1[]): boolean {
  const tells = (value: Latin1): boolean => secrets.some((s) => value.includes(s));
  const hopeful = {
    has: (value: Latin1): boolean => tells(value) || knowledge.has(value),
    privateKeyOf: (key: Latin1) => knowledge.privateKeyOf(key),
    publicKeyOf: (key: Latin1) => knowledge.publicKeyOf(key),
  };
  return knowledge.operations.some((op) => {
    if (!op.inputs.some(tells)) return false;
    const { guess, compose, shows, decompose } = operations[op.op];
    if (guess === "by-check" || compose(op, hopeful)) return true;
    return shows !== undefined && decompose !== undefined && decompose(op, hopeful).length > 0;
  });
}

/**
 * A one-time pad, a masked point and a bare cipher can be undone with any guess, and done again: no
 * test. They test a guess only if their other inputs are known without undoing them.
 */
function fitsAnyGuess(op: OpRecord, knowledge: Knowledge, guess: readonly Uint8Array[]): boolean {
  const equation = operations[op.op].equation?.(op);
  if (equation === undefined) return false;
  const isOther = (other: OpRecord): boolean => operations[other.op].equation?.(other) !== equation;
  return !operations[op.op].compose(op, knowledge.suppose(guess, isOther));
}

/** What the guess takes out of this, and nothing else does, shows that it is right. */
function showsOnlyWith(
  op: OpRecord,
  before: Knowledge,
  after: Knowledge,
  likeness: Likeness,
): boolean {
  const { shows, decompose, opensWith, key = 0 } = operations[op.op];
  if (shows === undefined || decompose === undefined) return false;
  if (shows === "by-tag") {
    const secret = op.inputs[key] ?? "";
    return opensWith === "key" && after.has(secret) && !before.has(secret);
  }
  if (decompose(op, before).length > 0) return false;
  return decompose(op, after).some((value) => likeness.isTelling(op, value));
}

/** A signature that can be checked only with the key that was guessed. */
function checksOnlyWith({ op, inputs }: OpRecord, before: Knowledge, after: Knowledge): boolean {
  return inputs.every((i) => after.has(i)) && !before.has(inputs[operations[op].key ?? 0] ?? "");
}

const isSeen = (knowledge: Knowledge, { output }: OpRecord): boolean =>
  knowledge.knows(output) || seenInPart(knowledge, output);

/** A truncated hash or tag serves as well as a whole one. */
function seenInPart(knowledge: Knowledge, output: Latin1): boolean {
  const least = 8;
  for (const op of knowledge.operations) {
    for (const value of op.inputs) {
      if (value.length >= least && value.length < output.length && output.includes(value)) {
        if (knowledge.knows(value)) return true;
      }
    }
  }
  return false;
}

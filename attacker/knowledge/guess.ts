/**
 * Can a password be tested offline? The attacker supposes one guess and looks for anything it has
 * seen that it could now compute but could not before: each such value tells a right guess from a
 * wrong one.
 */
import { type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import type { OpRecord } from "../../protocol/kit/recorder.ts";
import type { Knowledge } from "./knowledge.ts";
import { equationOf, hasOutput, rules } from "./rules.ts";

export interface GuessTest {
  /** The operation whose outcome tells a right guess from a wrong one. */
  readonly check: OpRecord;
  /** Operations that one guess costs, the check among them. */
  readonly operationsPerGuess: number;
}

/** @returns how a guess is tested, or `undefined` if nothing seen so far depends on it. */
export function offlineTest(knowledge: Knowledge, password: Uint8Array): GuessTest | undefined {
  const secret = latin1(password);
  if (knowledge.knows(secret)) return undefined;
  if (!mayMatter(knowledge, secret)) return undefined;
  const supposed = knowledge.suppose([password]);
  const needed = new Set<OpRecord>();
  for (const op of knowledge.operations) {
    if (!hasOutput(op) || op.op === "random") continue;
    const computable = (k: Knowledge): boolean => rules[op.op].compose(op, k);
    const seen = knowledge.knows(op.output) || seenInPart(knowledge, op.output);
    if (computable(supposed) && !computable(knowledge)) {
      needed.add(op);
      if (seen && !fitsAnyGuess(op, knowledge, password))
        return { check: op, operationsPerGuess: needed.size };
    } else if (seen && opensOnlyWith(op, knowledge, supposed)) {
      return { check: op, operationsPerGuess: needed.size + 1 };
    }
  }
  return undefined;
}

/** A cheap test first: does the password go into anything that the rest is known of? */
function mayMatter(knowledge: Knowledge, secret: Latin1): boolean {
  const hopeful = {
    has: (value: Latin1): boolean => value.includes(secret) || knowledge.has(value),
    privateKeyOf: (key: Latin1) => knowledge.privateKeyOf(key),
    publicKeyOf: (key: Latin1) => knowledge.publicKeyOf(key),
  };
  return knowledge.operations.some(
    (op) => op.inputs.some((v) => v.includes(secret)) && rules[op.op].compose(op, hopeful),
  );
}

/**
 * A one-time pad and a masked point can be undone with any guess, and done again: that tells
 * nothing. They test a guess only if their other inputs are known without undoing them.
 */
function fitsAnyGuess(op: OpRecord, knowledge: Knowledge, password: Uint8Array): boolean {
  const equation = equationOf(op);
  if (equation === undefined) return false;
  const supposed = knowledge.suppose([password], (other) => equationOf(other) !== equation);
  return !rules[op.op].compose(op, supposed);
}

/** A ciphertext that opens with the guess: its tag, or its redundancy, tells. */
function opensOnlyWith(op: OpRecord, before: Knowledge, after: Knowledge): boolean {
  if (op.op !== "aead" && op.op !== "cipher") return false;
  const key = op.inputs[0] ?? "";
  return after.has(key) && !before.has(key);
}

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

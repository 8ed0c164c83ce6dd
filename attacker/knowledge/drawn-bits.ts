/**
 * How many values something can have, as far as the record of draws says: a password that was drawn
 * from so many that nobody tries them all is none that can be guessed.
 */
import type { Latin1 } from "../../protocol/kit/bytes.ts";
import { operations } from "../../protocol/kit/operations.ts";
import type { Knowledge } from "./knowledge.ts";
import { declaredFromBytes, guessableBelowBytes } from "./lengths.ts";

/** From so many bits on nobody tries all values; as with values of so many bytes. */
export const guessableBelowBits = 8 * guessableBelowBytes;

/** Encoded, hashed, and encoded again. */
const mostSteps = 4;

/** Draws, and how many bits of each of them there are in a value. */
type Draws = ReadonlyMap<Latin1, number>;

/**
 * @returns the binary logarithm of how many values `value` can have for an adversary that knows how
 *   it was made: of the draws in it, or in what it was computed from, that it does not know. Where
 *   none is recorded, a person may have chosen it: `undefined`.
 */
export function drawnBits(knowledge: Knowledge, value: Latin1): number | undefined {
  const draws = drawsIn(knowledge, value, 0);
  return draws.size === 0 ? undefined : sum(draws);
}

function drawsIn(knowledge: Knowledge, value: Latin1, steps: number): Draws {
  const all = new Map<Latin1, number>();
  if (steps > mostSteps || knowledge.knows(value)) return all;
  for (const op of knowledge.operations) {
    const { output } = op;
    const { hasOutput, drawnBits: ofDraw } = operations[op.op];
    if (!hasOutput) continue;
    const isCut = output.length > value.length;
    const isPart = isCut ? isWithin(value, output) : isWithin(output, value);
    if (!isPart && output !== value) continue;
    const share = isCut ? value.length / output.length : 1;
    const made = ofDraw === undefined ? ofInputs(knowledge, op.inputs, steps) : new Map();
    if (ofDraw !== undefined && !knowledge.knows(output)) made.set(output, ofDraw(op));
    for (const [draw, bits] of atMost(8 * output.length, made)) {
      all.set(draw, Math.max(all.get(draw) ?? 0, bits * share));
    }
  }
  return atMost(8 * value.length, all);
}

/** Fewer bytes agree by chance. */
const isWithin = (part: Latin1, whole: Latin1): boolean =>
  part.length >= declaredFromBytes && whole.includes(part);

function ofInputs(knowledge: Knowledge, inputs: readonly Latin1[], steps: number) {
  const all = new Map<Latin1, number>();
  for (const value of inputs) {
    for (const [draw, bits] of drawsIn(knowledge, value, steps + 1)) all.set(draw, bits);
  }
  return all;
}

const sum = (draws: Draws): number => [...draws.values()].reduce((a, b) => a + b, 0);

function atMost(bits: number, draws: Draws): Draws {
  const part = bits / sum(draws);
  return part >= 1 ? draws : new Map([...draws].map(([draw, of]) => [draw, of * part]));
}

const fewBits = 24;

/** So many values, for reports. */
export function countWords(bits: number, one = "guess", many = "guesses"): string {
  if (bits <= 0) return `one ${one}`;
  if (bits >= fewBits) return `about 2^${Math.ceil(bits)} ${many}`;
  // Logarithms of whole numbers are not exact.
  const count = Math.ceil(2 ** bits - 1e-6);
  return `about ${count.toLocaleString("en")} ${many}`;
}

/**
 * What the adversary sends after guessing the beginning of what it cannot know: a code or tag of
 * few symbols, or one of which a verifier compares only so many. How many symbols there are to
 * choose from is read off what other unknown values would give in its place.
 */
import { equalBytes, latin1 } from "../protocol/kit/bytes.ts";
import { fieldsOf, openField } from "./fields.ts";
import { countWords } from "./knowledge/drawn-bits.ts";
import type { KnowledgeQueries } from "./knowledge/incremental-knowledge.ts";
import { declaredFromBytes, guessableBelowBytes } from "./knowledge/lengths.ts";
import type { FieldPath } from "./move.ts";
import { mark, runsOf } from "./non-interference.ts";
import { symbolsIn } from "./symbols.ts";

/** As many as in values so short that they count as guessable. */
const mostBits = 8 * (guessableBelowBytes - 1);

export interface GuessedPart {
  readonly packet: Uint8Array;
  /** How many symbols of it are guessed, and out of how many each. */
  readonly luck: Luck;
}

/** What has to be guessed right. */
export interface Luck {
  readonly count: number;
  readonly symbols: number;
}

/** The binary logarithm of how many guesses there are to make. */
export const bitsOf = ({ count, symbols }: Luck): number => count * Math.log2(symbols);

const kinds: Readonly<Record<number, readonly [one: string, many: string]>> = {
  10: ["decimal digit", "decimal digits"],
  16: ["hexadecimal digit", "hexadecimal digits"],
  256: ["byte", "bytes"],
};

/** What an adversary has to do that tries out what it cannot compute, for reports. */
export function luckWords(luck: Luck): string {
  const { count, symbols } = luck;
  const [one, many] = kinds[symbols] ?? ["character", "characters"];
  const what = `${count} ${count === 1 ? `${one} is` : `${many} are`} guessed`;
  const attacks = countWords(bitsOf(luck), "attack", "attacks");
  return `${attacks} on average, of which all but one fail: ${what}`;
}

/** @returns the less likely of two. */
export function rarer(a: Luck | undefined, b: Luck | undefined): Luck | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return bitsOf(a) < bitsOf(b) ? b : a;
}

/**
 * @param others the packet for other values of everything unknown.
 * @param guesses how many symbols it guesses at most, if that is a number.
 * @returns `undefined` if there is more than one such part, or it cannot be located, or what stands
 *   around it cannot be derived: keys that the code was dealt are in every run the same.
 */
export function guessed(
  knowledge: KnowledgeQueries,
  packet: Uint8Array,
  others: readonly Uint8Array[],
  guesses?: boolean | number,
): GuessedPart | undefined {
  if (others.length === 0) return undefined;
  const most = typeof guesses === "number" ? guesses : Number.POSITIVE_INFINITY;
  for (const path of [...fieldsOf(packet).filter(isUnpacked).toReversed(), []]) {
    const found = guessedIn(knowledge, packet, path, others, most);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Digits are guessed one by one, and text as it stands: it is only taken out of what packs it. */
function isUnpacked(path: FieldPath): boolean {
  const last = path.at(-1);
  return path.some((step) => step.startsWith("base64") || step === "hex" || step === "pem")
    ? last !== "hex" && last !== "decimal"
    : false;
}

function guessedIn(
  knowledge: KnowledgeQueries,
  packet: Uint8Array,
  path: FieldPath,
  others: readonly Uint8Array[],
  most: number,
): GuessedPart | undefined {
  const field = openField(packet, path);
  if (field === undefined) return undefined;
  const own = field.inner;
  const inners: Uint8Array[] = [];
  for (const other of others) {
    const inner = openField(other, path)?.inner;
    // All that differs has to lie in this field.
    if (inner === undefined || !equalBytes(field.close(inner), other)) return undefined;
    if (inner.length === own.length) inners.push(inner);
  }
  const depends = new Uint8Array(own.length);
  for (const other of inners) mark(depends, own, other);
  const [part, ...more] = runsOf(depends);
  if (part === undefined || more.length > 0) return undefined;
  const [from, to] = part;
  const around = [own.subarray(0, from), own.subarray(to)];
  if (path.length > 0) around.push(field.close(new Uint8Array(0)));
  if (!around.every((bytes) => knowledge.derivable(bytes))) return undefined;
  const symbols = symbolsIn([own, ...inners].map((v) => latin1(v.subarray(from, to))).join(""));
  // The bytes of a field are guessed as they are written: their characters are smaller steps.
  if (path.length > 0 && symbols === 256 && to - from === own.length) return undefined;
  const count = Math.min(to - from, Math.floor(mostBits / Math.log2(symbols)), most);
  // Bytes that coincide by chance must not lengthen the guess.
  const otherAt = (i: number) => inners.find((other) => other[i] !== own[i])?.[i];
  const value = own.map((byte, i) => (i < from + count ? byte : (otherAt(i) ?? byte)));
  return { packet: field.close(value), luck: { count, symbols } };
}

/**
 * @returns what is guessed where so little depends on unknown values that nobody has to know them;
 *   `undefined` if nothing is.
 */
export function shortGuess(
  knowledge: KnowledgeQueries,
  packet: Uint8Array,
  others: readonly Uint8Array[],
): Luck | undefined {
  const depends = new Uint8Array(packet.length);
  for (const other of others) mark(depends, packet, other);
  const value = latin1(packet);
  const texts = [value, ...others.map(latin1)];
  let guess: Luck | undefined;
  for (const [from, to] of runsOf(depends)) {
    if (to - from >= declaredFromBytes && knowledge.occurs(value.slice(from, to))) continue;
    const symbols = symbolsIn(texts.map((text) => text.slice(from, to)).join(""));
    const more = { count: to - from + (guess?.count ?? 0), symbols };
    guess = { ...more, symbols: Math.max(symbols, guess?.symbols ?? 0) };
  }
  return guess;
}

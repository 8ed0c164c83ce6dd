/**
 * Keys that are not known, but close to what is: all but a few bytes of them were seen, or they
 * were seen backwards, one more, or under a constant. An adversary tries such values, at a cost
 * that is stated, where something recorded tells a right one from a wrong one.
 *
 * Deduction itself does not try: a single byte amiss makes another value, and all values would have
 * to be compared with all bytes in every run. This is asked where nothing else was found.
 */
import { bytesBigint, fromLatin1, type Latin1 } from "../../protocol/kit/bytes.ts";
import { operations } from "../../protocol/kit/operations.ts";
import { Apart, type OtherInstallation, xor } from "./apart.ts";
import { countWords, guessableBelowBits } from "./drawn-bits.ts";
import { offlineTest } from "./guess.ts";
import type { Guess, Relation } from "./guess-of-key.ts";
import type { Knowledge } from "./knowledge.ts";
import { guessableBelowBytes } from "./lengths.ts";
import { Grams } from "./value-index.ts";

/** As with values of fewer bytes than count as secret: all of them can be tried. */
const mostBits = 8 * (guessableBelowBytes - 1);
/** So many bytes have to be there: fewer agree by chance. */
const fewestBytes = guessableBelowBytes;
const gramBytes = 4;
const gap = "\u0100";

/** Bounds on the work: far above what protocols need. */
const mostKeys = 256;
const mostText = 1 << 18;
const mostPlaces = 32;
const rounds = 3;

/**
 * @returns the keys that can be guessed, each checked against something recorded; what follows from
 *   the first ones may be needed for the next.
 */
export function nearlyKnown(
  knowledge: Knowledge,
  other?: () => OtherInstallation | undefined,
): readonly Guess[] {
  const all: Guess[] = [];
  for (let round = 0; round < rounds; round++) {
    const found = guesses(withGuesses(knowledge, all), other);
    if (found.length === 0) break;
    all.push(...found);
  }
  return all;
}

/** @returns all that `knowledge` holds and what follows from the guesses. */
export function withGuesses(knowledge: Knowledge, found: readonly Guess[]): Knowledge {
  if (found.length === 0) return knowledge;
  const more = knowledge.suppose([]);
  for (const { key, cost } of found) more.guess(key, cost);
  return more;
}

function guesses(
  knowledge: Knowledge,
  other?: () => OtherInstallation | undefined,
): readonly Guess[] {
  const keys = unknownKeys(knowledge);
  if (keys.length === 0) return [];
  const search = new Search(knowledge);
  const few = drawnFromFew(knowledge);
  const installation = other?.();
  const apart = installation && new Apart(knowledge.operations, installation);
  return keys.flatMap((key) => {
    const relation = search.relation(key) ?? apart?.relation(key) ?? few.get(key);
    if (relation === undefined) return [];
    const test = offlineTest(knowledge, fromLatin1(key));
    if (test === undefined) return [];
    const { words, bits, seen = [test.check.output].filter((v) => knowledge.occurs(v)) } = relation;
    return [{ key, cost: `${countWords(bits)} of a key: ${words}`, seen }];
  });
}

/** What was drawn from few values: all of them can be tried. Passwords are judged for themselves. */
function drawnFromFew(knowledge: Knowledge): ReadonlyMap<Latin1, Relation> {
  const found = new Map<Latin1, Relation>();
  for (const op of knowledge.operations) {
    const bits = operations[op.op].drawnBits?.(op) ?? guessableBelowBits;
    if (bits >= guessableBelowBits || knowledge.isDeclared(op.output)) continue;
    found.set(op.output, { words: "it was drawn from so few", bits });
  }
  return found;
}

/** What is used as a key, or was drawn, and is not known. */
function unknownKeys(knowledge: Knowledge): readonly Latin1[] {
  const keys = new Set<Latin1>();
  for (const { op, inputs, output } of knowledge.operations) {
    const { key, fresh } = operations[op];
    if (key !== undefined) keys.add(inputs[key] ?? "");
    if (fresh === true) keys.add(output);
  }
  return [...keys]
    .filter((key) => key.length >= fewestBytes && !knowledge.has(key))
    .slice(0, mostKeys);
}

const backwards = (value: Latin1): Latin1 => [...value].reverse().join("");
/** In words of four bytes, each the other way round. */
const swapped = (value: Latin1): Latin1 => value.replace(/[\s\S]{4}/g, backwards);
/** Each byte XORed with the one before: alike for strings that differ by one repeated byte. */
function steps(value: Latin1): string {
  let out = "";
  for (let i = 1; i < value.length; i++) {
    const [a, b] = [value.charCodeAt(i - 1), value.charCodeAt(i)];
    out += a > 0xff || b > 0xff ? gap : String.fromCharCode(a ^ b);
  }
  return out;
}
/** Finds keys in all that is known, if not as they are. */
class Search {
  readonly #text: string;
  readonly #grams: Grams;
  #steps: string | undefined;
  /** Values of the record that are known, by their length. */
  readonly #values = new Map<number, Set<Latin1>>();

  constructor(knowledge: Knowledge) {
    this.#text = [...knowledge.texts].join(gap).slice(0, mostText);
    this.#grams = new Grams(this.#text);
    for (const { inputs, output } of knowledge.operations) {
      for (const value of [...inputs, output]) {
        if (value.length < fewestBytes || !knowledge.knows(value)) continue;
        const alike = this.#values.get(value.length) ?? new Set();
        this.#values.set(value.length, alike.add(value));
      }
    }
  }

  relation(key: Latin1): Relation | undefined {
    return (
      this.#near(key, "") ??
      this.#near(backwards(key), ", backwards") ??
      this.#near(swapped(key), ", in words of the other byte order") ??
      this.#underOneByte(key) ??
      this.#underKnown(key)
    );
  }

  /** Somewhere stands what differs from the key in a few bytes, or is a little more or less. */
  #near(key: Latin1, how: string): Relation | undefined {
    let best: Relation | undefined;
    for (let i = 0; i + gramBytes <= key.length; i += gramBytes) {
      if (!this.#grams.mayHold(key, i)) continue;
      const gram = key.substring(i, i + gramBytes);
      let at = this.#text.indexOf(gram);
      for (let n = 0; at >= 0 && n < mostPlaces; n++) {
        const found = likeness(key, this.#text, at - i);
        if (found !== undefined && found.bits < (best?.bits ?? Number.POSITIVE_INFINITY)) {
          best = { ...found, words: `${found.words}${how}` };
        }
        at = this.#text.indexOf(gram, at + 1);
      }
    }
    return best;
  }

  #underOneByte(key: Latin1): Relation | undefined {
    this.#steps ??= steps(this.#text);
    const at = this.#steps.indexOf(steps(key));
    if (at < 0) return undefined;
    const words = "it was seen with each byte XORed with one constant byte";
    return { words, bits: 8, seen: [this.#text.substring(at, at + key.length)] };
  }

  #underKnown(key: Latin1): Relation | undefined {
    const alike = this.#values.get(key.length) ?? new Set();
    for (const value of alike) {
      const masked = xor(key, value);
      if (!this.#text.includes(masked)) continue;
      const words = "it was seen XORed with another value that is known";
      return { words, bits: Math.log2(alike.size), seen: [masked, value] };
    }
    return undefined;
  }
}

/** How `key` differs from what stands in `text` from `start` on, if that is little. */
function likeness(key: Latin1, text: string, start: number): Relation | undefined {
  const amiss: number[] = [];
  for (let i = 0; i < key.length; i++) {
    if (key.charCodeAt(i) !== text.charCodeAt(start + i)) amiss.push(i);
  }
  if (key.length - amiss.length < fewestBytes) return undefined;
  const [first, last] = [amiss[0], amiss.at(-1)];
  const seen = longestWhole(text.substring(Math.max(0, start), start + key.length));
  if (first === undefined || last === undefined) return { words: "it was seen", bits: 0, seen };
  const span = last + 1 - first;
  const there = text.substring(start + first, start + last + 1);
  const isWhole = there.length === span && start + first >= 0 && !there.includes(gap);
  const distance = isWhole ? distanceOf(key, first, last, there) : undefined;
  if (distance !== undefined && distance < 16) {
    return { words: "a number close to it was seen", bits: distance, seen };
  }
  const bits = Math.min(8 * span, 8 * amiss.length + logChoose(key.length, amiss.length));
  if (bits > mostBits) return undefined;
  return { words: `all but ${amiss.length} of its ${key.length} bytes were seen`, bits, seen };
}

/** Of what two texts may meet in, the longer part. */
const longestWhole = (stretch: string): readonly Latin1[] =>
  stretch
    .split(gap)
    .toSorted((a, b) => b.length - a.length)
    .slice(0, 1);

/** How far two numbers are apart, in bits, as one of both byte orders has them. */
function distanceOf(key: Latin1, first: number, last: number, there: string): number | undefined {
  const own = key.substring(first, last + 1);
  const order = [
    ...(last === key.length - 1 ? [(v: Latin1) => v] : []),
    ...(first === 0 ? [backwards] : []),
  ];
  const apart = order.map((in_) => {
    const [a, b] = [own, there].map((v) => bytesBigint(fromLatin1(in_(v)))) as [bigint, bigint];
    return (a > b ? a - b : b - a).toString(2).length + 1;
  });
  return apart.length === 0 ? undefined : Math.min(...apart);
}

/** Binary logarithm of n choose k. */
function logChoose(n: number, k: number): number {
  let bits = 0;
  for (let i = 0; i < k; i++) bits += Math.log2((n - i) / (i + 1));
  return bits;
}

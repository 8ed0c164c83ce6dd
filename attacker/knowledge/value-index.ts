/** Finds recorded values inside byte strings, in one pass over the string. */
import type { Latin1 } from "../../protocol/kit/bytes.ts";

/** Values are found by as many of their first bytes. */
export const prefixBytes = 4;

const prefixSlots = 1 << 11;
/** @param slots a power of two, at most 2^20. */
const slotOf = (prefix: number, slots: number): number =>
  (Math.imul(prefix, 0x9e3779b1) >>> 12) & (slots - 1);
/** The four bytes at `i` as a number. */
export const prefixAt = (value: Latin1, i: number): number =>
  ((value.charCodeAt(i) << 24) |
    (value.charCodeAt(i + 1) << 16) |
    (value.charCodeAt(i + 2) << 8) |
    value.charCodeAt(i + 3)) >>>
  0;

/** So many bits in each number of a filter: small integers are kept without objects of their own. */
const filterBits = 4;
const filterMask = (1 << filterBits) - 1;
const emptyFilter: readonly number[] = Array.from({ length: prefixSlots >> filterBits }, () => 0);

interface Entry {
  readonly value: Latin1;
  /** Values are found in the order in which they were added. */
  readonly nth: number;
}

/** Values with the same first bytes: many, where a protocol's packets all begin alike. */
interface Alike {
  /** Those that are shorter than twice as much; and the others, by as many of their next bytes. */
  readonly short: Entry[];
  readonly long: Map<number, Entry[]>;
}

/** Every value that occurs in the record, by its first bytes. */
export class ValueIndex {
  readonly #byPrefix = new Map<number, Alike>();
  /** Says quickly that no value starts like this: true of most places in most messages. */
  readonly #prefixes: number[] = emptyFilter.slice();
  readonly #values = new Set<Latin1>();

  has(value: Latin1): boolean {
    return this.#values.has(value);
  }

  get values(): Iterable<Latin1> {
    return this.#values;
  }

  /** @param value {@link prefixBytes} bytes or more. */
  add(value: Latin1): void {
    const entry = { value, nth: this.#values.size };
    this.#values.add(value);
    const prefix = prefixAt(value, 0);
    const slot = slotOf(prefix, prefixSlots);
    const at = slot >> filterBits;
    this.#prefixes[at] = (this.#prefixes[at] as number) | (1 << (slot & filterMask));
    let alike = this.#byPrefix.get(prefix);
    if (alike === undefined) {
      alike = { short: [], long: new Map() };
      this.#byPrefix.set(prefix, alike);
    }
    if (value.length < 2 * prefixBytes) {
      alike.short.push(entry);
      return;
    }
    const next = prefixAt(value, prefixBytes);
    const same = alike.long.get(next);
    if (same === undefined) alike.long.set(next, [entry]);
    else same.push(entry);
  }

  /**
   * @param onHead called for values of which possibly only the beginning is at that place, twice
   *   {@link prefixBytes} or more.
   * @returns the values that occur inside `text`, itself excepted, in order of their places.
   */
  inside(text: Latin1, onHead?: (value: Latin1, at: number) => void): Latin1[] {
    const found: Latin1[] = [];
    const prefixes = this.#prefixes;
    const last = text.length - prefixBytes;
    let prefix = last < 0 ? 0 : prefixAt(text, 0) >>> 8;
    for (let i = 0; i <= last; i++) {
      prefix = ((prefix << 8) | (text.charCodeAt(i + prefixBytes - 1) & 0xff)) >>> 0;
      const slot = slotOf(prefix, prefixSlots);
      if (((prefixes[slot >> filterBits] as number) & (1 << (slot & filterMask))) === 0) continue;
      const alike = this.#byPrefix.get(prefix);
      if (alike !== undefined) collect(alike, text, i, found, onHead);
    }
    return found;
  }
}

function collect(
  { short, long }: Alike,
  text: Latin1,
  at: number,
  found: Latin1[],
  onHead: ((value: Latin1, at: number) => void) | undefined,
): void {
  const isLong = at + 2 * prefixBytes <= text.length;
  const same = isLong ? long.get(prefixAt(text, at + prefixBytes)) : undefined;
  const candidates =
    same === undefined || short.length === 0
      ? (same ?? short)
      : [...short, ...same].sort((a, b) => a.nth - b.nth);
  for (const { value } of candidates) {
    if (value === text) continue;
    if (text.startsWith(value, at)) found.push(value);
    else onHead?.(value, at);
  }
}

/** A filter that is fuller than this lets too much pass. */
const slotsPerGram = 16;
const fewestGramSlots = 1 << 13;
const mostGramSlots = 1 << 20;

/**
 * Which four bytes occur anywhere in a growing set of strings, a bit for each: says quickly that a
 * string is no part of any of them, which spares a long search.
 */
export class GramFilter {
  readonly #of: ReadonlySet<Latin1>;
  #grams: Uint8Array | undefined;
  #slots = 0;
  /** How many of the strings have been read, and how many bytes they have. */
  #read = 0;
  #bytes = 0;

  constructor(of: ReadonlySet<Latin1>) {
    this.#of = of;
  }

  /**
   * @returns the first place from `from` on at which eight bytes of `value` may be a part of one of
   *   the strings, since all fours within them are; −1 if there is none.
   */
  next(value: Latin1, from: number): number {
    const grams = this.#upToDate();
    const slots = this.#slots;
    let run = 0;
    let gram = from + prefixBytes > value.length ? 0 : prefixAt(value, from) >>> 8;
    for (let i = from; i + prefixBytes <= value.length; i++) {
      gram = ((gram << 8) | (value.charCodeAt(i + prefixBytes - 1) & 0xff)) >>> 0;
      const slot = slotOf(gram, slots);
      run = ((grams[slot >> 3] as number) & (1 << (slot & 7))) === 0 ? 0 : run + 1;
      if (run > prefixBytes) return i - prefixBytes;
    }
    return -1;
  }

  #upToDate(): Uint8Array {
    const grams = this.#grams;
    if (grams !== undefined && this.#read === this.#of.size) return grams;
    let nth = 0;
    for (const text of this.#of) if (nth++ >= this.#read) this.#bytes += text.length;
    let slots = Math.max(fewestGramSlots, this.#slots);
    while (slots < mostGramSlots && slots < slotsPerGram * this.#bytes) slots *= 4;
    const isFresh = grams === undefined || slots !== this.#slots;
    const filled = isFresh ? new Uint8Array(slots / 8) : grams;
    const from = isFresh ? 0 : this.#read;
    nth = 0;
    for (const text of this.#of) if (nth++ >= from) mark(filled, slots, text);
    this.#grams = filled;
    this.#slots = slots;
    this.#read = this.#of.size;
    return filled;
  }
}

function mark(grams: Uint8Array, slots: number, text: Latin1): void {
  const last = text.length - prefixBytes;
  let gram = last < 0 ? 0 : prefixAt(text, 0) >>> 8;
  for (let i = 0; i <= last; i++) {
    gram = ((gram << 8) | (text.charCodeAt(i + prefixBytes - 1) & 0xff)) >>> 0;
    const slot = slotOf(gram, slots);
    grams[slot >> 3] = (grams[slot >> 3] as number) | (1 << (slot & 7));
  }
}

const textSlots = 1 << 21;
const textSlotOf = (gram: number): number => Math.imul(gram, 0x9e3779b1) >>> 11;

/** Which four bytes occur in one long text, for asking that often. */
export class Grams {
  readonly #grams = new Uint8Array(textSlots / 8);

  constructor(text: string) {
    for (let i = 0; i + prefixBytes <= text.length; i++) {
      const slot = textSlotOf(prefixAt(text, i));
      this.#grams[slot >> 3] = (this.#grams[slot >> 3] as number) | (1 << (slot & 7));
    }
  }

  /** May the four bytes of `value` at `i` occur in it? */
  mayHold(value: Latin1, i: number): boolean {
    const slot = textSlotOf(prefixAt(value, i));
    return ((this.#grams[slot >> 3] as number) & (1 << (slot & 7))) !== 0;
  }
}

/** Finds recorded values inside byte strings, in one pass over the string. */
import type { Latin1 } from "../../protocol/kit/bytes.ts";

/** Values are found by as many of their first bytes. */
export const prefixBytes = 4;

const prefixSlots = 1 << 11;
const gramSlots = 1 << 14;
/** @param slots a power of two, at most 2^14. */
const slotOf = (prefix: number, slots: number): number =>
  (Math.imul(prefix, 0x9e3779b1) >>> 18) & (slots - 1);
/** The four bytes at `i` as a number. */
const prefixAt = (value: Latin1, i: number): number =>
  ((value.charCodeAt(i) << 24) |
    (value.charCodeAt(i + 1) << 16) |
    (value.charCodeAt(i + 2) << 8) |
    value.charCodeAt(i + 3)) >>>
  0;

/** May the four bytes at `i` be one of these? */
function isGram(grams: Uint8Array, value: Latin1, i: number): boolean {
  const slot = slotOf(prefixAt(value, i), gramSlots);
  return ((grams[slot >> 3] as number) & (1 << (slot & 7))) !== 0;
}

/** Every value that occurs in the record, by its first bytes. */
export class ValueIndex {
  readonly #byPrefix = new Map<number, Latin1[]>();
  /** Says quickly that no value starts like this: true of most places in most messages. */
  readonly #prefixes = new Uint8Array(prefixSlots);
  readonly #values = new Set<Latin1>();

  has(value: Latin1): boolean {
    return this.#values.has(value);
  }

  get values(): Iterable<Latin1> {
    return this.#values;
  }

  /** @param value {@link prefixBytes} bytes or more. */
  add(value: Latin1): void {
    this.#values.add(value);
    const prefix = prefixAt(value, 0);
    this.#prefixes[slotOf(prefix, prefixSlots)] = 1;
    const list = this.#byPrefix.get(prefix);
    if (list === undefined) this.#byPrefix.set(prefix, [value]);
    else list.push(value);
  }

  /**
   * @param onHead called for values of which possibly only the beginning is at that place.
   * @returns the values that occur inside `text`, itself excepted, in order of their places.
   */
  inside(text: Latin1, onHead?: (value: Latin1, at: number) => void): Latin1[] {
    const found: Latin1[] = [];
    const last = text.length - prefixBytes;
    let prefix = last < 0 ? 0 : prefixAt(text, 0) >>> 8;
    for (let i = 0; i <= last; i++) {
      prefix = ((prefix << 8) | (text.charCodeAt(i + prefixBytes - 1) & 0xff)) >>> 0;
      if (this.#prefixes[slotOf(prefix, prefixSlots)] === 0) continue;
      const list = this.#byPrefix.get(prefix);
      if (list === undefined) continue;
      for (const candidate of list) {
        if (candidate === text) continue;
        if (text.startsWith(candidate, i)) found.push(candidate);
        else onHead?.(candidate, i);
      }
    }
    return found;
  }
}

/**
 * Which four bytes occur anywhere in a growing set of strings, a bit for each: says quickly that a
 * string is no part of any of them, which spares a long search.
 */
export class GramFilter {
  readonly #of: ReadonlySet<Latin1>;
  #grams: Uint8Array | undefined;
  #read = 0;

  constructor(of: ReadonlySet<Latin1>) {
    this.#of = of;
  }

  /**
   * @returns the first place from `from` on at which eight bytes of `value` may be a part of one of
   *   the strings, since all fours within them are; −1 if there is none.
   */
  next(value: Latin1, from: number): number {
    const grams = this.#upToDate();
    let run = 0;
    for (let i = from; i + prefixBytes <= value.length; i++) {
      run = isGram(grams, value, i) ? run + 1 : 0;
      if (run > prefixBytes) return i - prefixBytes;
    }
    return -1;
  }

  #upToDate(): Uint8Array {
    this.#grams ??= new Uint8Array(gramSlots / 8);
    const grams = this.#grams;
    if (this.#read === this.#of.size) return grams;
    let nth = 0;
    for (const text of this.#of) {
      if (nth++ < this.#read) continue;
      for (let i = 0; i + prefixBytes <= text.length; i++) {
        const slot = slotOf(prefixAt(text, i), gramSlots);
        grams[slot >> 3] = (grams[slot >> 3] as number) | (1 << (slot & 7));
      }
    }
    this.#read = this.#of.size;
    return grams;
  }
}

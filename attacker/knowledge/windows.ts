/** Which eight bytes occur in a string, a bit for each: says quickly where a search is in vain. */
import type { Latin1 } from "../../protocol/kit/bytes.ts";
import { guessableBelowBytes } from "./lengths.ts";
import { prefixAt, prefixBytes } from "./value-index.ts";

const bitsPerWindow = 8;
const wordBits = 5;

/** Of the eight bytes of `value` at `i`. */
export const windowHash = (value: Latin1, i: number): number =>
  Math.imul(
    Math.imul(prefixAt(value, i), 0x9e3779b1) ^ prefixAt(value, i + prefixBytes),
    0x85ebca6b,
  );

export class Windows {
  readonly #bits: Int32Array;
  readonly #shift: number;

  constructor(value: Latin1) {
    const wanted = bitsPerWindow * value.length;
    const log = Math.max(wordBits + 1, 32 - Math.clz32(wanted));
    this.#bits = new Int32Array(1 << (log - wordBits));
    this.#shift = 32 - log;
    for (let i = 0; i + guessableBelowBytes <= value.length; i++) {
      const slot = windowHash(value, i) >>> this.#shift;
      const word = slot >>> wordBits;
      this.#bits[word] = (this.#bits[word] as number) | (1 << (slot & 31));
    }
  }

  /** May a window of that hash occur in it? */
  mayHold(hash: number): boolean {
    const slot = hash >>> this.#shift;
    return ((this.#bits[slot >>> wordBits] as number) & (1 << (slot & 31))) !== 0;
  }
}

/** The same secrets occur in run after run. */
const kept = new Map<Latin1, Windows>();
const mostKept = 5_000;

export function windowsOf(value: Latin1): Windows {
  let windows = kept.get(value);
  if (windows === undefined) {
    windows = new Windows(value);
    if (kept.size >= mostKept) kept.clear();
    kept.set(value, windows);
  }
  return windows;
}

/** Finds secrets of which something is a slice, such as a MAC that was cut. */
import type { Latin1 } from "../../protocol/kit/bytes.ts";
import { guessableBelowBytes } from "./lengths.ts";
import { GramFilter } from "./value-index.ts";
import { type Windows, windowHash, windowsOf } from "./windows.ts";

/** A single word of a secret text is no slice of it. */
const fewestOfWords = guessableBelowBytes + 3;

export class Slices {
  readonly #secrets: ReadonlySet<Latin1>;
  readonly #grams: GramFilter;
  readonly #words: readonly Latin1[];
  /** The secrets that are long enough to have slices. */
  readonly #sliceable: { readonly secret: Latin1; readonly windows: Windows }[] = [];
  #read = 0;
  readonly #whereSeen: (bytes: Latin1) => Latin1 | undefined;

  /**
   * @param secrets they may become more.
   * @param words those among them that consist of words, which other texts may share.
   * @param whereSeen something that the adversary has and in which these bytes occur.
   */
  constructor(
    secrets: ReadonlySet<Latin1>,
    words: readonly Latin1[],
    whereSeen: (bytes: Latin1) => Latin1 | undefined,
  ) {
    this.#secrets = secrets;
    this.#words = words;
    this.#grams = new GramFilter(secrets);
    this.#whereSeen = whereSeen;
  }

  /**
   * Secret values of which `value`, or an eight-byte window of it, is a slice; unless the slice
   * itself has been seen, as that of a truncated MAC has: what is seen can be copied.
   */
  wholesOf(value: Latin1): readonly Latin1[] {
    if (value.length < guessableBelowBytes) return [];
    if (this.#grams.next(value, 0) === 0) {
      for (const secret of this.#secrets) {
        if (secret.length <= value.length || !secret.includes(value)) continue;
        return this.#whereSeen(value) === undefined ? [secret] : [];
      }
    }
    return this.#ofWindows(value);
  }

  #ofWindows(value: Latin1): readonly Latin1[] {
    const found = new Set<Latin1>();
    for (let i = this.#grams.next(value, 0); i >= 0; ) {
      const window = value.substring(i, i + guessableBelowBytes);
      const hash = windowHash(value, i);
      let isUnseen = false;
      let end = i + guessableBelowBytes;
      for (const { secret, windows } of this.#allSliceable()) {
        if (!windows.mayHold(hash)) continue;
        const at = secret.indexOf(window);
        if (at < 0) continue;
        if (!isUnseen) {
          const text = this.#whereSeen(window);
          // What goes on as that does has been seen as well.
          if (text !== undefined) end = i + commonLength(value, i, text, text.indexOf(window));
          if (text !== undefined) break;
          isUnseen = true;
        }
        if (found.has(secret)) continue;
        const length = commonLength(value, i, secret, at);
        if (length < fewestOfWords && this.#words.includes(secret)) continue;
        found.add(secret);
        end = Math.max(end, i + length);
      }
      // The windows of one slice are all of the same secret.
      i = this.#grams.next(value, end - guessableBelowBytes + 1);
    }
    return [...found];
  }

  #allSliceable() {
    if (this.#read === this.#secrets.size) return this.#sliceable;
    let nth = 0;
    for (const secret of this.#secrets) {
      if (nth++ < this.#read || secret.length <= guessableBelowBytes) continue;
      this.#sliceable.push({ secret, windows: windowsOf(secret) });
    }
    this.#read = this.#secrets.size;
    return this.#sliceable;
  }
}

/** For how long `a` from `i` and `b` from `j` are the same. */
export function commonLength(a: Latin1, i: number, b: Latin1, j: number): number {
  const most = Math.min(a.length - i, b.length - j);
  let n = 0;
  while (n < most && a.charCodeAt(i + n) === b.charCodeAt(j + n)) n++;
  return n;
}

/** Finds secrets of which something is a slice, such as a MAC that was cut. */
import type { Latin1 } from "../../protocol/kit/bytes.ts";
import { guessableBelowBytes } from "./lengths.ts";
import { GramFilter } from "./value-index.ts";

export class Slices {
  readonly #secrets: ReadonlySet<Latin1>;
  readonly #grams: GramFilter;
  readonly #isSeen: (bytes: Latin1) => boolean;

  /**
   * @param secrets they may become more.
   * @param isSeen do these bytes occur in something that the adversary has?
   */
  constructor(secrets: ReadonlySet<Latin1>, isSeen: (bytes: Latin1) => boolean) {
    this.#secrets = secrets;
    this.#grams = new GramFilter(secrets);
    this.#isSeen = isSeen;
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
        return this.#isSeen(value) ? [] : [secret];
      }
    }
    return this.#ofWindows(value);
  }

  #ofWindows(value: Latin1): readonly Latin1[] {
    const found = new Set<Latin1>();
    for (let i = this.#grams.next(value, 0); i >= 0; ) {
      const window = value.substring(i, i + guessableBelowBytes);
      let isSeen: boolean | undefined;
      let end = i + guessableBelowBytes;
      for (const secret of this.#secrets) {
        const at = secret.length > guessableBelowBytes ? secret.indexOf(window) : -1;
        if (at < 0) continue;
        isSeen ??= this.#isSeen(window);
        if (isSeen) break;
        if (found.has(secret)) continue;
        found.add(secret);
        end = Math.max(end, i + commonLength(value, i, secret, at));
      }
      // The windows of one slice are all of the same secret.
      i = this.#grams.next(value, isSeen === false ? end - guessableBelowBytes + 1 : i + 1);
    }
    return [...found];
  }
}

/** For how long `a` from `i` and `b` from `j` are the same. */
export function commonLength(a: Latin1, i: number, b: Latin1, j: number): number {
  const most = Math.min(a.length - i, b.length - j);
  let n = 0;
  while (n < most && a.charCodeAt(i + n) === b.charCodeAt(j + n)) n++;
  return n;
}

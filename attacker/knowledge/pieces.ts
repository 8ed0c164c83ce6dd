/** Reassembles values seen in pieces, such as a key that straddles two packets. */
import type { Latin1 } from "../../protocol/kit/bytes.ts";
import { guessableBelowBytes } from "./lengths.ts";
import { commonLength } from "./slices.ts";
import { prefixBytes } from "./value-index.ts";

/** The beginning of a value, and where it was seen. */
interface Head {
  readonly length: number;
  readonly of: Latin1;
  /** How many texts were known when the rest was last looked for. */
  tried: number;
}

export class Pieces {
  /** All that is known, in order; it grows. */
  readonly #texts: readonly Latin1[];
  /** Values whose first bytes have been seen without the rest, which may come in other packets. */
  readonly #heads = new Map<Latin1, Head>();

  constructor(texts: readonly Latin1[]) {
    this.#texts = texts;
  }

  get isEmpty(): boolean {
    return this.#heads.size === 0;
  }

  /** `text` has, at `at`, as much as it has of the beginning of `value`. */
  noteHead(value: Latin1, text: Latin1, at: number): void {
    const length = commonLength(value, 0, text, at);
    if (length < guessableBelowBytes) return;
    const before = this.#heads.get(value);
    if (before !== undefined && before.length >= length) return;
    this.#heads.set(value, { length, of: text, tried: 0 });
  }

  /** Calls `found` for every value all of whose pieces have been seen by now. */
  join(isKnown: (value: Latin1) => boolean, found: (value: Latin1, of: Latin1) => void): void {
    for (const [value, head] of this.#heads) {
      if (isKnown(value)) this.#heads.delete(value);
      else if (head.tried < this.#texts.length) {
        head.tried = this.#texts.length;
        if (this.#continues(value, head.length)) found(value, head.of);
      }
    }
  }

  /** Has the rest of `value`, from `start`, been seen in pieces long enough to be recognised? */
  #continues(value: Latin1, start: number): boolean {
    let at = start;
    while (value.length - at >= guessableBelowBytes) {
      const window = value.substring(at, at + guessableBelowBytes);
      let longest = 0;
      for (const text of this.#texts) {
        const there = text.indexOf(window);
        if (there >= 0) longest = Math.max(longest, commonLength(value, at, text, there));
      }
      if (longest === 0) return false;
      at += longest;
    }
    const rest = value.substring(at);
    return (
      rest === "" || (rest.length >= prefixBytes && this.#texts.some((text) => text.includes(rest)))
    );
  }
}

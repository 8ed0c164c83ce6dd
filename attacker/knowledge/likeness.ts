/**
 * Does a plaintext look like one? With a wrong key any ciphertext without a tag gives some string
 * of its length. A right one is told from it by padding, words, lengths, encodings: by any byte
 * that is not as good as random.
 */
import type { Latin1 } from "../../protocol/kit/bytes.ts";
import { isUniform, type OpRecord } from "../../protocol/kit/operations.ts";

export class Likeness {
  readonly #operations: readonly OpRecord[];
  #uniform: readonly Latin1[] | undefined;

  constructor(all: readonly OpRecord[]) {
    this.#operations = all;
  }

  /** Is `value`, taken out of the output of `op`, told from what a wrong guess would give? */
  isTelling({ output }: OpRecord, value: Latin1): boolean {
    if (value.length === 0) return false;
    return output.length > value.length || !this.#isLikeAnyString(value);
  }

  /** Does it consist of values that look like random bytes, and of slices of them? */
  #isLikeAnyString(value: Latin1): boolean {
    this.#uniform ??= this.#all();
    const covered = new Uint8Array(value.length);
    for (const whole of this.#uniform) {
      if (whole.includes(value)) return true;
      for (let at = value.indexOf(whole); at >= 0; at = value.indexOf(whole, at + 1)) {
        covered.fill(1, at, at + whole.length);
      }
    }
    const open = value.replace(/[\s\S]/g, (c, i: number) => (covered[i] === 1 ? "\u0100" : c));
    const rests = open.split(/\u0100+/).filter((rest) => rest.length > 0);
    return rests.every((rest) => this.#isSlice(rest));
  }

  /** Shorter ones might be found anywhere by chance. */
  #isSlice(rest: Latin1): boolean {
    return (
      rest.length >= fewestBytes && this.#uniform?.some((whole) => whole.includes(rest)) === true
    );
  }

  #all(): readonly Latin1[] {
    const found = new Set<Latin1>();
    for (const op of this.#operations) {
      if (isUniform(op) && op.output.length >= fewestBytes) found.add(op.output);
    }
    return [...found];
  }
}

const fewestBytes = 4;

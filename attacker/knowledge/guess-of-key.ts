import type { Latin1 } from "../../protocol/kit/bytes.ts";

/** A key that is found by trying, once certain bytes have been seen; see nearly-known.ts. */
export interface Guess {
  readonly key: Latin1;
  /** For reports. */
  readonly cost: string;
  readonly seen: readonly Latin1[];
}

/** What brings a key back from bytes that are known, and how many values have to be tried. */
export interface Relation {
  readonly words: string;
  /** Binary logarithm of the number of values to try. */
  readonly bits: number;
  /** The bytes that the key is close to; if absent, what tells that it is the right one. */
  readonly seen?: readonly Latin1[];
}

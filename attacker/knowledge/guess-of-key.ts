import type { Latin1 } from "../../protocol/kit/bytes.ts";

/** A key that is found by trying, once certain bytes have been seen; see nearly-known.ts. */
export interface Guess {
  readonly key: Latin1;
  /** For reports. */
  readonly cost: string;
  readonly seen: readonly Latin1[];
}

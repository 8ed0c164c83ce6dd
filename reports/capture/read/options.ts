import type { Bytes } from "./byte-order.ts";

export interface Option {
  readonly code: number;
  /** Where its value begins in the file, and how long it is. */
  readonly at: number;
  readonly length: number;
}

/** The options of a block. Each is at least four bytes on, and one that does not fit ends them. */
export function* optionsIn(order: Bytes, from: number, end: number): Generator<Option> {
  let at = from;
  while (at + 4 <= end) {
    const code = order.u16(at);
    const length = order.u16(at + 2);
    if (code === 0 || at + 4 + length > end) return;
    yield { code, at: at + 4, length };
    at += 4 + Math.ceil(length / 4) * 4;
  }
}

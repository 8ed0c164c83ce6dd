import type { View } from "./hosts.ts";

/** One packet of a capture. */
export interface Frame {
  /** Nanoseconds since 1970. */
  readonly ns: bigint;
  readonly view: View;
  readonly bytes: Uint8Array;
  /** What it is, in a sentence or two; absent where TCP itself speaks. */
  readonly comment?: string;
  /** What it carries, where it carries something of the run. */
  readonly carries?: Carried;
}

export interface Carried {
  /** Index in the packets of the run. */
  readonly packet: number;
  /** Where the payload begins in the frame, and which part of what was sent or arrived it is. */
  readonly at: number;
  readonly from: number;
  readonly bytes: Uint8Array;
  /** The whole of what was sent or arrived. */
  readonly whole: Uint8Array;
}

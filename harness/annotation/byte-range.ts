/** What the bytes of a packet are: the one annotation that reports, screens and captures show. */

/** A stretch of a packet; the parts lie within it, in order, and do not overlap. */
export interface ByteRange {
  /** Offsets within the packet, in bytes; `to` is the first byte behind it. */
  readonly from: number;
  readonly to: number;
  /** A word or two: "IV", "ciphertext", "tag", "public key", "hex", "constant". */
  readonly label: string;
  /** What it is, whose, and of what: without a full stop. It may quote what users said. */
  readonly text: string;
  /** What the adversary has of it, since when, and how; absent where nothing is secret about it. */
  readonly known?: string;
  readonly parts: readonly ByteRange[];
}

/** A packet as it reached a process. */
export interface Arrival {
  readonly at: string;
  readonly t: number;
  readonly bytes: Uint8Array;
  readonly ranges: readonly ByteRange[];
  /** Where it differs from what was sent, in offsets of what arrived. */
  readonly changed: readonly { readonly from: number; readonly to: number }[];
}

export interface AnnotatedPacket {
  /** Index in the trace's packets. */
  readonly packet: number;
  readonly ranges: readonly ByteRange[];
  /** None if it was lost; several if it was doubled. */
  readonly arrivals: readonly Arrival[];
}

/** One stretch of a packet; `depth` counts in what it is contained. */
export interface WireLine {
  readonly depth: number;
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly text: string;
  readonly known?: string;
}

/** A packet in a table of the packets of a run. */
export interface WireRow {
  /** From 1. */
  readonly n: number;
  readonly t: number;
  readonly from: string;
  readonly to: string;
  readonly length: number;
  /** The first bytes, in hex. */
  readonly head: string;
  readonly lines: readonly WireLine[];
  /** Lines that are left out. */
  readonly more: number;
}

/** One TCP connection as frames: handshake, data, and its end. */
import { flags, type Segment } from "./frames.ts";

/** From the one that opened it, or to that one. */
export type Direction = "out" | "back";
const opposite = (direction: Direction): Direction => (direction === "out" ? "back" : "out");

export interface Emitted extends Segment {
  readonly direction: Direction;
  readonly t: number;
}

/** A microsecond, in milliseconds: so far apart are segments that have no moment of their own. */
const tick = 0.001;

export class Connection {
  readonly #next: Record<Direction, number>;
  readonly #ended: Record<Direction, boolean> = { out: false, back: false };
  readonly #isClaimed: boolean;
  #lastMs = 0;

  /**
   * @param initial sequence numbers of both sides.
   * @param isClaimed whether there was a connection; else nothing is made up around the data.
   */
  constructor(initial: Readonly<Record<Direction, number>>, isClaimed = true) {
    this.#next = { ...initial };
    this.#isClaimed = isClaimed;
  }

  get isOver(): boolean {
    return this.#ended.out || this.#ended.back;
  }

  /** The handshake, just before the moment of the first data. */
  open(t: number): readonly Emitted[] {
    this.#lastMs = t;
    if (!this.#isClaimed) return [];
    const { syn, ack } = flags;
    return [
      this.#segment("out", t - 3 * tick, syn),
      this.#segment("back", t - 2 * tick, syn | ack),
      this.#segment("out", t - tick, ack),
    ];
  }

  data(direction: Direction, t: number, payload: Uint8Array): Emitted {
    this.#lastMs = Math.max(this.#lastMs, t);
    const { psh, ack } = flags;
    return this.#segment(direction, t, payload.length === 0 ? ack : psh | ack, payload);
  }

  /** One side has said everything. Its last word is acknowledged by the other side's last word. */
  finish(direction: Direction, t: number): readonly Emitted[] {
    if (this.#ended[direction] || !this.#isClaimed) return [];
    this.#ended[direction] = true;
    this.#lastMs = Math.max(this.#lastMs, t);
    const fin = this.#segment(direction, this.#lastMs, flags.fin | flags.ack);
    if (!this.#ended[opposite(direction)]) return [fin];
    this.#lastMs += tick;
    return [fin, this.#segment(opposite(direction), this.#lastMs, flags.ack)];
  }

  /** A side that is gone without a word ends, too, once the other one has. */
  close(): readonly Emitted[] {
    if (!this.isOver) return [];
    const open = (["out", "back"] as const).filter((d) => !this.#ended[d]);
    return open.flatMap((d) => this.finish(d, this.#lastMs + tick));
  }

  #segment(
    direction: Direction,
    t: number,
    bits: number,
    payload: Uint8Array = new Uint8Array(0),
  ): Emitted {
    const seq = this.#next[direction];
    const isFirst = bits === flags.syn;
    const counted = (bits & (flags.syn | flags.fin)) === 0 ? 0 : 1;
    this.#next[direction] = (seq + payload.length + counted) >>> 0;
    const ack = isFirst ? 0 : this.#next[opposite(direction)];
    return { direction, t, seq, ack, flags: bits, payload };
  }
}

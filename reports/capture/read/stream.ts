/** One direction of a TCP connection, put in order again. What was heard first counts. */

export interface Piece<Of> {
  readonly bytes: Uint8Array;
  /** What it came in. */
  readonly of: Of;
  /** So many bytes before it are not in the capture. */
  readonly missing: number;
}

/** Waiting for what came out of order, at most; then what is missing is given up. */
const mostWaiting = 256;
const mostWaitingBytes = 4_000_000;

const half = 0x80000000;
const wrap = 0x100000000;
/** How far one sequence number lies behind another, from -2³¹ up. */
const distance = (from: number, to: number): number => {
  const d = (((to - from) % wrap) + wrap) % wrap;
  return d >= half ? d - wrap : d;
};

export class Stream<Of> {
  #next: number | undefined;
  #waiting: { readonly seq: number; readonly bytes: Uint8Array; readonly of: Of }[] = [];
  #waitingBytes = 0;

  /** The first byte has the number after this one. */
  begin(seq: number): void {
    this.#next = (seq + 1) % wrap;
  }

  /** @returns what can be handed over now, in order. */
  take(seq: number, bytes: Uint8Array, of: Of): readonly Piece<Of>[] {
    this.#next ??= seq;
    if (bytes.length === 0) return [];
    if (distance(this.#next, seq) > 0) {
      this.#waiting.push({ seq, bytes, of });
      this.#waitingBytes += bytes.length;
      const isFull = this.#waiting.length > mostWaiting || this.#waitingBytes > mostWaitingBytes;
      return isFull ? this.rest() : [];
    }
    const own = this.#piece(seq, bytes, of, 0);
    return own === undefined ? [] : [own, ...this.#ready()];
  }

  /** Everything that still waits, what is missing before it left out. */
  rest(): readonly Piece<Of>[] {
    const pieces: Piece<Of>[] = [];
    const from = this.#next ?? 0;
    const waiting = this.#waiting.sort((a, b) => distance(from, a.seq) - distance(from, b.seq));
    this.#clear();
    for (const { seq, bytes, of } of waiting) {
      const missing = Math.max(0, distance(this.#next ?? seq, seq));
      if (missing > 0) this.#next = seq;
      const piece = this.#piece(seq, bytes, of, missing);
      if (piece !== undefined) pieces.push(piece);
    }
    return pieces;
  }

  #clear(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** What has come by now, and can follow. Each round hands something over, or is the last. */
  #ready(): readonly Piece<Of>[] {
    const pieces: Piece<Of>[] = [];
    for (;;) {
      const next = this.#next ?? 0;
      const i = this.#waiting.findIndex((w) => distance(next, w.seq) <= 0);
      if (i < 0) return pieces;
      const [found] = this.#waiting.splice(i, 1);
      if (found === undefined) return pieces;
      this.#waitingBytes -= found.bytes.length;
      const piece = this.#piece(found.seq, found.bytes, found.of, 0);
      if (piece !== undefined) pieces.push(piece);
    }
  }

  /** Without what was handed over before. */
  #piece(seq: number, bytes: Uint8Array, of: Of, missing: number): Piece<Of> | undefined {
    const next = this.#next ?? seq;
    const known = -distance(next, seq);
    if (known >= bytes.length) return undefined;
    this.#next = (seq + bytes.length) % wrap;
    return { bytes: bytes.subarray(known), of, missing };
  }
}

/** What is too long for one frame, cut into pieces and joined again. */
import { equalBytes } from "../kit/bytes.ts";
import { maxPieces } from "./frames.ts";

/** Where a piece belongs: both numbers count from 0. */
export interface Place {
  readonly index: number;
  readonly last: number;
}

/**
 * @param size bytes in a piece; `bytes` must not need more than 8 of them.
 * @returns all pieces in order, at least one.
 */
export function cut(bytes: Uint8Array, size: number): readonly (Place & { body: Uint8Array })[] {
  const last = Math.max(0, Math.ceil(bytes.length / size) - 1);
  return Array.from({ length: last + 1 }, (_, index) => {
    return { index, last, body: bytes.slice(index * size, (index + 1) * size) };
  });
}

/** Collects the pieces of one thing, in any order. It keeps 8 of them at most. */
export class Pieces {
  #last: number | undefined;
  readonly #pieces = new Map<number, Uint8Array>();

  /**
   * The first piece decides how many there are. One that contradicts it, or that is there
   * already, is discarded.
   */
  add({ index, last }: Place, body: Uint8Array): void {
    this.#last ??= last;
    if (this.#last !== last || index > last || last >= maxPieces) return;
    if (!this.#pieces.has(index)) this.#pieces.set(index, body);
  }

  /** Is it a piece of something else: of more or fewer pieces, or with other content? */
  contradicts({ index, last }: Place, body: Uint8Array): boolean {
    const piece = this.#pieces.get(index);
    const isOther = piece !== undefined && !equalBytes(piece, body);
    return isOther || (this.#last ?? last) !== last;
  }

  has(index: number): boolean {
    return this.#pieces.has(index);
  }

  get isWhole(): boolean {
    return this.#last !== undefined && this.#pieces.size > this.#last;
  }

  /** @returns the whole; `undefined` as long as a piece is missing. */
  get whole(): Uint8Array | undefined {
    if (this.#last === undefined || !this.isWhole) return undefined;
    const bytes: number[] = [];
    for (let i = 0; i <= this.#last; i++) bytes.push(...(this.#pieces.get(i) ?? []));
    return Uint8Array.from(bytes);
  }
}

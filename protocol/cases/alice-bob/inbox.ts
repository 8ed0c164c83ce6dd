/**
 * What comes out of a stream at a time.
 *
 * The original takes for one message whatever one call of `recv` yields: two tokens that arrive
 * together are one message to it, and one that arrives in two pieces, or is longer than the
 * buffer, is two. With `framing=lengths` every message has its length in front, 4 bytes.
 */
import { concat, readUint, uintBytes } from "../../kit/bytes.ts";
import { port } from "./settings.ts";

const lengthBytes = 4;
/** Longer messages are not waited for. */
export const longestFrameBytes = 65_536;

export type Taken =
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  | { readonly kind: "too-long" };

export class Inbox {
  readonly #framed: boolean;
  #pending: Uint8Array = new Uint8Array(0);

  constructor(framed: boolean) {
    this.#framed = framed;
  }

  push(bytes: Uint8Array): void {
    this.#pending = concat(this.#pending, bytes);
  }

  /**
   * @returns what the next `recv` gives; `undefined` if it would wait. After `too-long` all that
   *   has come is forgotten: what was meant to be a length was none.
   */
  take(): Taken | undefined {
    if (!this.#framed) {
      return this.#pending.length === 0 ? undefined : this.#cut(0, port);
    }
    if (this.#pending.length < lengthBytes) return undefined;
    const length = readUint(this.#pending, 0, lengthBytes);
    if (length > longestFrameBytes) {
      this.#pending = new Uint8Array(0);
      return { kind: "too-long" };
    }
    if (this.#pending.length < lengthBytes + length) return undefined;
    return this.#cut(lengthBytes, lengthBytes + length);
  }

  #cut(from: number, to: number): Taken {
    const bytes = this.#pending.slice(from, to);
    this.#pending = this.#pending.slice(to);
    return { kind: "message", bytes };
  }
}

/** @returns the message as it is written to the stream. */
export const framed = (on: boolean, message: Uint8Array): Uint8Array =>
  on ? concat(uintBytes(message.length, lengthBytes), message) : message;

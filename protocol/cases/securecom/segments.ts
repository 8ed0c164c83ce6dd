/**
 * How an encrypted text travels: ciphertext, tag and nonce, each in a write of its own. Nothing on
 * the wire says where a segment ends. The reader takes what `recv(1024)` returns for one, so that
 * two writes that arrive together, or one that arrives in halves, shift all that follows.
 */
import type { Address, Millis, OutputBody } from "../../endpoint.ts";
import { concat } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";

const tagBytes = 16;
const nonceBytes = 16;
const receiveBytes = 1024;
/** How many segments make one message. */
export const segmentCount = 3;

const none = new Uint8Array(0);

/**
 * @param key 16 or 32 bytes. @param associatedData empty, except with `order=numbered` and such.
 * @returns ciphertext (as long as the text), tag (16 bytes), nonce (16 bytes).
 */
export function sealSegments(
  crypto: CryptoKit,
  key: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array = none,
): readonly Uint8Array[] {
  const nonce = crypto.random(nonceBytes);
  const sealed = crypto.seal("aes-gcm", key, nonce, plaintext, associatedData);
  const end = sealed.length - tagBytes;
  return [sealed.slice(0, end), sealed.slice(end), nonce];
}

/**
 * @param segments whatever came in the place of ciphertext, tag and nonce.
 * @returns the text; `undefined` where PyCryptodome raises: a bad tag, an empty nonce.
 */
export function openSegments(
  crypto: CryptoKit,
  key: Uint8Array,
  segments: readonly Uint8Array[],
  associatedData: Uint8Array = none,
): Uint8Array | undefined {
  const [ciphertext = none, tag = none, nonce = none] = segments;
  if (tag.length !== tagBytes) return undefined;
  return crypto.open("aes-gcm", key, nonce, concat(ciphertext, tag), associatedData);
}

/** Takes apart what the outer layer held: the three segments in one piece. */
export function splitSegments(bytes: Uint8Array): readonly Uint8Array[] {
  const nonceAt = Math.max(0, bytes.length - nonceBytes);
  const tagAt = Math.max(0, nonceAt - tagBytes);
  return [bytes.slice(0, tagAt), bytes.slice(tagAt, nonceAt), bytes.slice(nonceAt)];
}

/** What one arrival looks like to calls of `recv(1024)`. */
export function received(bytes: Uint8Array): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += receiveBytes) {
    pieces.push(bytes.slice(at, at + receiveBytes));
  }
  return pieces;
}

/** The pause between two writes to one peer. */
const pauseMs: Millis = 2;

interface Waiting {
  readonly bytes: Uint8Array;
  readonly to: Address;
  readonly dueMs: Millis;
}

/**
 * Writes one by one. The original writes without a pause, and works where each write happens to
 * arrive alone, as it did when its report was made. Here a short pause takes the place of luck;
 * networks that join writes or cut them still do.
 */
export class Writer {
  readonly #waiting: Waiting[] = [];
  readonly #nextMs = new Map<Address, Millis>();

  /** @returns what goes out now; the rest follows, see {@link due}. */
  write(to: Address, segments: readonly Uint8Array[], now: Millis): readonly OutputBody[] {
    for (const bytes of segments) {
      const dueMs = Math.max(now, this.#nextMs.get(to) ?? 0);
      this.#waiting.push({ bytes, to, dueMs });
      this.#nextMs.set(to, dueMs + pauseMs);
    }
    return this.due(now);
  }

  due(now: Millis): readonly OutputBody[] {
    const outputs: OutputBody[] = [];
    for (let i = 0; i < this.#waiting.length; ) {
      const { bytes, to, dueMs } = this.#waiting[i] as Waiting;
      if (dueMs > now) {
        i++;
        continue;
      }
      this.#waiting.splice(i, 1);
      outputs.push({ kind: "transmit", bytes, to });
    }
    return outputs;
  }

  /** Whatever is still to be written to a connection that is gone. */
  forget(to: Address): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      if (this.#waiting[i]?.to === to) this.#waiting.splice(i, 1);
    }
    this.#nextMs.delete(to);
  }

  deadline(): Millis | undefined {
    return this.#waiting.length === 0
      ? undefined
      : Math.min(...this.#waiting.map(({ dueMs }) => dueMs));
  }
}

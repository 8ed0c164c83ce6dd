/**
 * The sending half of reliable delivery: what has been handed over and is not yet acknowledged.
 *
 * A message keeps its number however often it is sent; the record that carries it is new every
 * time. The receiver delivers in order and holds back 16 messages at most, so no more than that
 * are under way. Who hears nothing after the last try does not know what became of the message,
 * and must say so: it may have arrived, and only the acknowledgement been lost.
 */
import type { Millis } from "../endpoint.ts";
import { type AckFrame, bitmapBits, type Frame, maxPieces } from "./frames.ts";
import { cut } from "./pieces.ts";

/** Messages under way at a time: as many as the receiver holds back. */
export const windowMessages = 16;
/** Numbers are 1 to 65535 in each direction and never begin again. */
export const lastId = 65_535;
export const maxTries = 7;
const firstWaitMs = 1_000;
/** Of a DATA and of a FRAG frame, before the body. */
const dataHeaderBytes = 4;
const fragmentHeaderBytes = 5;

interface Waiting {
  readonly id: number;
  readonly message: Uint8Array;
  readonly signature: Uint8Array | undefined;
}
interface UnderWay {
  readonly message: Uint8Array;
  readonly frames: readonly Frame[];
  tries: number;
  /** When to send it again, or to give it up. */
  againMs: Millis;
}

/** @returns the length of the longest message whose pieces fit in records with so much room. */
export const maxMessageBytes = (room: number): number =>
  Math.min(maxPieces * (room - fragmentHeaderBytes), maxPieces * 255);

/**
 * How long to wait for an answer: one second, half as much again each time, and up to an eighth
 * more at random.
 * @param tries how often it was sent, from 1.
 * @param jitter any whole number.
 */
export function waitMs(tries: number, jitter: number): Millis {
  const scattered = Math.imul(jitter ^ tries, 0x9e3779b1) >>> 24;
  return Math.round(firstWaitMs * 1.5 ** (tries - 1) * (1 + scattered / 2_048));
}

export class Outbox {
  readonly #room: number;
  readonly #jitter: number;
  readonly #maxTries: number;
  readonly #waiting: Waiting[] = [];
  /** By number; the oldest comes first. */
  readonly #underWay = new Map<number, UnderWay>();
  #lastPushed = 0;
  #lastSent = 0;
  #gaveUp = false;
  #over = false;

  /**
   * @param room bytes for frames in one record.
   * @param jitter any whole number, drawn once for the session. It spreads the retransmissions,
   *   so that those of many senders do not meet. Drawing anew for each would let every lost
   *   datagram change what is drawn afterwards, keys among them.
   * @param tries how often a message is sent at most.
   */
  constructor(room: number, jitter: number, tries = maxTries) {
    this.#room = room;
    this.#jitter = jitter;
    this.#maxTries = tries;
  }

  /**
   * Some message ran out of tries, 32 to 37 s after the first. Nothing is sent any more: with
   * delivery in order nothing could follow it, and the session has to end.
   */
  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  /** Nothing waits for an acknowledgement, or for being sent. */
  get idle(): boolean {
    return this.#underWay.size === 0 && this.#waiting.length === 0;
  }

  /** The largest number sent so far; 0 before the first. */
  get lastSent(): number {
    return this.#lastSent;
  }

  /** The number that the next message gets. */
  get nextId(): number {
    return this.#lastPushed + 1;
  }

  /**
   * Takes a message over; {@link Outbox.due} hands out its frames.
   * @param signature goes with it, in pieces, as often as it is sent. It is made for the number
   *   that the message gets: see {@link Outbox.nextId}.
   * @returns its number; `undefined` if it is longer than {@link maxMessageBytes}, if the numbers
   *   are used up, or if it is over. Then nothing has changed.
   */
  push(message: Uint8Array, signature?: Uint8Array): number | undefined {
    const longest = Math.max(message.length, signature?.length ?? 0);
    const tooLong = longest > maxMessageBytes(this.#room);
    if (tooLong || this.#over || this.#lastPushed === lastId) return undefined;
    const id = ++this.#lastPushed;
    this.#waiting.push({ id, message: message.slice(), signature: signature?.slice() });
    return id;
  }

  /**
   * @returns the frames that have to be sent now, each of which fits in a record by itself: what
   *   was never sent, and what has waited too long. They count as sent.
   */
  due(now: Millis): readonly Frame[] {
    if (this.#over) return [];
    for (const { tries, againMs } of this.#underWay.values()) {
      if (againMs > now || tries < this.#maxTries) continue;
      this.#gaveUp = true;
      this.#over = true;
      return [];
    }
    while (this.#mayStart()) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      const frames = this.#cut(next);
      this.#underWay.set(next.id, { message: next.message, frames, tries: 0, againMs: now });
      this.#lastSent = next.id;
    }
    const frames: Frame[] = [];
    for (const [id, entry] of this.#underWay) {
      if (entry.againMs > now) continue;
      frames.push(...entry.frames);
      entry.tries++;
      entry.againMs = now + waitMs(entry.tries, this.#jitter ^ (id * 8));
    }
    return frames;
  }

  /**
   * Believes an acknowledgement: the peer is authentic. What was never sent, or is acknowledged
   * already, is ignored.
   * @returns the messages that it confirms for the first time, in order.
   */
  acknowledged({ largest, bitmap }: AckFrame): readonly Uint8Array[] {
    const confirmed: Uint8Array[] = [];
    for (const [id, { message }] of this.#underWay) {
      const back = largest - 1 - id;
      const told = back === -1 || (back >= 0 && back < bitmapBits && ((bitmap >> back) & 1) === 1);
      if (!told) continue;
      this.#underWay.delete(id);
      confirmed.push(message);
    }
    return confirmed;
  }

  /** @returns when {@link Outbox.due} has something next; 0 for at once, `undefined` for never. */
  deadline(): Millis | undefined {
    if (this.#over) return undefined;
    if (this.#mayStart()) return 0;
    const times = [...this.#underWay.values()].map((entry) => entry.againMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /**
   * Ends it: the session is over.
   * @returns the messages that were not confirmed. Whether they arrived is unknown.
   */
  abandon(): readonly Uint8Array[] {
    const lost = [...this.#underWay.values(), ...this.#waiting].map(({ message }) => message);
    this.#over = true;
    this.#underWay.clear();
    this.#waiting.length = 0;
    return lost;
  }

  /** The receiver holds back what is fewer than 16 ahead of the oldest that it misses. */
  #mayStart(): boolean {
    const next = this.#waiting[0];
    if (next === undefined) return false;
    const [oldest] = this.#underWay.keys();
    return oldest === undefined || next.id < oldest + windowMessages;
  }

  #cut({ id, message, signature }: Waiting): readonly Frame[] {
    const size = Math.min(this.#room - fragmentHeaderBytes, 255);
    const signed = signature === undefined ? [] : cut(signature, size);
    const signatures = signed.map((piece): Frame => ({ kind: "signature", id, ...piece }));
    if (message.length <= Math.min(this.#room - dataHeaderBytes, 255)) {
      return [{ kind: "data", id, body: message }, ...signatures];
    }
    const pieces = cut(message, size).map((piece): Frame => ({ kind: "fragment", id, ...piece }));
    return [...pieces, ...signatures];
  }
}

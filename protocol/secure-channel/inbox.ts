/**
 * The receiving half of reliable delivery: each message once, whole and in order.
 *
 * The peer is authentic, but may be malicious or broken: whatever it sends, this keeps at most 16
 * messages of 8 pieces, and as many pieces of their signatures. It acknowledges only what it has
 * handed out for delivery; a piece, or a message that waits for an earlier one, is not delivered.
 */
import {
  type AckFrame,
  bitmapBits,
  type DataFrame,
  type FragmentFrame,
  type SignatureFrame,
} from "./frames.ts";
import { lastId, windowMessages } from "./outbox.ts";
import { Pieces } from "./pieces.ts";

export interface InboxOptions {
  /** Hold back what comes before its turn. Off to show what goes wrong then. */
  readonly order: boolean;
  /** Discard what was delivered before. Likewise. */
  readonly deduplication: boolean;
  /** Deliver a message only together with its signature, which others have to verify. */
  readonly signed: boolean;
  /**
   * Makes evidence of a message and its signature; `undefined` if the signature is no good. Then
   * both are forgotten, and not acknowledged.
   */
  readonly check?: (message: Message) => Uint8Array | undefined;
}

export interface Message {
  readonly id: number;
  readonly message: Uint8Array;
  /** There with `signed` only. */
  readonly signature?: Uint8Array;
  /** What {@link InboxOptions.check} made of both. */
  readonly evidence?: Uint8Array;
}

/** A message of which something is missing. */
interface Unfinished {
  readonly message: Pieces;
  readonly signature: Pieces;
}

export class Inbox {
  readonly #options: InboxOptions;
  /** The number of the next message to be delivered in order. */
  #next = 1;
  /** Whole, but before their turn. */
  readonly #heldBack = new Map<number, Message>();
  readonly #unfinished = new Map<number, Unfinished>();
  /** Delivered before their turn, which happens only with `order` off. */
  readonly #early = new Set<number>();
  #largest = 0;
  #ackDue = false;

  /** @param options by default in order, without duplicates, and not signed. */
  constructor(options: Partial<InboxOptions> = {}) {
    this.#options = { order: true, deduplication: true, signed: false, ...options };
  }

  /** Something was delivered, or came again since its acknowledgement was lost. */
  get ackDue(): boolean {
    return this.#ackDue;
  }

  /** The number up to which everything was delivered; 0 before the first. */
  get lastDelivered(): number {
    return this.#next - 1;
  }

  /** How many messages, or parts of one, are kept: at most 16. */
  get kept(): number {
    return this.#heldBack.size + this.#unfinished.size;
  }

  /**
   * @returns the messages that can be delivered now, in order. The caller must deliver them: the
   *   next {@link Inbox.ack} says that they were.
   */
  accept(frame: DataFrame | FragmentFrame | SignatureFrame): readonly Message[] {
    const { id } = frame;
    if (id < 1 || id > lastId) return [];
    const before = id < this.#next || this.#early.has(id);
    if (before) this.#ackDue = true;
    if (before && this.#options.deduplication) return [];
    // An honest sender keeps to the window, so that this is no honest sender.
    if (id >= this.#next + windowMessages || this.#heldBack.has(id)) return [];
    const message = this.#join(frame);
    if (message === undefined) return [];
    if (before) return [message];
    if (this.#options.order) this.#heldBack.set(id, message);
    const delivered = this.#options.order ? this.#inOrder() : [message];
    if (!this.#options.order) this.#outOfOrder(id);
    this.#ackDue ||= delivered.length > 0;
    return delivered;
  }

  /**
   * @returns what was delivered: the largest number, and which of the 16 before it. With `order`
   *   that is all of them. Until something was delivered, both are 0.
   */
  ack(): AckFrame {
    this.#ackDue = false;
    let bitmap = 0;
    for (let i = 0; i < bitmapBits; i++) {
      const id = this.#largest - 1 - i;
      if ((id >= 1 && id < this.#next) || this.#early.has(id)) bitmap |= 1 << i;
    }
    return { kind: "ack", largest: this.#largest, bitmap };
  }

  #inOrder(): readonly Message[] {
    const delivered: Message[] = [];
    for (;;) {
      const message = this.#heldBack.get(this.#next);
      if (message === undefined) break;
      this.#heldBack.delete(this.#next++);
      delivered.push(message);
    }
    this.#largest = this.#next - 1;
    return delivered;
  }

  #outOfOrder(id: number): void {
    this.#early.add(id);
    while (this.#early.delete(this.#next)) this.#next++;
    this.#largest = Math.max(this.#largest, id);
  }

  /** @returns the message, if this was all that it missed. */
  #join(frame: DataFrame | FragmentFrame | SignatureFrame): Message | undefined {
    const { id, body } = frame;
    const { signed } = this.#options;
    if (frame.kind === "signature" && !signed) return undefined;
    const entry = this.#unfinished.get(id) ?? { message: new Pieces(), signature: new Pieces() };
    // Without deduplication, what is old may begin again: that must not grow, either.
    if (!this.#unfinished.has(id) && this.#unfinished.size === windowMessages) return undefined;
    this.#unfinished.set(id, entry);
    if (frame.kind === "data") entry.message.add({ index: 0, last: 0 }, body);
    else entry[frame.kind === "signature" ? "signature" : "message"].add(frame, body);
    const { whole: message } = entry.message;
    const { whole: signature } = entry.signature;
    if (message === undefined || (signed && signature === undefined)) return undefined;
    this.#unfinished.delete(id);
    if (signature === undefined) return { id, message };
    const { check } = this.#options;
    const evidence = check?.({ id, message, signature });
    if (check !== undefined && evidence === undefined) return undefined;
    return { id, message, signature, ...(evidence && { evidence }) };
  }
}

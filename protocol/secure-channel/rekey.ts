/**
 * A whole new EDHOC inside the channel, every hour. An update of keys alone protects what is past:
 * an attacker who has read a session's keys can follow it from there. New ephemeral keys shut out a
 * passive attacker, and since both ends authenticate again, an active one too.
 *
 *     REKEY frame: step/index/last 1 ‖ piece of message_1, message_2 or message_3
 *
 * What comes out is mixed into the channel's secret, and the epoch changes as with any update: the
 * responder says so under the new keys, which takes the place of message_4.
 */
import type { Millis } from "../endpoint.ts";
import { concat, equalBytes } from "../kit/bytes.ts";
import { composeMessage3, type Initiated, initiate, verifyMessage2 } from "./edhoc/initiator.ts";
import { type Answered, composeMessage2, readMessage1, verifyMessage3 } from "./edhoc/responder.ts";
import type { Setup } from "./edhoc/session.ts";
import type { Frame } from "./frames.ts";
import { method } from "./identity.ts";
import type { Suite } from "./suites.ts";

export const rekeyAfterMs = 3_600_000;
/** Type and length of the frame, and what says which piece it is. */
const headerBytes = 3;
const mostPieces = 4;

export interface RekeyOptions {
  readonly initiates: boolean;
  /** Knows this channel's peer, and no other principal. */
  readonly setup: (now: Millis) => Setup;
  readonly suite: Suite;
  /** The channel's identifiers, one byte each. */
  readonly cI: number;
  readonly cR: number;
  /** Bytes for frames in one record. */
  readonly room: number;
}

/** What follows from a frame: frames to send, and the new secret where the exchange is over. */
export interface Step {
  readonly frames: readonly Frame[];
  readonly secret?: Uint8Array;
}
const nothing: Step = { frames: [] };

export class Rekeying {
  readonly #about: RekeyOptions;
  /** Of the message that is coming in, by its step. */
  #pieces: { readonly step: number; readonly parts: Map<number, Uint8Array> } | undefined;
  #initiated: Initiated | undefined;
  #asked: { readonly message1: Uint8Array; readonly answered: Answered } | undefined;
  /** The message_3 that was accepted last. */
  #done: Uint8Array | undefined;
  /** The initiator has made message_3, and the next keys with it. */
  proved = false;

  constructor(about: RekeyOptions) {
    this.#about = about;
  }

  get initiates(): boolean {
    return this.#about.initiates;
  }

  /** @returns the frames of message_1. */
  begin(now: Millis): readonly Frame[] {
    const { suite, cI } = this.#about;
    const opening = { method, suites: [suite.id], suite, cI: Uint8Array.of(cI) };
    this.#initiated = initiate(this.#about.setup(now), opening);
    this.proved = false;
    return this.#cut(1, this.#initiated.message1);
  }

  /** The epoch has changed: the exchange is over, or was overtaken. */
  finish(): void {
    if (this.proved) this.#initiated = undefined;
    this.proved = false;
  }

  /** Has this message_3 been accepted already, so that only our answer got lost? */
  isRepeated(body: Uint8Array): boolean {
    const done = this.#done;
    return done !== undefined && this.#cut(3, done).some((f) => isSameBody(f, body));
  }

  receive(body: Uint8Array, now: Millis): Step {
    const message = this.#join(body);
    if (message === undefined) return nothing;
    if (message.step === 2) return this.#answered(message.bytes, now);
    if (this.#about.initiates) return nothing;
    return message.step === 1
      ? this.#question(message.bytes, now)
      : this.#proof(message.bytes, now);
  }

  #answered(message2: Uint8Array, now: Millis): Step {
    if (this.#initiated === undefined || this.proved) return nothing;
    const setup = this.#about.setup(now);
    const verified = verifyMessage2(setup, this.#initiated, message2);
    if (typeof verified === "string") return nothing;
    const { message3, out } = composeMessage3(setup, verified);
    this.proved = true;
    return { frames: this.#cut(3, message3), secret: out };
  }

  #question(message1: Uint8Array, now: Millis): Step {
    const known = this.#asked;
    if (known !== undefined && equalBytes(known.message1, message1)) {
      return { frames: this.#cut(2, known.answered.message2) };
    }
    const setup = this.#about.setup(now);
    const suites = [this.#about.suite.id];
    const asked = readMessage1(setup, { methods: [method], suites }, message1);
    if (typeof asked === "string" || !("suite" in asked)) return nothing;
    const cR = Uint8Array.of(this.#about.cR);
    const answered = composeMessage2(setup, asked, { cR });
    if (typeof answered === "string") return nothing;
    this.#asked = { message1, answered };
    return { frames: this.#cut(2, answered.message2) };
  }

  #proof(message3: Uint8Array, now: Millis): Step {
    if (this.#asked === undefined) return nothing;
    const settled = verifyMessage3(this.#about.setup(now), this.#asked.answered, message3);
    if (typeof settled === "string") return nothing;
    this.#asked = undefined;
    this.#done = message3;
    return { frames: [], secret: settled.out };
  }

  #cut(step: number, message: Uint8Array): readonly Frame[] {
    const size = this.#about.room - headerBytes;
    const last = Math.ceil(message.length / size) - 1;
    return Array.from({ length: last + 1 }, (_, index): Frame => {
      const piece = message.slice(index * size, (index + 1) * size);
      const head = Uint8Array.of((step << 4) | (index << 2) | last);
      return { kind: "rekey", body: concat(head, piece) };
    });
  }

  #join(body: Uint8Array): { readonly step: number; readonly bytes: Uint8Array } | undefined {
    const [head = 0] = body;
    const [step, index, last] = [head >> 4, (head >> 2) % mostPieces, head % mostPieces];
    if (step < 1 || step > 3 || index > last) return undefined;
    if (this.#pieces?.step !== step) this.#pieces = { step, parts: new Map() };
    const { parts } = this.#pieces;
    parts.set(index, body.slice(1));
    if (parts.size <= last) return undefined;
    this.#pieces = undefined;
    const bytes = concat(...[...parts].sort(([a], [b]) => a - b).map(([, part]) => part));
    return { step, bytes };
  }
}

const isSameBody = (frame: Frame, body: Uint8Array): boolean =>
  frame.kind === "rekey" && equalBytes(frame.body, body);

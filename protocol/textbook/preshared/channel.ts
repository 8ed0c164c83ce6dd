/**
 * One session once its keys are there: sealed records, and messages that arrive once, in order.
 *
 * Every record has a new counter, also when it repeats a message; the message keeps its number.
 * The counter is the nonce and tells a replayed record; the number tells a message that was
 * delivered before, and then only the acknowledgement is repeated.
 */
import {
  InvariantError,
  type Millis,
  type OutputBody,
  type Principal,
  type RejectReason,
} from "../../endpoint.ts";
import { concat, uintBytes } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { ReplayWindow } from "../../kit/replay-window.ts";
import type { Defences } from "./defences.ts";
import * as wire from "./wire.ts";

const empty: Uint8Array = new Uint8Array(0);
const noTag = new Uint8Array(wire.tagBytes);
/** Messages under way at a time, and so the most that a receiver has to hold back. */
const maxUnderWay = 16;

/** Sent at once, and again after 1 s, 1.5 s, 2.25 s, … but 10 s at most. */
export const waitMs = (tries: number): Millis => Math.min(1_000 * 1.5 ** (tries - 1), 10_000);
/** Twelve tries are given up 81 s after the first. */
export const maxTries = (d: Defences): number => (d.retransmission ? 12 : 1);

interface UnderWay {
  readonly message: Uint8Array;
  tries: number;
  againMs: Millis;
}

interface About {
  readonly crypto: CryptoKit;
  readonly defences: Defences;
  readonly peer: Principal;
  readonly session: number;
  /** Keys of 32 bytes. */
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
}

export class Channel {
  /** Closed, or something was given up: nothing follows, so that no gap can open. */
  over = false;
  readonly #about: About;
  readonly #defences: Defences;
  readonly #waiting: Uint8Array[] = [];
  readonly #underWay = new Map<number, UnderWay>();
  #sent = 0;
  #counter = 0;
  readonly #records = new ReplayWindow();
  readonly #delivered = new ReplayWindow();
  readonly #heldBack = new Map<number, Uint8Array>();
  /** The number of the message to be delivered next. */
  #next = 0;

  constructor(about: About) {
    this.#about = about;
    this.#defences = about.defences;
  }

  /** Is everything acknowledged? */
  get idle(): boolean {
    return this.#underWay.size === 0;
  }

  deadline(): Millis | undefined {
    return this.idle ? undefined : Math.min(...[...this.#underWay.values()].map((m) => m.againMs));
  }

  /** @param message longer than 92 bytes: given up at once, for it is never cut. */
  send(message: Uint8Array, now: Millis): readonly OutputBody[] {
    if (this.over || message.length > wire.maxTextBytes) return [{ kind: "give-up", message }];
    this.#waiting.push(message);
    return this.#sendWaiting(now);
  }

  /** Sends again what is not acknowledged; gives everything up where the tries are used up. */
  expire(now: Millis): readonly OutputBody[] {
    const due = [...this.#underWay].filter(([, m]) => m.againMs <= now);
    if (due.some(([, m]) => m.tries >= maxTries(this.#defences))) return this.#giveUp();
    return due.map(([number, m]) => this.#transmit(number, m, now));
  }

  close(): readonly OutputBody[] {
    return [this.#record("close", 0), ...this.#giveUp()];
  }

  /** @returns what follows from the record, or why it is discarded; then nothing has changed. */
  receive(record: wire.SealedRecord, now: Millis): readonly OutputBody[] | RejectReason {
    const counter = BigInt(record.counter);
    const genuine = this.#isSealed(record.kind);
    const seen = genuine ? this.#records.check(counter) : "fresh";
    if (seen !== "fresh" && this.#defences.window) return seen;
    const opened = this.#open(record);
    if (opened === undefined) return "bad-tag";
    const frame = wire.decodeFrame(opened);
    if (frame === undefined) return "malformed";
    const early = record.kind === "data" && frame.number >= this.#next + maxUnderWay;
    if (early && this.#defences.order) return "unexpected";
    // The window moves only now that the record is known to be genuine.
    if (genuine && seen === "fresh") this.#records.accept(counter);
    if (record.kind === "ack") return this.#acknowledged(frame.number, now);
    return record.kind === "data" ? this.#arrived(frame) : this.#giveUp();
  }

  #sendWaiting(now: Millis): readonly OutputBody[] {
    const out: OutputBody[] = [];
    while (this.#underWay.size < maxUnderWay) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      const entry = { message, tries: 0, againMs: now };
      this.#underWay.set(this.#sent, entry);
      out.push(this.#transmit(this.#sent++, entry, now));
    }
    return out;
  }

  #transmit(number: number, entry: UnderWay, now: Millis): OutputBody {
    entry.againMs = now + waitMs(++entry.tries);
    return this.#record("data", number, entry.message);
  }

  /** The end of the session: what became of messages without acknowledgement is not known. */
  #giveUp(): readonly OutputBody[] {
    this.over = true;
    const lost = [...[...this.#underWay.values()].map((m) => m.message), ...this.#waiting];
    this.#underWay.clear();
    this.#waiting.length = 0;
    return lost.map((message) => ({ kind: "give-up", message }));
  }

  #acknowledged(number: number, now: Millis): readonly OutputBody[] {
    const entry = this.#underWay.get(number);
    if (entry === undefined) return [];
    this.#underWay.delete(number);
    return [{ kind: "confirm", message: entry.message }, ...this.#sendWaiting(now)];
  }

  #arrived({ number, text }: wire.Frame): readonly OutputBody[] {
    const before = this.#delivered.check(BigInt(number)) !== "fresh";
    if (before && this.#defences.window) return [this.#record("ack", number)];
    if (this.#defences.order && number > this.#next) {
      if (!this.#heldBack.has(number)) this.#heldBack.set(number, text);
      return [];
    }
    if (!before) this.#delivered.accept(BigInt(number));
    this.#next = Math.max(this.#next, number + 1);
    const following = this.#heldBack.get(this.#next);
    this.#heldBack.delete(this.#next);
    return [
      { kind: "deliver", message: text, from: this.#about.peer },
      this.#record("ack", number),
      ...(following === undefined ? [] : this.#arrived({ number: this.#next, text: following })),
    ];
  }

  #record(kind: wire.RecordKind, number: number, text = empty): OutputBody {
    const counter = ++this.#counter;
    if (counter >= 2 ** (8 * wire.numberBytes)) throw new InvariantError("no nonces are left");
    const header = wire.recordHeader(kind, this.#about.session, counter);
    const frame = wire.encodeFrame({ number, text }, this.#defences);
    return { kind: "transmit", bytes: concat(header, this.#seal(kind, counter, header, frame)) };
  }

  #isSealed(kind: wire.RecordKind): boolean {
    return kind !== "ack" || this.#defences["ack-authentication"];
  }

  #nonce(counter: number): Uint8Array {
    return uintBytes(this.#defences.nonces ? counter : 0, 12);
  }

  /** @returns as many bytes as `frame` has, and 16 of the tag. */
  #seal(kind: wire.RecordKind, counter: number, header: Uint8Array, frame: Uint8Array): Uint8Array {
    const { crypto, send: key } = this.#about;
    const nonce = this.#nonce(counter);
    if (!this.#isSealed(kind)) return concat(frame, noTag);
    const [shown, hidden] = this.#defences.encryption ? [empty, frame] : [frame, empty];
    const sealed = this.#defences.authentication
      ? crypto.seal("chacha20-poly1305", key, nonce, hidden, concat(header, shown))
      : concat(crypto.encrypt("chacha20", key, nonce, hidden), noTag);
    return concat(shown, sealed);
  }

  /** Undoes {@link Channel.#seal}. */
  #open({ kind, counter, header, sealed }: wire.SealedRecord): Uint8Array | undefined {
    const { crypto, receive: key } = this.#about;
    const nonce = this.#nonce(counter);
    if (!this.#isSealed(kind)) return sealed.slice(0, -wire.tagBytes);
    const atHidden = this.#defences.encryption ? 0 : sealed.length - wire.tagBytes;
    const [shown, hidden] = [sealed.slice(0, atHidden), sealed.slice(atHidden)];
    const opened = this.#defences.authentication
      ? crypto.open("chacha20-poly1305", key, nonce, hidden, concat(header, shown))
      : crypto.decrypt("chacha20", key, nonce, hidden.slice(0, -wire.tagBytes));
    return opened && concat(shown, opened);
  }
}

/**
 * One session once its keys are there: sealed records, and messages that arrive once and in order.
 *
 * Every record has a new counter, also when it repeats a message; the message keeps its number.
 * The counter is the nonce and says whether a record is a replay; the number says whether a
 * message was delivered before, and then only the acknowledgement is repeated.
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
import {
  type DataRecord,
  decodeFrame,
  encodeFrame,
  maxTextBytes,
  numberBytes,
  type RecordKind,
  recordHeader,
  tagBytes,
} from "./wire.ts";

const empty = new Uint8Array(0);
const aead = "chacha20-poly1305";
const nonceBytes = 12;
/** Messages under way at a time, and so the most that a receiver has to hold back. */
const maxUnderWay = 16;

/** Sent at once and then after 1 s, 1.5 s, 2.25 s, … but 10 s at most. */
export const waitMs = (tries: number): Millis => Math.min(1_000 * 1.5 ** (tries - 1), 10_000);
/** The last of the tries is given up 81 s after the first. */
export const maxTries = (d: Defences): number => (d.retransmission ? 12 : 1);

interface UnderWay {
  readonly message: Uint8Array;
  tries: number;
  againMs: Millis;
}

export class Channel {
  /** Closed, or something was given up: nothing follows, so that no gap can open. */
  over = false;
  readonly #crypto: CryptoKit;
  readonly #defences: Defences;
  readonly #peer: Principal;
  readonly #session: number;
  readonly #sendKey: Uint8Array;
  readonly #receiveKey: Uint8Array;
  #counter = 0;
  readonly #records = new ReplayWindow();

  readonly #waiting: Uint8Array[] = [];
  readonly #underWay = new Map<number, UnderWay>();
  #nextToSend = 0;

  readonly #delivered = new ReplayWindow();
  readonly #held = new Map<number, Uint8Array>();
  #nextToDeliver = 0;

  /** @param keys 32 bytes each. */
  constructor(
    about: { crypto: CryptoKit; defences: Defences; peer: Principal; session: number },
    keys: { send: Uint8Array; receive: Uint8Array },
  ) {
    this.#crypto = about.crypto;
    this.#defences = about.defences;
    this.#peer = about.peer;
    this.#session = about.session;
    this.#sendKey = keys.send;
    this.#receiveKey = keys.receive;
  }

  /** Is everything that was sent also acknowledged? */
  get idle(): boolean {
    return this.#underWay.size === 0 && this.#waiting.length === 0;
  }

  deadline(): Millis | undefined {
    if (this.idle) return undefined;
    return Math.min(...[...this.#underWay.values()].map((m) => m.againMs));
  }

  /** @param message longer than 92 bytes: given up at once, for it is never cut. */
  send(message: Uint8Array, now: Millis): readonly OutputBody[] {
    if (this.over || message.length > maxTextBytes) return [{ kind: "give-up", message }];
    this.#waiting.push(message);
    return this.#sendWaiting(now);
  }

  /** Sends again what is not acknowledged; gives everything up where the tries are used up. */
  expire(now: Millis): readonly OutputBody[] {
    const due = [...this.#underWay].filter(([, m]) => m.againMs <= now);
    if (due.some(([, m]) => m.tries >= maxTries(this.#defences))) return this.abandon();
    return due.map(([number, m]) => this.#transmit(number, m, now));
  }

  /** The end of the session: the fate of what is not acknowledged stays unknown. */
  abandon(): readonly OutputBody[] {
    this.over = true;
    const lost = [...[...this.#underWay.values()].map((m) => m.message), ...this.#waiting];
    this.#underWay.clear();
    this.#waiting.length = 0;
    return lost.map((message) => ({ kind: "give-up", message }));
  }

  close(): OutputBody {
    return this.#record("close", 0, empty);
  }

  /** @returns what follows from the record, or why it is discarded; then nothing has changed. */
  receive(record: DataRecord, now: Millis): readonly OutputBody[] | RejectReason {
    const counter = BigInt(record.counter);
    const plain = this.#isPlain(record.kind);
    const seen = this.#records.check(counter);
    if (seen !== "fresh" && this.#defences.window && !plain) return seen;
    const plaintext = this.#open(record);
    if (plaintext === undefined) return "bad-tag";
    const frame = decodeFrame(plaintext);
    if (frame === undefined) return "malformed";
    const { number, text } = frame;
    if (this.#defences.order && number >= this.#nextToDeliver + maxUnderWay) return "unexpected";
    // Only now is the record known to be genuine.
    if (seen === "fresh" && !plain) this.#records.accept(counter);
    if (record.kind === "ack") return this.#acknowledged(number, now);
    return record.kind === "data" ? this.#arrived(number, text) : this.abandon();
  }

  #sendWaiting(now: Millis): readonly OutputBody[] {
    const out: OutputBody[] = [];
    while (this.#underWay.size < maxUnderWay) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      const entry = { message, tries: 0, againMs: now };
      this.#underWay.set(this.#nextToSend, entry);
      out.push(this.#transmit(this.#nextToSend++, entry, now));
    }
    return out;
  }

  #transmit(number: number, entry: UnderWay, now: Millis): OutputBody {
    entry.againMs = now + waitMs(++entry.tries);
    return this.#record("data", number, entry.message);
  }

  #acknowledged(number: number, now: Millis): readonly OutputBody[] {
    const entry = this.#underWay.get(number);
    if (entry === undefined) return [];
    this.#underWay.delete(number);
    return [{ kind: "confirm", message: entry.message }, ...this.#sendWaiting(now)];
  }

  #arrived(number: number, text: Uint8Array): readonly OutputBody[] {
    if (this.#defences.window && this.#delivered.check(BigInt(number)) !== "fresh") {
      return [this.#record("ack", number, empty)];
    }
    if (this.#defences.order && number > this.#nextToDeliver) {
      this.#held.set(number, text);
      return [];
    }
    const out = [...this.#deliver(number, text)];
    for (;;) {
      const next = this.#held.get(this.#nextToDeliver);
      if (next === undefined) return out;
      this.#held.delete(this.#nextToDeliver);
      out.push(...this.#deliver(this.#nextToDeliver, next));
    }
  }

  #deliver(number: number, message: Uint8Array): readonly OutputBody[] {
    if (this.#delivered.check(BigInt(number)) === "fresh") this.#delivered.accept(BigInt(number));
    this.#nextToDeliver = Math.max(this.#nextToDeliver, number + 1);
    return [{ kind: "deliver", message, from: this.#peer }, this.#record("ack", number, empty)];
  }

  #record(kind: RecordKind, number: number, text: Uint8Array): OutputBody {
    const counter = ++this.#counter;
    if (counter >= 2 ** (8 * numberBytes)) throw new InvariantError("the nonces are used up");
    const header = recordHeader(kind, this.#session, counter);
    const sealed = this.#seal(kind, counter, header, encodeFrame({ number, text }, this.#defences));
    return { kind: "transmit", bytes: concat(header, sealed) };
  }

  #isPlain(kind: RecordKind): boolean {
    return kind === "ack" && !this.#defences["ack-authentication"];
  }

  #nonce(counter: number): Uint8Array {
    return uintBytes(this.#defences.nonces ? counter : 0, nonceBytes);
  }

  /** @returns as many bytes as `frame` has, and 16 for the tag. */
  #seal(kind: RecordKind, counter: number, header: Uint8Array, frame: Uint8Array): Uint8Array {
    const [crypto, key, nonce] = [this.#crypto, this.#sendKey, this.#nonce(counter)];
    const { authentication, encryption } = this.#defences;
    if (this.#isPlain(kind)) return concat(frame, new Uint8Array(tagBytes));
    if (!authentication) {
      const hidden = encryption ? crypto.encrypt("chacha20", key, nonce, frame) : frame;
      return concat(hidden, new Uint8Array(tagBytes));
    }
    if (!encryption) {
      return concat(frame, crypto.seal(aead, key, nonce, empty, concat(header, frame)));
    }
    return crypto.seal(aead, key, nonce, frame, header);
  }

  #open({ kind, counter, header, sealed }: DataRecord): Uint8Array | undefined {
    const [crypto, key, nonce] = [this.#crypto, this.#receiveKey, this.#nonce(counter)];
    const { authentication, encryption } = this.#defences;
    const frame = sealed.slice(0, -tagBytes);
    if (this.#isPlain(kind)) return frame;
    if (!authentication) return encryption ? crypto.decrypt("chacha20", key, nonce, frame) : frame;
    if (!encryption) {
      const associated = concat(header, frame);
      const tag = sealed.slice(-tagBytes);
      return crypto.open(aead, key, nonce, tag, associated) === undefined ? undefined : frame;
    }
    return crypto.open(aead, key, nonce, sealed, header);
  }
}

/**
 * The keys of an established channel, epoch by epoch. EDHOC_KeyUpdate makes each from the one
 * before, which is erased: a later compromise does not open what was recorded earlier.
 *
 * An update takes two records. The end that wants it says so under the old keys and makes the new
 * ones; the other end moves, and says so under the new keys. That end keeps the old ones to receive
 * with for as long as the first end may still be repeating itself.
 *
 * @see RFC 9528 §4.2.2 and appendices A.1 and H; RFC 9147 §4.5.3 for the limits
 */
import type { Millis, RejectReason } from "../endpoint.ts";
import { concat } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { ReplayWindow } from "../kit/replay-window.ts";
import { exporter, keyUpdate } from "./edhoc/key-schedule.ts";
import { decodeFrames, type Frame } from "./frames.ts";
import { type SecurityContext, securityContext } from "./oscore.ts";
import { maxRecords, openRecord, type SealedRecord, sealRecord } from "./records.ts";
import type { Defences } from "./settings.ts";
import type { Suite } from "./suites.ts";

const windowSize = 64;
const masterSaltBytes = 8;
/** The labels of the exporter. RFC 9528 appendix A.1. */
const masterSecretLabel = 0;
const masterSaltLabel = 1;
const noContext = new Uint8Array(0);

/** Half of what one epoch can hold, ten minutes, or so many forgeries: then it is time to move. */
const updateAfterRecords = maxRecords / 2;
export const updateAfterMs = 600_000;
/**
 * An attacker who guesses tags can make us change keys, at the price of two records for 4096. To
 * close instead, as some do, would let any outsider end sessions.
 */
export const updateAfterForgeries = 2 ** 12;
/** Longer than all tries of an update together. */
const keepOldMs = 40_000;

interface Epoch {
  /** Modulo 256. */
  readonly number: number;
  /** PRK_out, 32 bytes. */
  readonly out: Uint8Array;
  readonly context: SecurityContext;
  readonly window: ReplayWindow;
  readonly sinceMs: Millis;
  /** Of the next record to be sent. */
  counter: number;
  /** The highest counter received; -1 before the first. */
  highest: number;
}

export interface EpochsOptions {
  readonly crypto: CryptoKit;
  readonly defences: Defences;
  readonly suite: Suite;
  /** What the peer's records name, and what ours do. One byte each. */
  readonly ownId: number;
  readonly peerId: number;
}

export interface Opened {
  readonly frames: readonly Frame[];
  readonly from: "current" | "next" | "previous";
  /** None came before that was sent later, as far as can be known. */
  readonly isNewest: boolean;
  /** Nothing has changed until this is called: the window moves. */
  accept(): void;
}

export class Epochs {
  readonly #about: EpochsOptions;
  #current: Epoch;
  /** Made, but not confirmed. */
  #next: Epoch | undefined;
  #previous: { readonly epoch: Epoch; readonly untilMs: Millis } | undefined;
  #forgeries = 0;

  /** @param out PRK_out. */
  constructor(about: EpochsOptions, out: Uint8Array, now: Millis) {
    this.#about = about;
    this.#current = this.#epoch(0, out, now);
  }

  get number(): number {
    return this.#current.number;
  }

  /** PRK_out of the epoch that is made, but not confirmed. */
  get nextOut(): Uint8Array | undefined {
    return this.#next?.out;
  }

  /** Should the keys be changed before more is sent? */
  worn(now: Millis): boolean {
    const { counter, sinceMs } = this.#current;
    return counter >= updateAfterRecords || now - sinceMs >= updateAfterMs;
  }

  /** Are tags being guessed? Then the keys should be changed, whether anything is sent or not. */
  get besieged(): boolean {
    return this.#forgeries >= updateAfterForgeries;
  }

  /** Is there no nonce left? Then nothing can be sent any more. */
  get exhausted(): boolean {
    return this.#current.counter >= maxRecords;
  }

  /** @throws MisuseError if the frames do not fit, or if the epoch is exhausted. */
  seal(frames: readonly Frame[]): Uint8Array {
    const { crypto, ownId: kid, defences } = this.#about;
    const { number: epoch, context } = this.#current;
    const content = { counter: this.#current.counter++, epoch, kid, frames };
    return sealRecord(crypto, context.send, content, defences);
  }

  /** @returns why the record is discarded; then nothing has changed but the count of forgeries. */
  open(record: SealedRecord, now: Millis): Opened | RejectReason {
    if (this.#previous !== undefined && this.#previous.untilMs <= now) this.#previous = undefined;
    const candidates = [
      [this.#current, "current"],
      [this.#next, "next"],
      [this.#previous?.epoch, "previous"],
    ] as const;
    let reason: RejectReason = "bad-tag";
    for (const [epoch, from] of candidates) {
      if (epoch === undefined) continue;
      const opened = this.#open(record, epoch);
      if (typeof opened !== "string") {
        // As long as it has not followed us, the peer sends under the keys before.
        const isPast = from === "previous" && this.#current.highest >= 0;
        const isNewest = !record.plain && record.counter > epoch.highest && !isPast;
        return { ...opened, from, isNewest };
      }
      if (reason === "bad-tag") reason = opened;
    }
    if (reason === "bad-tag") this.#forgeries++;
    return reason;
  }

  /**
   * Makes the next epoch's keys.
   * @param secret from elsewhere, to be mixed in; it takes the place of what was made without.
   * @returns its number, for the peer.
   */
  prepare(now: Millis, secret?: Uint8Array): number {
    if (secret !== undefined) this.#next = undefined;
    this.#next ??= this.#following(now, secret);
    return this.#next.number;
  }

  /** Moves on to the next epoch. */
  advance(now: Millis): void {
    this.#previous = { epoch: this.#current, untilMs: now + keepOldMs };
    this.#current = this.#next ?? this.#following(now);
    this.#next = undefined;
    this.#forgeries = 0;
  }

  #following(now: Millis, secret: Uint8Array = noContext): Epoch {
    const number = (this.#current.number + 1) % 256;
    const context = concat(Uint8Array.of(number), secret);
    return this.#epoch(number, keyUpdate(this.#about.crypto, this.#current.out, context), now);
  }

  #epoch(number: number, out: Uint8Array, now: Millis): Epoch {
    const { crypto, suite, ownId, peerId, defences } = this.#about;
    const aead = suite.applicationAead;
    const ids = defences.directions ? [ownId, peerId] : [0, 0];
    const [senderId, recipientId] = ids.map((id) => Uint8Array.of(id)) as [Uint8Array, Uint8Array];
    const context = securityContext(crypto, {
      masterSecret: exporter(crypto, out, masterSecretLabel, noContext, aead.keyBytes),
      masterSalt: exporter(crypto, out, masterSaltLabel, noContext, masterSaltBytes),
      senderId,
      recipientId,
      aead,
    });
    const window = new ReplayWindow(windowSize, BigInt(maxRecords));
    return { number, out, context, window, sinceMs: now, counter: 0, highest: -1 };
  }

  #open(record: SealedRecord, epoch: Epoch): Omit<Opened, "from" | "isNewest"> | RejectReason {
    const { crypto, defences } = this.#about;
    const counter = BigInt(record.counter);
    const seen = record.plain ? "fresh" : epoch.window.check(counter);
    if (seen !== "fresh" && defences.window) return seen;
    const text = openRecord(crypto, epoch.context.receive, record, epoch.number, defences);
    if (text === undefined) return "bad-tag";
    const frames = decodeFrames(text);
    if (frames === undefined) return "malformed";
    if (record.plain && frames.some((f) => f.kind !== "ack")) return "malformed";
    const accept = (): void => {
      // The window moves only now that the record is known to be genuine.
      if (record.plain || seen !== "fresh") return;
      epoch.window.accept(counter);
      epoch.highest = Math.max(epoch.highest, record.counter);
    };
    return { frames, accept };
  }
}

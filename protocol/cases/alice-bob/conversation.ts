/**
 * Alice's end of one connection.
 *
 * What she does with a token that opens, as the options say:
 *
 * | finding                                | `alarm=warn`            | `alarm=drop`     |
 * |----------------------------------------|-------------------------|------------------|
 * | the hash is not that of the content    | alarm, then takes it    | alarm, and no more |
 * | there is no date where one should be   | likewise                | likewise         |
 * | the date is not newer, or too old      | likewise                | likewise         |
 * | nothing                                | takes it                | takes it         |
 *
 * To take a message is to print it, to confirm it and to log it, in this order. A token that does
 * not open ends the program: the exception is caught nowhere.
 */
import {
  type Address,
  type Env,
  InvariantError,
  type Millis,
  type OutputBody,
  type RejectReason,
} from "../../endpoint.ts";
import { equalBytes, lossyText } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import { ageMicros, readDate } from "./clock.ts";
import { type Opened, openMessage, sealAck } from "./envelope.ts";
import { framed, Inbox } from "./inbox.ts";
import { LogBook } from "./log-book.ts";
import {
  agreedKey,
  checkPoints,
  derivedKey,
  newKey,
  newPair,
  pointBytes,
  signPoints,
} from "./session-key.ts";
import { alice, bob, type Dealt, type Settings } from "./settings.ts";

/** Older messages count as replayed, by the text. */
const windowMicros = 3_000_000;

interface Doubt {
  readonly alarm: string;
  readonly reason: RejectReason;
}
const changed: Doubt = { alarm: "this may have been changed on its way", reason: "bad-tag" };
const dateless: Doubt = { alarm: "no date: this may have been changed", reason: "malformed" };
const repeated: Doubt = { alarm: "this may be a replay", reason: "replayed" };

export class Conversation {
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #dealt: Dealt;
  readonly #inbox: Inbox;
  readonly #log: LogBook;
  readonly #peer: Address;
  #pair: KeyPair | undefined;
  #key: Uint8Array | undefined;
  /** Date of the last message that was newer than all before, in microseconds. */
  #newest: number | undefined;
  #number = 0;
  #taken = 0;

  constructor(env: Env, settings: Settings, dealt: Dealt, peer: Address, now: Millis) {
    this.#env = env;
    this.#settings = settings;
    this.#dealt = dealt;
    this.#peer = peer;
    this.#inbox = new Inbox(settings.framed);
    const open = (name: string) => env.store(name);
    this.#log = new LogBook(env.crypto, open, settings.log === "everything", now);
  }

  /** Has anything come that only the holder of the key can have sent? */
  get proven(): boolean {
    return this.#taken > 0;
  }

  /** The connection is there: Alice speaks first, and takes any peer for Bob. */
  open(): readonly OutputBody[] {
    const { crypto } = this.#env;
    this.#log.connection(this.#peer);
    const begun: readonly OutputBody[] = [
      log(`connection from ${this.#peer}`),
      { kind: "claim", claim: { kind: "running", peer: bob } },
    ];
    if (this.#settings.key === "agreed") {
      this.#pair = newPair(crypto);
      return [...begun, this.#transmit(this.#pair.publicKey)];
    }
    const drawn = newKey(crypto);
    const { shared } = this.#dealt;
    const key = shared === undefined ? drawn : derivedKey(crypto, shared, drawn);
    return [...begun, ...this.#have(key), this.#transmit(drawn)];
  }

  read(bytes: Uint8Array, now: Millis): readonly OutputBody[] {
    this.#inbox.push(bytes);
    const outputs: OutputBody[] = [];
    for (let taken = this.#inbox.take(); taken !== undefined; taken = this.#inbox.take()) {
      if (taken.kind === "too-long") outputs.push(reject("too-long"));
      else if (this.#key === undefined) outputs.push(...this.#onPoint(taken.bytes));
      else outputs.push(...this.#onMessage(this.#key, taken.bytes, now));
    }
    return outputs;
  }

  #have(key: Uint8Array): readonly OutputBody[] {
    this.#key = key;
    this.#log.key(key);
    return [{ kind: "claim", claim: { kind: "secret", peer: bob, value: key } }];
  }

  /** Bob's point and signature, with `key=agreed`. */
  #onPoint(bytes: Uint8Array): readonly OutputBody[] {
    const { crypto } = this.#env;
    const [own, signer] = [this.#dealt.alice, this.#dealt.bob];
    if (this.#pair === undefined || own === undefined || signer === undefined) {
      throw new InvariantError("keys were not dealt");
    }
    const point = bytes.slice(0, pointBytes);
    const points = { alice: this.#pair.publicKey, bob: point };
    const signature = bytes.slice(pointBytes);
    if (signature.length !== 64) return [reject("malformed")];
    if (!checkPoints(crypto, signer.publicKey, bob, points, signature)) {
      return [reject("bad-signature")];
    }
    const key = agreedKey(crypto, this.#pair.privateKey, point, points);
    if (key === undefined) return [reject("bad-key")];
    const signed = signPoints(crypto, own.privateKey, alice, points);
    return [...this.#have(key), this.#transmit(signed)];
  }

  #onMessage(key: Uint8Array, wire: Uint8Array, now: Millis): readonly OutputBody[] {
    const opened = openMessage(this.#env.crypto, this.#settings, key, wire);
    if (opened === undefined) {
      if (this.#settings.framed) return [reject("bad-tag")];
      throw new Error("InvalidToken: the message does not open");
    }
    if (this.#settings.signed && !this.#isSigned(opened)) return [reject("bad-signature")];
    if (this.#settings.fresh === "sequence") return this.#inSequence(key, opened, now);
    const doubts = this.#doubts(opened, now);
    const alarms = doubts.flatMap(({ alarm }) => this.#warn(alarm));
    const [first] = doubts;
    if (first !== undefined && this.#settings.alarm === "drop") {
      return [...alarms, reject(first.reason)];
    }
    return [...alarms, ...this.#accept(key, opened, now)];
  }

  #isSigned({ signature, signed }: Opened): boolean {
    const publicKey = this.#dealt.bob?.publicKey;
    if (publicKey === undefined || signature.length !== 64) return false;
    return this.#env.crypto.verify(publicKey, signed, signature);
  }

  #doubts(opened: Opened, now: Millis): readonly Doubt[] {
    const doubts: Doubt[] = [];
    if (!this.#env.crypto.equal(opened.hash, opened.expectedHash)) doubts.push(changed);
    const date = readDate(lossyText(opened.date));
    if (date === undefined) return [...doubts, dateless];
    // Refused for its hash: its date is not looked at.
    if (doubts.length > 0 && this.#settings.alarm === "drop") return doubts;
    const { fresh } = this.#settings;
    const newer = this.#newest === undefined || date > this.#newest;
    const young = ageMicros(date, now) <= windowMicros;
    if ((fresh !== "window" && !newer) || (fresh !== "mono" && !young)) doubts.push(repeated);
    else if (newer) this.#newest = date;
    return doubts;
  }

  #warn(alarm: string): readonly OutputBody[] {
    this.#log.alarm(alarm);
    return [{ kind: "alarm", text: alarm }, log(alarm)];
  }

  /** With `fresh=sequence`: what was taken before is confirmed again, and not taken again. */
  #inSequence(key: Uint8Array, opened: Opened, now: Millis): readonly OutputBody[] {
    const { number } = opened;
    if (number === undefined) return [reject("unexpected")];
    if (!equalBytes(opened.hash, opened.expectedHash)) return [reject("bad-tag")];
    if (number > this.#number + 1) return [reject("unexpected")];
    if (number <= this.#number) return [reject("replayed"), this.#ack(key, opened, now)];
    this.#number = number;
    return this.#accept(key, opened, now);
  }

  #accept(key: Uint8Array, opened: Opened, now: Millis): readonly OutputBody[] {
    const { text, date, hash } = opened;
    const first = this.#taken === 0;
    const entry = this.#log.message({ id: this.#taken++, hash, date, text }, now);
    const bytes = this.#settings.signed ? opened.signature : entry;
    return [
      ...(first ? [{ kind: "claim", claim: committed(key) } as const] : []),
      log(lossyText(date)),
      log(lossyText(text)),
      { kind: "deliver", message: text, from: bob },
      this.#ack(key, opened, now),
      { kind: "claim", claim: { kind: "evidence", peer: bob, message: text, bytes } },
    ];
  }

  #ack(key: Uint8Array, { hash, number = 0 }: Opened, now: Millis): OutputBody {
    return this.#transmit(sealAck(this.#env.crypto, this.#settings, { key, now, number, hash }));
  }

  #transmit(message: Uint8Array): OutputBody {
    const bytes = framed(this.#settings.framed, message);
    return { kind: "transmit", bytes, to: this.#peer };
  }
}

const committed = (key: Uint8Array) => ({ kind: "commit", peer: bob, agreed: key }) as const;
const log = (line: string): OutputBody => ({ kind: "log", line });
const reject = (reason: RejectReason): OutputBody => ({ kind: "reject", reason });

/**
 * What both ends do once the handshake is over: messages that arrive once and in order,
 * acknowledgements after the delivery, new keys from time to time, and an end that shows whether
 * anything is missing.
 *
 * One frame goes into one record. To fill records up would show how long messages are: a short one
 * leaves room for an acknowledgement.
 */
import {
  InvariantError,
  type Millis,
  type OutputBody,
  type Principal,
  type RejectReason,
} from "../endpoint.ts";
import { equalBytes } from "../kit/bytes.ts";
import type { ChannelOptions, Heard, LoginHooks } from "./channel-options.ts";
import { CoverSchedule } from "./cover.ts";
import type { Setup } from "./edhoc/session.ts";
import { Epochs } from "./epochs.ts";
import { type AckFrame, type Frame, tokenBytes } from "./frames.ts";
import { Inbox, type Message } from "./inbox.ts";
import { maxMessageBytes, Outbox } from "./outbox.ts";
import { roomBytes, type SealedRecord } from "./records.ts";
import { Rekeying, type RekeyOptions, rekeyAfterMs } from "./rekey.ts";
import type { Defences } from "./settings.ts";

/** Sent at once, and again after 1 s, 1.5 s, 2.25 s, … */
const waitMs = (tries: number): Millis => 1_000 * 1.5 ** (tries - 1);
const controlTries = 7;
/** What is said at the end. */
const closeCodes = { done: 0, gaveUp: 1 } as const;
/** What became of a message after it was delivered. */
const receipts = { read: 1 } as const;
const dataHeaderBytes = 4;
/** It is sealed: any will do that is not one of those that are drawn for addresses. */
const moveToken = new Uint8Array(tokenBytes);

/** What is repeated until it is answered. */
interface Control {
  readonly frames: readonly Frame[];
  tries: number;
  againMs: Millis;
}

export class Channel {
  /** Closed, or something was given up: nothing follows, so that no gap can open. */
  over = false;
  #peer: Principal;
  readonly #above: ChannelOptions["above"];
  readonly #defences: Defences;
  readonly #epochs: Epochs;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #longest: number;
  readonly #rekeying: Rekeying | undefined;
  #freshMs: Millis;
  /** A change of keys that is under way. */
  #update: Control | undefined;
  #closing: Control | undefined;
  readonly #cover: CoverSchedule | undefined;
  readonly #login: LoginHooks | undefined;
  /** A login is under way: the next keys are those that come of it, and no others. */
  #held: boolean;

  constructor(about: ChannelOptions, now: Millis) {
    const { crypto, defences, suite, ownId, peerId } = about;
    this.#peer = about.peer;
    this.#above = about.above;
    this.#defences = defences;
    // There is no other copy of the secret: with the epoch that it belongs to, it is erased.
    this.#epochs = new Epochs({ crypto, defences, suite, ownId, peerId }, about.out, now);
    const room = roomBytes(suite.applicationAead);
    const [a = 0, b = 0] = crypto.random(2);
    this.#outbox = new Outbox(room, 256 * a + b, defences.retransmission ? undefined : 1);
    this.#inbox = new Inbox({
      order: defences.order,
      deduplication: defences.deduplication && defences.window,
      ...(about.login?.check && { signed: true, check: about.login.check }),
    });
    const { coverMs } = about;
    this.#cover = coverMs === undefined ? undefined : new CoverSchedule(coverMs, room, now);
    this.#login = about.login;
    this.#held = about.login !== undefined;
    this.#rekeying = about.setup && new Rekeying(rekeyAbout(about, about.setup, room));
    this.#freshMs = now;
    this.#longest = defences.pieces ? room - dataHeaderBytes : maxMessageBytes(room);
  }

  /** Nothing waits for an answer. */
  get idle(): boolean {
    const waiting = this.#cover?.waiting ?? 0;
    return this.#outbox.idle && waiting === 0 && (this.over || this.#due() === undefined);
  }

  /** How often the keys were changed, modulo 256. */
  get epoch(): number {
    return this.#epochs.number;
  }

  deadline(): Millis | undefined {
    if (this.over) return undefined;
    const times = [this.#due(), this.#cover?.deadline()].filter((t) => t !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** When something has to be sent, whether at once or at the next beat. */
  #due(): Millis | undefined {
    if (this.#epochs.besieged && this.#update === undefined && !this.#held) return 0;
    const controls = [this.#update?.againMs, this.#closing?.againMs];
    const times = [this.#outbox.deadline(), ...controls].filter((t) => t !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** @param message longer than fits: given up at once, for it is never cut short. */
  send(message: Uint8Array, now: Millis): readonly OutputBody[] {
    const fits = message.length <= this.#longest && this.#closing === undefined && !this.over;
    if (!fits) return [{ kind: "give-up", message }];
    const signature = this.#login?.sign?.(this.#outbox.nextId, message, now);
    const id = this.#outbox.push(message, signature);
    return id === undefined ? [{ kind: "give-up", message }] : this.#flush(now);
  }

  /** Sends a frame of the layer above, once: whether it arrives is not known. */
  carry(frame: Frame, now: Millis): readonly OutputBody[] {
    if (this.over) return [];
    return [...this.#changing(now, true), ...this.#records(frame)];
  }

  /** Tells the peer that all that was delivered so far was also read. */
  read(now: Millis): readonly OutputBody[] {
    return this.carry(
      { kind: "receipt", id: this.#inbox.lastDelivered, receipt: receipts.read },
      now,
    );
  }

  /** @returns what follows from the record, or why it is discarded; then nothing has changed. */
  receive(
    record: SealedRecord,
    now: Millis,
    heard: Heard = () => [],
  ): readonly OutputBody[] | RejectReason {
    const opened = this.#epochs.open(record, now);
    if (typeof opened === "string") return opened;
    // What comes late is answered only where the answer was lost, perhaps since the peer has moved.
    const ends = opened.frames.some((f) => f.kind === "close");
    const isLate = !ends && opened.frames.every((f) => f.kind !== "path-response");
    if (this.over && isLate) return "stale";
    opened.accept();
    if (this.over) return [...heard(opened), ...(ends ? this.#now({ kind: "close-ack" }) : [])];
    // Only the peer can have sealed under the keys that we proposed: it has moved, and so do we.
    if (opened.from === "next") this.#advance(now);
    const out = [...heard(opened)];
    const repeats = opened.from === "previous";
    out.push(...opened.frames.flatMap((frame) => this.#handle(frame, repeats, now)));
    if (this.over) return out;
    if (this.#inbox.ackDue) out.push(...this.#records(this.#inbox.ack()));
    return [...out, ...this.#flush(now)];
  }

  /**
   * Asks where the peer is. It is said at once, also with cover traffic and after the end: that an
   * address has changed can be seen anyway.
   */
  challenge(token: Uint8Array): readonly OutputBody[] {
    return this.#now({ kind: "path-challenge", token });
  }

  /** Sends again what is not answered; ends where the tries are used up. */
  expire(now: Millis): readonly OutputBody[] {
    if (this.over) return [];
    const out: OutputBody[] = [];
    for (const control of [this.#update, this.#closing]) {
      if (control === undefined || control.againMs > now) continue;
      if (control.tries >= controlTries) return [...out, ...this.#end()];
      out.push(...this.#send(control, now));
    }
    out.push(...this.#flush(now));
    const beat = this.over || this.#epochs.exhausted ? undefined : this.#cover?.due(now);
    if (beat !== undefined) out.push({ kind: "transmit", bytes: this.#epochs.seal(beat) });
    return out;
  }

  /** Says that this is the end, until the peer has heard it. */
  close(now: Millis): readonly OutputBody[] {
    if (this.over || this.#closing !== undefined) return [];
    this.#closing = { frames: [this.#closeFrame(closeCodes.done)], tries: 0, againMs: now };
    return this.#send(this.#closing, now);
  }

  /** Ends it here and now, without a word. */
  abandon(): readonly OutputBody[] {
    return this.#end();
  }

  /** Changes the keys now. */
  update(now: Millis): readonly OutputBody[] {
    if (this.over || this.#held || this.#update !== undefined) return [];
    const epoch = this.#epochs.prepare(now);
    return this.#repeatedly([{ kind: "key-update", epoch }], now);
  }

  /** Makes keys anew, with new ephemeral ones; only the initiator of the handshake may begin. */
  rekey(now: Millis): readonly OutputBody[] {
    const busy = this.over || this.#held || this.#update !== undefined;
    if (busy || !this.#rekeying?.initiates) return [];
    this.#freshMs = now;
    return this.#repeatedly(this.#rekeying.begin(now), now);
  }

  /**
   * Makes the next keys, with a secret that both ends have by now. They are used once {@link
   * Channel.move} is called, at either end.
   * @returns their PRK_out.
   */
  agree(secret: Uint8Array, now: Millis): Uint8Array {
    this.#epochs.prepare(now, secret);
    const out = this.#epochs.nextOut;
    if (out === undefined) throw new InvariantError("there are no next keys");
    return out;
  }

  /** There is no login to wait for: keys change as they do elsewhere. */
  release(): void {
    this.#held = false;
  }

  /** The peer has shown who it is. */
  know(peer: Principal): void {
    this.#peer = peer;
  }

  /** Goes over to the keys agreed on, and says so until the peer has followed. */
  move(now: Millis): readonly OutputBody[] {
    if (this.over || !this.#held) return [];
    this.#advance(now);
    return this.#repeatedly([{ kind: "path-challenge", token: moveToken }], now);
  }

  #repeatedly(frames: readonly Frame[], now: Millis): readonly OutputBody[] {
    this.#update = { frames, tries: 0, againMs: now };
    return this.#send(this.#update, now);
  }

  #handle(frame: Frame, repeats: boolean, now: Millis): readonly OutputBody[] {
    const from = this.#peer;
    switch (frame.kind) {
      case "data":
      case "fragment":
      case "signature": {
        if (frame.kind === "fragment" && this.#defences.pieces) return [];
        return this.#inbox.accept(frame).flatMap((message) => delivered(message, from));
      }
      case "ack":
        return this.#acknowledged(frame);
      case "key-update":
        return this.#updated(frame.epoch, repeats, now);
      case "rekey":
        return this.#rekeyed(frame.body, repeats, now);
      case "path-challenge":
        return this.#records({ kind: "path-response", token: frame.token });
      case "path-response":
        if (this.#isMove(frame.token)) this.#update = undefined;
        return [];
      case "close":
        return this.#closed(frame.lastSent);
      case "close-ack":
        return this.#closing === undefined ? [] : this.#end();
      default:
        this.#above?.(frame);
        return [];
    }
  }

  /** Does the peer say that it has followed? What the server asks of addresses is not for us. */
  #isMove(token: Uint8Array): boolean {
    const isMoving = this.#update?.frames[0]?.kind === "path-challenge";
    return isMoving && equalBytes(token, moveToken);
  }

  #acknowledged(frame: AckFrame): readonly OutputBody[] {
    return this.#outbox.acknowledged(frame).map((message) => ({ kind: "confirm", message }));
  }

  /** The peer has new keys: under the old ones it asks us to follow, and we say that we did. */
  #updated(epoch: number, repeats: boolean, now: Millis): readonly OutputBody[] {
    const answer: Frame = { kind: "key-update", epoch };
    if (this.#held) return [];
    // Our answer got lost.
    if (repeats) return epoch === this.#epochs.number ? this.#records(answer) : [];
    // The keys that the peer will find under message_3 take precedence.
    if (epoch !== (this.#epochs.number + 1) % 256 || this.#rekeying?.proved) return [];
    this.#advance(now);
    return this.#records(answer);
  }

  #rekeyed(body: Uint8Array, repeats: boolean, now: Millis): readonly OutputBody[] {
    const answer = (): Frame => ({ kind: "key-update", epoch: this.#epochs.number });
    if (this.#held) return [];
    if (repeats) return this.#rekeying?.isRepeated(body) ? this.#records(answer()) : [];
    const { frames, secret } = this.#rekeying?.receive(body, now) ?? { frames: [] };
    if (secret === undefined) return this.#records(...frames);
    this.#epochs.prepare(now, secret);
    if (this.#rekeying?.initiates) return this.#repeatedly(frames, now);
    this.#advance(now);
    return this.#records(answer());
  }

  #advance(now: Millis): void {
    this.#epochs.advance(now);
    this.#held = false;
    // What the responder has not answered yet goes on, under the keys there are now.
    const isUnfinished = this.#rekeying?.initiates && this.#update?.frames[0]?.kind === "rekey";
    if (!isUnfinished || this.#rekeying?.proved) this.#update = undefined;
    this.#rekeying?.finish();
  }

  /** Nothing more will come. Whether all has come is known from the number of the last. */
  #closed(lastSent: number): readonly OutputBody[] {
    const arrived = this.#inbox.lastDelivered;
    const missing: OutputBody[] =
      lastSent <= arrived
        ? []
        : [{ kind: "log", line: `the last ${lastSent - arrived} messages did not arrive` }];
    return [...missing, ...this.#now({ kind: "close-ack" }), ...this.#end()];
  }

  #closeFrame(code: number): Frame {
    const [lastSent, lastReceived] = [this.#outbox.lastSent, this.#inbox.lastDelivered];
    return { kind: "close", lastSent, lastReceived, code };
  }

  /** What became of messages without acknowledgement is not known. */
  #end(): readonly OutputBody[] {
    this.over = true;
    this.#update = undefined;
    this.#closing = undefined;
    return this.#outbox.abandon().map((message) => ({ kind: "give-up", message }));
  }

  #flush(now: Millis): readonly OutputBody[] {
    const updating = this.#changing(now);
    const data = this.#records(...this.#outbox.due(now));
    if (!this.#outbox.gaveUp && !this.#epochs.exhausted) return [...updating, ...data];
    const last = this.#epochs.exhausted ? [] : this.#now(this.#closeFrame(closeCodes.gaveUp));
    return [...updating, ...data, ...last, ...this.#end()];
  }

  /** New keys, where it is time. */
  #changing(now: Millis, active = !this.#outbox.idle): readonly OutputBody[] {
    if (this.#held) return [];
    if (active && now - this.#freshMs >= rekeyAfterMs && this.#rekeying?.initiates) {
      return this.rekey(now);
    }
    const worn = active && this.#epochs.worn(now);
    return worn || this.#epochs.besieged ? this.update(now) : [];
  }

  #send(control: Control, now: Millis): readonly OutputBody[] {
    control.againMs = now + waitMs(++control.tries);
    // That a session ends can be seen anyway.
    return control === this.#closing
      ? this.#now(...control.frames)
      : this.#records(...control.frames);
  }

  /** Each frame in a record of its own; with cover traffic, when its turn comes. */
  #records(...frames: readonly Frame[]): readonly OutputBody[] {
    if (this.#cover === undefined) return this.#now(...frames);
    this.#cover.offer(frames);
    return [];
  }

  #now(...frames: readonly Frame[]): readonly OutputBody[] {
    return frames.flatMap((frame): readonly OutputBody[] =>
      this.#epochs.exhausted ? [] : [{ kind: "transmit", bytes: this.#epochs.seal([frame]) }],
    );
  }
}

function delivered({ message, evidence: bytes }: Message, from: Principal): readonly OutputBody[] {
  const delivery: OutputBody = { kind: "deliver", message, from };
  if (bytes === undefined) return [delivery];
  return [delivery, { kind: "claim", claim: { kind: "evidence", peer: from, message, bytes } }];
}

function rekeyAbout(
  about: ChannelOptions,
  setup: (now: Millis) => Setup,
  room: number,
): RekeyOptions {
  const { initiates = false, ownId, peerId, suite } = about;
  // The initiator of EDHOC sends under the identifier that the responder chose.
  const [cI, cR] = initiates ? [peerId, ownId] : [ownId, peerId];
  return { initiates, setup, suite, cI, cR, room };
}

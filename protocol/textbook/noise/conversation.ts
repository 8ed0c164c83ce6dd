/**
 * One end of one run: the handshake, with what the application has to say as its payloads, and the
 * transport after it.
 *
 * When it is this end's turn, the application may say one thing, which becomes the payload. If it
 * is silent for three seconds, the message goes without. An empty payload is no message; an empty
 * message waits for the transport, and all others behind it.
 */
import {
  type Address,
  type Env,
  type Millis,
  MisuseError,
  type OutputBody,
} from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import type { Part } from "../end.ts";
import { type Party, type Result, transmit } from "../party.ts";
import { HandshakeState } from "./handshake-state.ts";
import { Peer } from "./peer.ts";
import { ownPair, type Setting } from "./setting.ts";
import { Statements } from "./statements.ts";
import { Transport } from "./transport.ts";

const patienceMs = 3_000;
/** Both ends use the same one (Noise §6). */
const prologue = utf8("noise, between friends");
const nothing = new Uint8Array(0);

export class Conversation implements Party {
  /** Where the other end is; known once something of it was not discarded. */
  address: Address | undefined;
  readonly #env: Env;
  readonly #part: Part;
  readonly #setting: Setting;
  readonly #own: KeyPair | undefined;
  readonly #peer: Peer;
  readonly #statements: Statements;
  #handshake: HandshakeState | undefined;
  #transport: Transport | undefined;
  /** Until when the application may say what goes into the next message. */
  #until: Millis | undefined;
  /** Said when there was no message to carry it. */
  readonly #waiting: Uint8Array[] = [];

  /** @throws MisuseError if a key or the name of a peer is missing. */
  constructor(env: Env, part: Part, setting: Setting) {
    this.#env = env;
    this.#part = part;
    this.#setting = setting;
    this.#own = ownPair(setting, part, env.self);
    this.#peer = new Peer(env, part, setting);
    this.#statements = new Statements(setting.pattern, part);
  }

  get done(): boolean {
    return this.#transport !== undefined;
  }

  get deadline(): Millis | undefined {
    return this.#until;
  }

  start(now: Millis): readonly OutputBody[] {
    this.#handshake = this.#begin(this.#peer.expected());
    return this.#turn(this.#handshake, now);
  }

  timeout(): readonly OutputBody[] {
    return this.#handshake === undefined ? [] : this.#write(this.#handshake, nothing);
  }

  send(message: Uint8Array): readonly OutputBody[] {
    if (this.#transport?.maySend === true) return [transmit(this.#transport.write(message))];
    if (this.#transport !== undefined) throw new MisuseError("this end only listens");
    if (this.#until === undefined || message.length === 0) this.#waiting.push(message);
    if (this.#until === undefined || this.#handshake === undefined) return [];
    return this.#write(this.#handshake, message);
  }

  receive(bytes: Uint8Array, now: Millis, from: Address): Result {
    const result =
      this.#transport === undefined
        ? this.#read(bytes, now, from)
        : this.#data(this.#transport, bytes);
    if (typeof result !== "string") this.address = from;
    return result;
  }

  #begin(theirs: Uint8Array | undefined): HandshakeState {
    const { pattern } = this.#setting;
    const { crypto } = this.#env;
    const psk = (_: number, key: Uint8Array | undefined) => this.#peer.psk(key);
    const about = { crypto, pattern, part: this.#part, prologue, own: this.#own, theirs, psk };
    return HandshakeState.initialize(about);
  }

  #turn(handshake: HandshakeState, now: Millis): readonly OutputBody[] {
    if (this.#setting.sendsEarly && this.#waiting.length === 0) {
      this.#until = now + patienceMs;
      return [{ kind: "ready", messages: 1 }];
    }
    const isEmpty = this.#waiting[0]?.length === 0;
    return this.#write(handshake, isEmpty ? nothing : (this.#waiting.shift() ?? nothing));
  }

  #write(handshake: HandshakeState, payload: Uint8Array): readonly OutputBody[] {
    this.#until = undefined;
    const { state, bytes } = handshake.write(payload);
    this.#handshake = state;
    const said = this.#statements.writing(state, this.#peer.name);
    return [...said, transmit(bytes), ...(state.isComplete ? this.#finish(state) : [])];
  }

  #read(bytes: Uint8Array, now: Millis, from: Address): Result {
    const theirs = this.#peer.comesFrom(from);
    if (theirs === "unknown-peer") return theirs;
    const handshake = this.#handshake ?? this.#begin(theirs);
    const step = handshake.read(bytes);
    if (typeof step === "string") return step;
    const { state } = step;
    // Applications that wait do not listen either: attackers could speak in their place.
    if (!this.#setting.sendsEarly && step.bytes.length > 0) return "unexpected";
    if (!this.#peer.meet(state.theirStatic)) return "unknown-peer";
    this.#handshake = state;
    const said = this.#statements.reading(state, this.#peer.name);
    const heard = step.bytes.length === 0 ? [] : [this.#delivered(step.bytes)];
    const next = state.isComplete ? this.#finish(state) : this.#turn(state, now);
    return [...said, ...heard, ...next];
  }

  #data(transport: Transport, bytes: Uint8Array): Result {
    const text = transport.read(bytes);
    if (typeof text === "string") return text;
    const heard = this.#delivered(text);
    if (!this.#statements.isWaiting) return [heard];
    const said = this.#statements.proven(this.#peer.name);
    return [...said, heard, ...(this.#setting.sendsEarly ? [] : this.#ready(transport))];
  }

  /** To whom it is attributed if the peer is anonymous: see the head of noise.ts. */
  #delivered(message: Uint8Array): OutputBody {
    return { kind: "deliver", message, from: this.#peer.shownName };
  }

  #finish(state: HandshakeState): readonly OutputBody[] {
    const { pattern, sendsEarly, checksNonces } = this.#setting;
    const { crypto } = this.#env;
    const [first, second] = state.split();
    const back = pattern.oneWay ? undefined : second;
    const [send, receive] = this.#part === "initiator" ? [first, back] : [back, first];
    const transport = new Transport({ crypto, send, receive, checksNonces });
    this.#transport = transport;
    const keys = pattern.oneWay ? [first] : [first, second];
    const said = this.#statements.finishing(state, keys, this.#peer);
    const isReady = sendsEarly || !this.#statements.isWaiting;
    return [...said, ...(isReady ? this.#ready(transport) : [])];
  }

  #ready(transport: Transport): readonly OutputBody[] {
    if (!transport.maySend) return [];
    const late = this.#waiting.splice(0).map((message) => transmit(transport.write(message)));
    return [...late, { kind: "ready" }];
  }
}

/**
 * The client: one process, one session.
 *
 * opening → proving → open → over. In the first two, one datagram is repeated until it is
 * answered. An open client stays until nothing has happened for 30 s, so that the server can
 * repeat what it misses an acknowledgement for; then it says that it goes.
 */
import {
  type Endpoint,
  type Env,
  type Input,
  type Millis,
  MisuseError,
  type Output,
  type OutputBody,
  type RejectReason,
} from "../../endpoint.ts";
import { concat, equalBytes, utf8 } from "../../kit/bytes.ts";
import { Channel, maxTries, waitMs } from "./channel.ts";
import type { Defences } from "./defences.ts";
import { finished, openingMac, type Pair, running, type SessionKeys, sessionKeys } from "./keys.ts";
import * as wire from "./wire.ts";

const lingerMs = 30_000;

type State =
  | { readonly phase: "opening" | "over" }
  | { readonly phase: "proving"; readonly session: number; readonly keys: SessionKeys }
  | { readonly phase: "open"; readonly session: number; readonly channel: Channel };

export class Client implements Endpoint {
  readonly #env: Env;
  readonly #pair: Pair;
  readonly #defences: Defences;
  readonly #nonce: Uint8Array;
  #state: State = { phase: "opening" };
  /** What is repeated until it is answered, and how often it was sent. */
  #repeated: Uint8Array;
  #tries = 0;
  /** The last sign of life, given or received. */
  #lastMs: Millis = 0;

  constructor(env: Env, pair: Pair, defences: Defences) {
    this.#env = env;
    this.#pair = pair;
    this.#defences = defences;
    this.#nonce = env.crypto.random(wire.nonceBytes);
    const cookie = new Uint8Array(wire.cookieBytes);
    const client = utf8(pair.client);
    const terms = { client, nonce: this.#nonce, session: 0, time: 0, cookie };
    const body = wire.handshakeBody("hello", terms);
    this.#repeated = concat(body, this.#openingMac(body));
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (this.#state.phase === "over") return [];
    switch (input.kind) {
      case "start":
        return [this.#repeat(now)];
      case "send":
        return this.#send(input.message, now);
      case "datagram": {
        const datagram = wire.read(input.bytes, this.#defences);
        const result = typeof datagram === "string" ? datagram : this.#receive(datagram, now);
        return typeof result === "string" ? [{ kind: "reject", reason: result }] : result;
      }
      case "timeout":
        if ((this.deadline() ?? now) > now) return [];
        return this.#state.phase === "open"
          ? this.#openTimeout(this.#state.channel, now)
          : this.#unanswered(now);
      default:
        throw new MisuseError("preshared runs over datagrams");
    }
  }

  deadline(): Millis | undefined {
    if (this.#state.phase === "over") return undefined;
    if (this.#state.phase !== "open") return this.#lastMs + waitMs(this.#tries);
    return this.#state.channel.deadline() ?? this.#lastMs + lingerMs;
  }

  #openingMac(body: Uint8Array): Uint8Array {
    return openingMac(this.#env.crypto, this.#pair, body, this.#env.address);
  }

  #repeat(now: Millis): OutputBody {
    this.#tries++;
    this.#lastMs = now;
    return { kind: "transmit", bytes: this.#repeated };
  }

  #send(message: Uint8Array, now: Millis): readonly OutputBody[] {
    if (this.#state.phase !== "open") throw new MisuseError("there is no session yet");
    this.#lastMs = now;
    return this.#state.channel.send(message, now);
  }

  #receive(
    datagram: wire.Handshake | wire.SealedRecord,
    now: Millis,
  ): readonly OutputBody[] | RejectReason {
    switch (datagram.kind) {
      case "challenge":
        return this.#challenged(datagram, now);
      case "welcome":
        return this.#welcomed(datagram, now);
      case "data":
      case "ack": {
        if (this.#state.phase !== "open") return "unexpected";
        if (datagram.session !== this.#state.session) return "unknown-peer";
        const result = this.#state.channel.receive(datagram, now);
        if (typeof result !== "string") this.#lastMs = now;
        return result;
      }
      default:
        return "unexpected";
    }
  }

  /** Only the first challenge counts: the server may have accepted the proof made for it. */
  #challenged(challenge: wire.Handshake, now: Millis): readonly OutputBody[] | RejectReason {
    if (this.#state.phase !== "opening") return "unexpected";
    if (!equalBytes(challenge.nonce, this.#nonce)) return "stale";
    const { crypto } = this.#env;
    if (!crypto.equal(this.#openingMac(challenge.body), challenge.mac)) return "bad-tag";
    const body = wire.handshakeBody("proof", challenge);
    const keys = sessionKeys(crypto, this.#pair, body, this.#defences);
    this.#state = { phase: "proving", session: challenge.session, keys };
    this.#repeated = concat(body, crypto.hmac("sha256", keys.confirm, body));
    this.#tries = 0;
    return [running(this.#pair.server, keys), this.#repeat(now)];
  }

  #welcomed({ body, mac }: wire.Handshake, now: Millis): readonly OutputBody[] | RejectReason {
    if (this.#state.phase !== "proving") return "unexpected";
    const { session, keys } = this.#state;
    const { crypto } = this.#env;
    const confirmed = crypto.equal(crypto.hmac("sha256", keys.confirm, body), mac);
    if (!confirmed && this.#defences.confirmation) return "bad-tag";
    const peer = this.#pair.server;
    const ends = { send: keys.toServer, receive: keys.toClient };
    const channel = new Channel({ crypto, defences: this.#defences, peer, session, ...ends });
    this.#state = { phase: "open", session, channel };
    this.#lastMs = now;
    return finished(peer, keys);
  }

  #unanswered(now: Millis): readonly OutputBody[] {
    if (this.#tries < maxTries(this.#defences)) return [this.#repeat(now)];
    this.#state = { phase: "over" };
    return [{ kind: "exit", ok: false, because: "the server does not answer" }];
  }

  #openTimeout(channel: Channel, now: Millis): readonly OutputBody[] {
    const ok = channel.idle;
    const outputs = ok ? channel.close() : channel.expire(now);
    if (!channel.over) return outputs;
    this.#state = { phase: "over" };
    const because = ok ? "nothing is left to do" : "messages were not acknowledged";
    return [...outputs, { kind: "exit", ok, because }];
  }
}

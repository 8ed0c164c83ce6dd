/**
 * The client: one process, one session.
 *
 * opening → proving → open → over. In the first two, one datagram is repeated until it is
 * answered. An open client stays until nothing has happened for 30 s, so that the server can
 * repeat what it misses an acknowledgement for, and then says that it goes.
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
import { openingMac, type Pair, type SessionKeys, sessionKeys } from "./keys.ts";
import { type Datagram, helloBody, nonceBytes, proofBody, read } from "./wire.ts";

const lingerMs = 30_000;

type State =
  | { readonly phase: "opening" }
  | { readonly phase: "proving"; readonly session: number; readonly keys: SessionKeys }
  | { readonly phase: "open"; readonly session: number; readonly channel: Channel }
  | { readonly phase: "over" };

export class Client implements Endpoint {
  readonly #env: Env;
  readonly #pair: Pair;
  readonly #defences: Defences;
  readonly #hello: { readonly client: Uint8Array; readonly nonce: Uint8Array };
  #state: State = { phase: "opening" };
  /** What is repeated until it is answered, how often it was sent, and when it is due again. */
  #repeated: Uint8Array = new Uint8Array(0);
  #tries = 0;
  #dueMs: Millis | undefined;
  #lastMs: Millis = 0;

  constructor(env: Env, pair: Pair, defences: Defences) {
    this.#env = env;
    this.#pair = pair;
    this.#defences = defences;
    this.#hello = { client: utf8(pair.client), nonce: env.crypto.random(nonceBytes) };
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (this.#state.phase === "over") return [];
    switch (input.kind) {
      case "start": {
        const body = helloBody(this.#hello);
        return [this.#repeat(concat(body, this.#openingMac(body)), now)];
      }
      case "send":
        return this.#send(input.message, now);
      case "datagram": {
        const datagram = read(input.bytes, this.#defences);
        const result = typeof datagram === "string" ? datagram : this.#datagram(datagram, now);
        return typeof result === "string" ? [{ kind: "reject", reason: result }] : result;
      }
      case "timeout":
        return this.#timeout(now);
      default:
        throw new MisuseError("preshared runs over datagrams");
    }
  }

  deadline(): Millis | undefined {
    if (this.#state.phase !== "open") return this.#dueMs;
    return this.#state.channel.deadline() ?? this.#lastMs + lingerMs;
  }

  #openingMac(body: Uint8Array): Uint8Array {
    return openingMac(this.#env.crypto, this.#pair, body, this.#env.address);
  }

  #repeat(bytes: Uint8Array, now: Millis): OutputBody {
    this.#tries = bytes === this.#repeated ? this.#tries + 1 : 1;
    this.#repeated = bytes;
    this.#dueMs = now + waitMs(this.#tries);
    return { kind: "transmit", bytes };
  }

  #send(message: Uint8Array, now: Millis): readonly OutputBody[] {
    if (this.#state.phase !== "open") throw new MisuseError("there is no session yet");
    this.#lastMs = now;
    return this.#state.channel.send(message, now);
  }

  #datagram(datagram: Datagram, now: Millis): readonly OutputBody[] | RejectReason {
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
  #challenged(
    challenge: Datagram & { kind: "challenge" },
    now: Millis,
  ): readonly OutputBody[] | RejectReason {
    if (this.#state.phase !== "opening") return "unexpected";
    if (!equalBytes(challenge.nonce, this.#hello.nonce)) return "stale";
    const { crypto } = this.#env;
    if (!crypto.equal(this.#openingMac(challenge.body), challenge.mac)) return "bad-tag";
    const keys = sessionKeys(crypto, this.#pair, challenge, this.#defences);
    const body = proofBody({ ...challenge, ...this.#hello });
    const proof = concat(body, crypto.hmac("sha256", keys.confirm, body));
    this.#state = { phase: "proving", session: challenge.session, keys };
    return [
      { kind: "claim", claim: { kind: "running", peer: this.#pair.server, agreed: keys.secret } },
      this.#repeat(proof, now),
    ];
  }

  #welcomed(
    welcome: Datagram & { kind: "welcome" },
    now: Millis,
  ): readonly OutputBody[] | RejectReason {
    if (this.#state.phase === "open") return "replayed";
    if (this.#state.phase !== "proving") return "unexpected";
    const { crypto } = this.#env;
    const { session, keys } = this.#state;
    if (!crypto.equal(crypto.hmac("sha256", keys.confirm, welcome.body), welcome.mac)) {
      return "bad-tag";
    }
    const peer = this.#pair.server;
    const channel = new Channel(
      { crypto, defences: this.#defences, peer, session },
      { send: keys.toServer, receive: keys.toClient },
    );
    this.#state = { phase: "open", session, channel };
    this.#lastMs = now;
    return [
      { kind: "claim", claim: { kind: "commit", peer, agreed: keys.secret } },
      { kind: "claim", claim: { kind: "secret", peer, value: keys.secret } },
      { kind: "ready" },
    ];
  }

  #timeout(now: Millis): readonly OutputBody[] {
    if ((this.deadline() ?? Number.POSITIVE_INFINITY) > now) return [];
    if (this.#state.phase === "open") return this.#openTimeout(this.#state.channel, now);
    if (this.#tries < maxTries(this.#defences)) return [this.#repeat(this.#repeated, now)];
    this.#state = { phase: "over" };
    this.#dueMs = undefined;
    return [{ kind: "exit", ok: false, because: "the server does not answer" }];
  }

  #openTimeout(channel: Channel, now: Millis): readonly OutputBody[] {
    const idle = channel.idle;
    const outputs = idle ? [channel.close()] : channel.expire(now);
    if (!idle && !channel.over) return outputs;
    this.#state = { phase: "over" };
    this.#dueMs = undefined;
    const because = "messages were not acknowledged";
    return [...outputs, idle ? { kind: "exit", ok: true } : { kind: "exit", ok: false, because }];
  }
}

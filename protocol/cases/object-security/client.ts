/**
 * The client: one process, one session. It too takes datagrams from anywhere.
 *
 * | state     | input          | what it does; next state                                     |
 * |-----------|----------------|--------------------------------------------------------------|
 * | –         | start          | greeting; `point`                                            |
 * | `point`   | any datagram   | own point, before a look at the other; `asleep`              |
 * | `asleep`  | a second later | key, user name, password; `status`                           |
 * | `status`  | two datagrams  | prints them; `writing` if they say so, otherwise exit        |
 * | `writing` | send           | message; exit, or `writing` again with `loop=true`           |
 *
 * The second of sleep is kept: an end that was sent an invalid point answers with its own point
 * first and crashes only then. The user types at once.
 *
 * With `keys=signed` it waits after `asleep` for the server's signature over both points, in
 * `signature`. With `errors=discard` it keeps several points for the server's until it knows, and
 * what is none is discarded at once.
 */
import {
  type Credential,
  type Endpoint,
  type Env,
  type Input,
  type Millis,
  MisuseError,
  type Output,
  type Principal,
} from "../../endpoint.ts";
import { equalBytes, lossyText } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import { type Channel, channelOf } from "./channel.ts";
import { curve, sessionKey, signedPoints, Uncaught } from "./handshake.ts";
import {
  fullGreeting,
  greeting,
  loginGranted,
  mostTextBytes,
  printed,
  type Settings,
} from "./settings.ts";

type State = "point" | "asleep" | "signature" | "status" | "writing" | "ended";

const sleepMs: Millis = 1000;
const mostPoints = 4;

/** What a client knows before it starts. */
export interface KnownPeer {
  readonly settings: Settings;
  readonly account: Credential;
  readonly server: Principal;
  /** Of the server, with `keys=signed`. */
  readonly verifyingKey?: Uint8Array;
}

export class Client implements Endpoint {
  readonly #env: Env;
  readonly #known: KnownPeer;
  #state: State = "point";
  /** The socket's buffer: what arrived and was not yet asked for. */
  readonly #inbox: Uint8Array[] = [];
  #wakeMs: Millis | undefined;
  #pair: KeyPair | undefined;
  /** What came in the place of the server's point: one, but with `errors=discard`. */
  #points: readonly Uint8Array[] = [];
  #key: Uint8Array = new Uint8Array(0);
  #channel: Channel | undefined;

  constructor(env: Env, known: KnownPeer) {
    this.#env = env;
    this.#known = known;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    switch (input.kind) {
      case "start":
        return [
          log("starting"),
          log("up"),
          {
            kind: "transmit",
            bytes: this.#known.settings.fullGreeting ? fullGreeting : greeting,
          },
          log(`sent to the server: ${lossyText(greeting)}`),
          log("starting the handshake"),
          // The original, too, says so before it waits for the key.
          log("received the server's public key"),
        ];
      case "datagram":
        this.#inbox.push(input.bytes);
        return this.#read(now);
      case "timeout":
        this.#wakeMs = undefined;
        return this.#state === "asleep" ? this.#wake(now) : this.#read(now);
      case "send":
        return this.#send(input.message);
      default:
        throw new MisuseError(`a client takes no ${input.kind}`);
    }
  }

  deadline(): Millis | undefined {
    return this.#wakeMs;
  }

  /** Takes datagrams for as long as the program would call `recvfrom`. */
  #read(now: Millis): readonly Output[] {
    const outputs: Output[] = [];
    while (["point", "signature", "status"].includes(this.#state)) {
      const before = this.#state;
      const bytes = this.#inbox.shift();
      if (bytes === undefined) break;
      outputs.push(...this.#checked(bytes, now));
      // What follows a login is read in a step of its own; see below.
      if (before === "signature" && this.#state === "status") break;
    }
    return outputs;
  }

  /** With `errors=discard` what would end the program is dropped instead. */
  #checked(bytes: Uint8Array, now: Millis): readonly Output[] {
    if (!this.#known.settings.discards) return this.#take(bytes, now);
    try {
      return this.#take(bytes, now);
    } catch (error) {
      if (error instanceof Uncaught) return [{ kind: "reject", reason: "malformed" }];
      throw error;
    }
  }

  #take(bytes: Uint8Array, now: Millis): readonly Output[] {
    if (this.#state === "point") return this.#onPoint(bytes, now);
    return this.#state === "signature" ? this.#onSignature(bytes, now) : this.#onStatus(bytes);
  }

  #onPoint(bytes: Uint8Array, now: Millis): readonly Output[] {
    const { crypto } = this.#env;
    const { settings, server } = this.#known;
    this.#pair ??= crypto.keyPair(curve);
    if (settings.discards) sessionKey(crypto, this.#pair.privateKey, bytes);
    this.#points = [bytes];
    this.#state = "asleep";
    this.#wakeMs = now + sleepMs;
    return [
      log("sent own public key"),
      { kind: "claim", claim: { kind: "running", peer: server } },
      { kind: "transmit", bytes: this.#pair.publicKey },
    ];
  }

  #wake(now: Millis): readonly Output[] {
    if (!this.#known.settings.signed) return this.#logIn(this.#points[0], now);
    this.#state = "signature";
    return this.#read(now);
  }

  #onSignature(bytes: Uint8Array, now: Millis): readonly Output[] {
    const { crypto } = this.#env;
    const { settings, verifyingKey } = this.#known;
    const { publicKey, privateKey } = this.#pair ?? { publicKey: bytes, privateKey: bytes };
    const point = this.#points.find(
      (one) => verifyingKey && crypto.verify(verifyingKey, signedPoints(one, publicKey), bytes),
    );
    if (point !== undefined) return this.#logIn(point, now);
    if (!settings.discards || this.#points.length >= mostPoints) {
      throw new Uncaught("InvalidSignature");
    }
    sessionKey(crypto, privateKey, bytes);
    this.#points = [...this.#points, bytes];
    return [log("one more public key")];
  }

  #logIn(point: Uint8Array | undefined, now: Millis): readonly Output[] {
    const { crypto } = this.#env;
    const { settings, account, server } = this.#known;
    const { privateKey } = this.#pair ?? { privateKey: this.#key };
    this.#key = sessionKey(crypto, privateKey, point ?? this.#key);
    this.#channel = channelOf(crypto, settings, this.#key, "client");
    this.#state = "status";
    // What came during the sleep is read at once, but in a step of its own: should it crash the
    // client, then only after the password has left.
    if (this.#inbox.length > 0) this.#wakeMs = now;
    return [
      log("computing the shared key"),
      log("deriving the session key"),
      { kind: "claim", claim: { kind: "secret", peer: server, value: this.#key } },
      log("handshake done"),
      { kind: "submit", message: account.user, purpose: "login" },
      ...this.#seal(account.user),
      { kind: "submit", message: account.password, purpose: "login" },
      ...this.#seal(account.password),
    ];
  }

  #onStatus(bytes: Uint8Array): readonly Output[] {
    const { settings, server } = this.#known;
    const status = this.#channel?.read(bytes);
    if (status === undefined) return [];
    const shown: readonly Output[] = [
      { kind: "deliver", message: status, from: server, purpose: "login" },
      log(`[SERVER]: ${printed(settings, lossyText(status))}`),
    ];
    if (!equalBytes(status, loginGranted)) {
      this.#state = "ended";
      return [...shown, { kind: "exit", ok: false, because: "login refused" }];
    }
    this.#state = "writing";
    return [
      ...shown,
      { kind: "claim", claim: { kind: "commit", peer: server, agreed: this.#key } },
      this.#ready(),
    ];
  }

  #ready(): Output {
    return this.#known.settings.loop ? { kind: "ready" } : { kind: "ready", messages: 1 };
  }

  /** Any length: nothing tells the user that a receiver keeps only 64 bytes of a datagram. */
  #send(message: Uint8Array): readonly Output[] {
    const { settings } = this.#known;
    if (this.#state !== "writing") throw new MisuseError("not logged in");
    if (settings.refusesLong && message.length > mostTextBytes) {
      const refused = [log("too long, not sent"), { kind: "give-up", message } as const];
      return settings.loop ? refused : [...refused, this.#ready()];
    }
    const sent = this.#seal(message);
    if (settings.loop) return sent;
    this.#state = "ended";
    return [...sent, { kind: "exit", ok: true }];
  }

  #seal(message: Uint8Array): readonly Output[] {
    const datagrams = this.#channel?.seal(message) ?? [];
    return datagrams.map((bytes) => ({ kind: "transmit", bytes }) as const);
  }
}

const log = (line: string): Output => ({ kind: "log", line });

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
 * The second of sleep is kept: an end that was sent rubbish for a point answers with its own
 * point first and crashes only then. The user types at once.
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
import { curve, sessionKey } from "./handshake.ts";
import { PairReader, sealPair } from "./pair.ts";
import { greeting, loginGranted, type Settings } from "./settings.ts";

type State = "point" | "asleep" | "status" | "writing" | "ended";

const sleepMs: Millis = 1000;

export class Client implements Endpoint {
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #account: Credential;
  readonly #server: Principal;
  #state: State = "point";
  /** The socket's buffer: what arrived and was not yet asked for. */
  readonly #inbox: Uint8Array[] = [];
  #wakeMs: Millis | undefined;
  #privateKey: Uint8Array = new Uint8Array(0);
  #serverPoint: Uint8Array = new Uint8Array(0);
  #key: Uint8Array = new Uint8Array(0);
  #pairs: PairReader | undefined;

  constructor(env: Env, settings: Settings, account: Credential, server: Principal) {
    this.#env = env;
    this.#settings = settings;
    this.#account = account;
    this.#server = server;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    switch (input.kind) {
      case "start":
        return [
          log("starting"),
          log("up"),
          { kind: "transmit", bytes: greeting },
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
        return this.#state === "asleep" ? this.#logIn(now) : this.#read(now);
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
    while (this.#state === "point" || this.#state === "status") {
      const bytes = this.#inbox.shift();
      if (bytes === undefined) break;
      outputs.push(...(this.#state === "point" ? this.#onPoint(bytes, now) : this.#onPair(bytes)));
    }
    return outputs;
  }

  #onPoint(bytes: Uint8Array, now: Millis): readonly Output[] {
    const pair = this.#env.crypto.keyPair(curve);
    this.#privateKey = pair.privateKey;
    this.#serverPoint = bytes;
    this.#state = "asleep";
    this.#wakeMs = now + sleepMs;
    return [
      log("sent own public key"),
      { kind: "claim", claim: { kind: "running", peer: this.#server } },
      { kind: "transmit", bytes: pair.publicKey },
    ];
  }

  #logIn(now: Millis): readonly Output[] {
    const { crypto } = this.#env;
    this.#key = sessionKey(crypto, this.#privateKey, this.#serverPoint);
    this.#pairs = new PairReader(crypto, this.#settings.mode, this.#key);
    this.#state = "status";
    // What came during the sleep is read at once, but in a step of its own: should it crash the
    // client, then only after the password has left.
    if (this.#inbox.length > 0) this.#wakeMs = now;
    return [
      log("computing the shared key"),
      log("deriving the session key"),
      { kind: "claim", claim: { kind: "secret", peer: this.#server, value: this.#key } },
      log("handshake done"),
      { kind: "submit", message: this.#account.user, purpose: "login" },
      ...this.#seal(this.#account.user),
      { kind: "submit", message: this.#account.password, purpose: "login" },
      ...this.#seal(this.#account.password),
    ];
  }

  #onPair(bytes: Uint8Array): readonly Output[] {
    const status = this.#pairs?.read(bytes);
    if (status === undefined) return [];
    const printed: readonly Output[] = [
      { kind: "deliver", message: status, from: this.#server, purpose: "login" },
      log(`[SERVER]: ${lossyText(status)}`),
    ];
    if (!equalBytes(status, loginGranted)) {
      this.#state = "ended";
      return [...printed, { kind: "exit", ok: false, because: "login refused" }];
    }
    this.#state = "writing";
    return [
      ...printed,
      { kind: "claim", claim: { kind: "commit", peer: this.#server, agreed: this.#key } },
      this.#settings.loop ? { kind: "ready" } : { kind: "ready", messages: 1 },
    ];
  }

  /** Any length: nothing tells the user that a receiver keeps only 64 bytes of a datagram. */
  #send(message: Uint8Array): readonly Output[] {
    if (this.#state !== "writing") throw new MisuseError("not logged in");
    const sent = this.#seal(message);
    if (this.#settings.loop) return sent;
    this.#state = "ended";
    return [...sent, { kind: "exit", ok: true }];
  }

  #seal(message: Uint8Array): readonly Output[] {
    const pair = sealPair(this.#env.crypto, this.#settings.mode, this.#key, message);
    return pair.map((bytes) => ({ kind: "transmit", bytes }) as const);
  }
}

const log = (line: string): Output => ({ kind: "log", line });

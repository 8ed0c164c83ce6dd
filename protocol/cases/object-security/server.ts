/**
 * The server. It takes datagrams one by one, from anywhere, each for what should come next:
 *
 * | waiting for  | what comes next, on any datagram                                  |
 * |--------------|-------------------------------------------------------------------|
 * | `hello`      | its sender becomes "the client"; own point to it; `point`         |
 * | `point`      | key; `user-name`                                                  |
 * | `user-name`  | two datagrams; `password`                                         |
 * | `password`   | two datagrams; reply; `payload` if both are right, otherwise exit |
 * | `payload`    | two datagrams; print; exit, or `payload` again with `loop=true`   |
 *
 * The original sleeps a second before and a second after it sends its point. Datagrams that come
 * meanwhile wait in the socket's buffer and are taken in the same order, so that no sleep is
 * modelled here.
 */
import {
  type Address,
  type Credential,
  type Endpoint,
  type Env,
  type Input,
  MisuseError,
  type Output,
  type OutputBody,
} from "../../endpoint.ts";
import { lossyText, text } from "../../kit/bytes.ts";
import { curve, sessionKey } from "./handshake.ts";
import { PairReader, sealPair } from "./pair.ts";
import { loginGranted, loginRefused, type Settings } from "./settings.ts";

type Slot = "hello" | "point" | "user-name" | "password" | "payload" | "ended";

export class Server implements Endpoint {
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #account: Credential;
  #slot: Slot = "hello";
  /** Where the first datagram came from. All that follows is ascribed to it. */
  #client: Address = "";
  #privateKey: Uint8Array = new Uint8Array(0);
  #key: Uint8Array = new Uint8Array(0);
  #pairs: PairReader | undefined;
  #userName: Uint8Array = new Uint8Array(0);

  constructor(env: Env, settings: Settings, account: Credential) {
    this.#env = env;
    this.#settings = settings;
    this.#account = account;
  }

  handle(input: Input): readonly Output[] {
    if (input.kind === "start") return [log("starting"), log("up, waiting for a client")];
    if (input.kind !== "datagram") throw new MisuseError(`a server takes no ${input.kind}`);
    const outputs = this.#take(input.bytes, input.from);
    // The label keeps the session in one piece, however many senders its datagrams have.
    return outputs.map((output) => ({ ...output, session: this.#client }));
  }

  /** One slot for one client, and any stranger's first datagram takes it. */
  stateSize(): number {
    return ["point", "user-name", "password"].includes(this.#slot) ? 1 : 0;
  }

  #take(bytes: Uint8Array, from: Address): readonly OutputBody[] {
    if (this.#slot === "ended") return [];
    if (this.#slot === "hello") return this.#onHello(bytes, from);
    if (this.#pairs === undefined) return this.#onPoint(bytes);
    const message = this.#pairs.read(bytes);
    if (message === undefined) return [];
    if (this.#slot === "user-name") return this.#onUserName(message);
    if (this.#slot === "password") return this.#onPassword(message);
    return this.#onPayload(message);
  }

  #onHello(bytes: Uint8Array, from: Address): readonly OutputBody[] {
    const greeting = text(bytes);
    if (greeting === undefined) throw new Error("UnicodeDecodeError: the greeting is not UTF-8");
    const pair = this.#env.crypto.keyPair(curve);
    this.#client = from;
    this.#privateKey = pair.privateKey;
    this.#slot = "point";
    return [
      // Any text is a greeting, and it is printed as it came, line breaks included.
      log(`[${from}]: ${greeting}`),
      log("starting the handshake"),
      log("sent own public key"),
      { kind: "claim", claim: { kind: "running", peer: this.#account.principal } },
      { kind: "transmit", bytes: pair.publicKey, to: from },
      // The original, too, says so before it waits for the key.
      log("received the client's public key"),
    ];
  }

  #onPoint(bytes: Uint8Array): readonly OutputBody[] {
    this.#key = sessionKey(this.#env.crypto, this.#privateKey, bytes);
    this.#pairs = new PairReader(this.#env.crypto, this.#settings.mode, this.#key);
    this.#slot = "user-name";
    const peer = this.#account.principal;
    return [
      log("computing the shared key"),
      log("deriving the session key"),
      { kind: "claim", claim: { kind: "secret", peer, value: this.#key } },
      log("handshake done"),
    ];
  }

  #onUserName(message: Uint8Array): readonly OutputBody[] {
    this.#userName = message;
    this.#slot = "password";
    return [];
  }

  #onPassword(password: Uint8Array): readonly OutputBody[] {
    const { crypto } = this.#env;
    const { principal, user, password: expected } = this.#account;
    if (!(crypto.equal(this.#userName, user) && crypto.equal(password, expected))) {
      this.#slot = "ended";
      return [
        ...this.#reply(loginRefused),
        log(`${this.#client} unsuccessfully authenticated`),
        { kind: "exit", ok: false, because: "login refused" },
      ];
    }
    this.#slot = "payload";
    return [
      { kind: "deliver", message: this.#userName, from: principal, purpose: "login" },
      { kind: "deliver", message: password, from: principal, purpose: "login" },
      { kind: "claim", claim: { kind: "commit", peer: principal, agreed: this.#key } },
      ...this.#reply(loginGranted),
      log(`${this.#client} successfully authenticated`),
    ];
  }

  #reply(status: Uint8Array): readonly OutputBody[] {
    const pair = sealPair(this.#env.crypto, this.#settings.mode, this.#key, status);
    return [
      { kind: "submit", message: status, purpose: "login" },
      ...pair.map((bytes) => ({ kind: "transmit", bytes, to: this.#client }) as const),
    ];
  }

  #onPayload(message: Uint8Array): readonly OutputBody[] {
    const accepted: readonly OutputBody[] = [
      { kind: "deliver", message, from: this.#account.principal },
      // Whoever sent it, the log names the sender of the first datagram.
      log(`[${this.#client}]: ${lossyText(message)}`),
    ];
    if (this.#settings.loop) return accepted;
    this.#slot = "ended";
    return [...accepted, { kind: "exit", ok: true }];
  }
}

const log = (line: string): OutputBody => ({ kind: "log", line });

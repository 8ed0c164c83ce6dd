/**
 * What the server has with one client. It takes datagrams one by one, each for what should come
 * next:
 *
 * | waiting for  | what comes next, on any datagram                                  |
 * |--------------|-------------------------------------------------------------------|
 * | `hello`      | its sender becomes "the client"; own point to it; `point`         |
 * | `point`      | key; `user-name`                                                  |
 * | `user-name`  | two datagrams; `password`                                         |
 * | `password`   | two datagrams; reply; `payload` if both are right, otherwise exit |
 * | `payload`    | two datagrams; print; exit, or `payload` again with `loop=true`   |
 *
 * With `errors=discard` a point from a spoofed address does not count for more than the genuine
 * one: several are kept until a text can be read under the key of one of them.
 */
import type { Address, Credential, Env, OutputBody } from "../../endpoint.ts";
import { equalBytes, lossyText, text } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import { type Channel, channelOf } from "./channel.ts";
import { curve, sessionKey, signedPoints, Uncaught } from "./handshake.ts";
import {
  fullGreeting,
  greeting as hello,
  loginGranted,
  loginRefused,
  printed,
  type Settings,
} from "./settings.ts";

type Slot = "hello" | "point" | "user-name" | "password" | "payload" | "ended";

/** What a server knows before it starts. */
export interface Installation {
  readonly settings: Settings;
  readonly account: Credential;
  /** With `keys=signed`. */
  readonly signingKey?: KeyPair;
}

/** A point that came in the client's name, and what follows from it. */
interface Candidate {
  readonly point: Uint8Array;
  readonly key: Uint8Array;
  readonly channel: Channel;
}

const mostCandidates = 4;
/** How many texts in a row may be lost with `errors=discard`. */
const mostLost = 16;

export class Conversation {
  readonly #env: Env;
  readonly #installation: Installation;
  #slot: Slot = "hello";
  /** Where the first datagram came from. All that follows is ascribed to it. */
  client: Address = "";
  #pair: KeyPair | undefined;
  #candidates: readonly Candidate[] = [];
  #userName: Uint8Array = new Uint8Array(0);

  constructor(env: Env, installation: Installation) {
    this.#env = env;
    this.#installation = installation;
  }

  get ended(): boolean {
    return this.#slot === "ended";
  }

  /** Has it begun, and not been logged on to? */
  get pending(): boolean {
    return ["point", "user-name", "password"].includes(this.#slot);
  }

  /** @throws Uncaught for whatever cannot be used; then the state is as it was. */
  take(bytes: Uint8Array, from: Address): readonly OutputBody[] {
    if (this.#slot === "ended") return [];
    if (this.#slot === "hello") return this.#onHello(bytes, from);
    const again = this.#onHelloAgain(bytes);
    if (again !== undefined) return again;
    if (this.#slot === "point") return this.#onPoint(bytes);
    const opened = this.#read(bytes);
    if (opened === "point") return this.#onPoint(bytes);
    if (opened === undefined) return [];
    return [...this.#chosen(opened.candidate), ...this.#onText(opened.message)];
  }

  // --- the handshake ---------------------------------------------------------------------------

  #onHello(bytes: Uint8Array, from: Address): readonly OutputBody[] {
    const { settings, account } = this.#installation;
    const greeting = text(bytes);
    if (greeting === undefined) throw new Uncaught("UnicodeDecodeError: the greeting is not UTF-8");
    if (settings.fullGreeting && !equalBytes(bytes, fullGreeting)) {
      throw new Uncaught("not a greeting");
    }
    const pair = this.#env.crypto.keyPair(curve);
    this.client = from;
    this.#pair = pair;
    this.#slot = "point";
    return [
      // Any text is a greeting, and it is printed as it came, line breaks included.
      log(`[${from}]: ${printed(settings, settings.fullGreeting ? lossyText(hello) : greeting)}`),
      log("starting the handshake"),
      log("sent own public key"),
      { kind: "claim", claim: { kind: "running", peer: account.principal } },
      { kind: "transmit", bytes: pair.publicKey, to: from },
      // The original, too, says so before it waits for the key.
      log("received the client's public key"),
    ];
  }

  /** With `errors=discard`: the same answer as before. */
  #onHelloAgain(bytes: Uint8Array): readonly OutputBody[] | undefined {
    const { discards, fullGreeting: full } = this.#installation.settings;
    const waits = this.#slot === "point" || this.#slot === "user-name";
    if (!discards || !waits || !equalBytes(bytes, full ? fullGreeting : hello)) return undefined;
    const point = this.#pair?.publicKey;
    return point && [{ kind: "transmit", bytes: point, to: this.client }];
  }

  #onPoint(bytes: Uint8Array): readonly OutputBody[] {
    const { settings, signingKey } = this.#installation;
    const { crypto } = this.#env;
    const { privateKey, publicKey } = this.#pair ?? { privateKey: bytes, publicKey: bytes };
    const key = sessionKey(crypto, privateKey, bytes);
    const channel = channelOf(crypto, settings, key, "server");
    this.#candidates = [...this.#candidates, { point: bytes.slice(), key, channel }];
    this.#slot = "user-name";
    const signature =
      signingKey && crypto.sign(signingKey.privateKey, signedPoints(publicKey, bytes));
    return [
      log("computing the shared key"),
      log("deriving the session key"),
      ...(settings.discards ? [] : [this.#secret(key)]),
      log("handshake done"),
      ...(signature === undefined
        ? []
        : [{ kind: "transmit", bytes: signature, to: this.client } as const]),
    ];
  }

  #secret(value: Uint8Array): OutputBody {
    const peer = this.#installation.account.principal;
    return { kind: "claim", claim: { kind: "secret", peer, value } };
  }

  /** @returns `point` if it is one more of them, `undefined` if another datagram is needed. */
  #read(bytes: Uint8Array) {
    const { discards } = this.#installation.settings;
    const skips = discards && this.#slot === "payload" ? mostLost : 0;
    let error: Uncaught | undefined;
    let half = false;
    for (const candidate of this.#candidates) {
      try {
        const message = candidate.channel.read(bytes, skips);
        if (message !== undefined) return { candidate, message };
        half = true;
      } catch (thrown) {
        if (!(thrown instanceof Uncaught)) throw thrown;
        error = thrown;
      }
    }
    if (discards && this.#isAnotherPoint(bytes)) return "point";
    if (!half && error !== undefined) throw error;
    return undefined;
  }

  #isAnotherPoint(bytes: Uint8Array): boolean {
    if (this.#slot !== "user-name" || this.#candidates.length >= mostCandidates) return false;
    if (this.#candidates.some(({ point }) => equalBytes(point, bytes))) return false;
    const { privateKey } = this.#pair ?? { privateKey: bytes };
    return this.#env.crypto.sharedSecret(curve, privateKey, bytes) !== undefined;
  }

  /** From here on it is known which point is the client's. */
  #chosen(candidate: Candidate): readonly OutputBody[] {
    const first = this.#slot === "user-name";
    this.#candidates = [candidate];
    return first && this.#installation.settings.discards ? [this.#secret(candidate.key)] : [];
  }

  // --- texts -----------------------------------------------------------------------------------

  #onText(message: Uint8Array): readonly OutputBody[] {
    if (this.#slot === "user-name") return this.#onUserName(message);
    if (this.#slot === "password") return this.#onPassword(message);
    return this.#onPayload(message);
  }

  #onUserName(message: Uint8Array): readonly OutputBody[] {
    this.#userName = message;
    this.#slot = "password";
    return [];
  }

  #onPassword(password: Uint8Array): readonly OutputBody[] {
    const { crypto } = this.#env;
    const { settings, account } = this.#installation;
    const { principal, user, password: expected } = account;
    if (!(crypto.equal(this.#userName, user) && crypto.equal(password, expected))) {
      this.#slot = "ended";
      return [
        ...this.#reply(loginRefused),
        log(`${this.client} unsuccessfully authenticated`),
        ...(settings.discards
          ? []
          : [{ kind: "exit", ok: false, because: "login refused" } as const]),
      ];
    }
    this.#slot = "payload";
    const agreed = this.#candidates[0]?.key ?? new Uint8Array(0);
    return [
      { kind: "deliver", message: this.#userName, from: principal, purpose: "login" },
      { kind: "deliver", message: password, from: principal, purpose: "login" },
      { kind: "claim", claim: { kind: "commit", peer: principal, agreed } },
      ...this.#reply(loginGranted),
      log(`${this.client} successfully authenticated`),
    ];
  }

  #reply(status: Uint8Array): readonly OutputBody[] {
    const datagrams = this.#candidates[0]?.channel.seal(status) ?? [];
    return [
      { kind: "submit", message: status, purpose: "login" },
      ...datagrams.map((bytes) => ({ kind: "transmit", bytes, to: this.client }) as const),
    ];
  }

  #onPayload(message: Uint8Array): readonly OutputBody[] {
    const { settings, account } = this.#installation;
    const accepted: readonly OutputBody[] = [
      { kind: "deliver", message, from: account.principal },
      // The log names the sender of the first datagram, not of this one.
      log(`[${this.client}]: ${printed(settings, lossyText(message))}`),
    ];
    if (settings.loop) return accepted;
    this.#slot = "ended";
    return settings.discards ? accepted : [...accepted, { kind: "exit", ok: true }];
  }
}

const log = (line: string): OutputBody => ({ kind: "log", line });

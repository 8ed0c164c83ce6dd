/**
 * The server: one process, a thread for each connection. What a thread waits for:
 *
 * | state      | segment              | what it does; next state                                |
 * |------------|----------------------|---------------------------------------------------------|
 * | `login`    | a credential         | `200` and `exchange`, or `401` and the connection ends  |
 * | `exchange` | a number             | keeps it, own g^j and a line of text, key; `name`       |
 * | `name`     | a user's name        | `404`; or `200` and that user's number; `message`       |
 * | `message`  | three of them        | opens the outer layer, passes the rest on; `name`       |
 * | `dead`     | –                    | its thread has died of an exception: nothing is read    |
 *
 * The numbers of users who have left stay in memory and are handed out. A second login under one
 * name takes the first one's place. Nothing limits logins, connections, or the time they take.
 */
import {
  type Address,
  type Endpoint,
  type Env,
  type Input,
  type Millis,
  MisuseError,
  type Output,
  type OutputBody,
  type Principal,
} from "../../endpoint.ts";
import { fromLatin1, text, utf8 } from "../../kit/bytes.ts";
import { type Account, databaseName, principalNamed, readDatabase, tokenOf } from "./accounts.ts";
import { drawPair, readValue, sharedKey } from "./numbers.ts";
import { openSegments, received, segmentCount, splitSegments, Writer } from "./segments.ts";
import type { Settings } from "./settings.ts";
import { isSignedBy, joined, type SigningKeys, signatureOf, words } from "./signing.ts";

interface Connection {
  readonly address: Address;
  state: "login" | "exchange" | "name" | "message" | "dead";
  account: Account | undefined;
  credential: Uint8Array;
  wasRefused: boolean;
  /** With `keys=signed`: what the client has to sign along with its value. */
  nonce: Uint8Array;
  key: Uint8Array;
  receiver: string;
  segments: Uint8Array[];
}

/** What is kept of a user, by name, from the first key exchange on and for good. */
interface User {
  address: Address | undefined;
  /** g^i in decimal; with `keys=signed`, its owner's signature behind it. */
  readonly value: Uint8Array;
}

/** With `quota=limited`: how many connections may wait for their login. */
const mostWaiting = 16;
const loginNonceBytes = 16;
/** Clients show it to their users; it says nothing that they do not know. */
const welcome = utf8("keys exchanged, go ahead");

export class Relay implements Endpoint {
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #signing: SigningKeys;
  readonly #writer = new Writer();
  readonly #connections = new Map<Address, Connection>();
  readonly #users = new Map<string, User>();
  /** The database, read once, at the start. */
  #accounts: readonly Account[] = [];

  constructor(env: Env, settings: Settings, signing: SigningKeys) {
    this.#env = env;
    this.#settings = settings;
    this.#signing = signing;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    switch (input.kind) {
      case "start":
        this.#accounts = readDatabase(this.#env.store(databaseName).read());
        return [log("waiting for connections")];
      case "timeout":
        return this.#writer.due(now);
      case "connected":
        return this.#open(input.peer);
      case "closed":
        this.#close(input.peer);
        return [];
      case "chunk":
        return received(input.bytes).flatMap((segment) => this.#take(input.from, segment, now));
      default:
        throw new MisuseError(`a server takes no ${input.kind}`);
    }
  }

  deadline(): Millis | undefined {
    return this.#writer.deadline();
  }

  /** Threads that wait for the credential of an unauthenticated client. */
  stateSize(): number {
    return this.#waiting().length;
  }

  #waiting(): readonly Connection[] {
    return [...this.#connections.values()].filter((c) => c.account === undefined);
  }

  #open(address: Address): readonly Output[] {
    this.#connections.set(address, {
      address,
      state: "login",
      account: undefined,
      credential: new Uint8Array(0),
      wasRefused: false,
      nonce: new Uint8Array(0),
      key: new Uint8Array(0),
      receiver: "",
      segments: [],
    });
    const outputs: Output[] = [log(`connection from ${address}`)];
    const [oldest, ...others] = this.#waiting();
    if (this.#settings.quota && oldest !== undefined && others.length >= mostWaiting) {
      this.#close(oldest.address);
      outputs.push({ kind: "close", to: oldest.address });
    }
    return outputs;
  }

  #close(address: Address): void {
    this.#connections.delete(address);
    this.#writer.forget(address);
    for (const user of this.#users.values()) {
      if (user.address === address) user.address = undefined;
    }
  }

  #take(from: Address, segment: Uint8Array, now: Millis): readonly Output[] {
    const connection = this.#connections.get(from);
    switch (connection?.state) {
      case "login":
        return this.#onLogin(connection, segment, now);
      case "exchange":
        return this.#onValue(connection, segment, now);
      case "name":
        return this.#onName(connection, segment, now);
      case "message":
        return this.#onSegment(connection, segment, now);
      default:
        return [];
    }
  }

  #onLogin(connection: Connection, credential: Uint8Array, now: Millis): readonly Output[] {
    const { crypto } = this.#env;
    const { address } = connection;
    const token = this.#settings.auth === "token" ? credential : tokenOf(crypto, credential);
    const account = this.#accounts.find((row) => crypto.equal(token, row.token));
    if (account === undefined) return this.#refused(connection, now);
    connection.account = account;
    connection.state = "exchange";
    if (this.#settings.signed) {
      connection.nonce = crypto.encode("hex", crypto.random(loginNonceBytes));
    }
    const answer = this.#settings.signed
      ? joined(utf8("200:"), connection.nonce)
      : utf8("200: login accepted");
    connection.credential = credential;
    const accepted = this.#settings.signed ? [] : this.#loggedIn(connection);
    return [...accepted, ...this.#writer.write(address, [answer], now)];
  }

  /** The credential is accepted; with `keys=signed` not before the signature behind it is. */
  #loggedIn({ account, credential }: Connection): readonly Output[] {
    const from = principalNamed(account?.name ?? "");
    return [{ kind: "deliver", message: credential, from, purpose: "login" }];
  }

  /**
   * With `errors=discard` another credential may follow, for the wrong one may be an attacker's; it
   * is answered once only, so that no two programs refuse each other for ever.
   */
  #refused(connection: Connection, now: Millis): readonly Output[] {
    const { address, wasRefused } = connection;
    connection.wasRefused = true;
    const text = utf8("401: login refused");
    const refusal = wasRefused ? [] : this.#writer.write(address, [text], now);
    if (this.#settings.discards) return [...refusal, { kind: "reject", reason: "unauthorized" }];
    this.#close(address);
    return [...refusal, log(`${address} refused`), { kind: "close", to: address }];
  }

  #onValue(connection: Connection, segment: Uint8Array, now: Millis): readonly Output[] {
    const { crypto, self } = this.#env;
    const { address, account, nonce } = connection;
    if (account === undefined) return [];
    const peer = principalNamed(account.name);
    const [value = segment, login, onward] = this.#settings.signed ? words(segment) : [segment];
    if (this.#settings.signed && !this.#isSigned(peer, value, nonce, login, onward)) {
      return this.#died(connection, "bad-signature", "the value is not signed by the user");
    }
    const number = readValue(crypto, this.#settings, value);
    const pair = drawPair(crypto, this.#settings);
    const key = number && sharedKey(crypto, this.#settings, pair.privateKey, number);
    if (number === undefined || key === undefined) {
      return this.#died(connection, "malformed", "ValueError: not a whole number");
    }
    connection.key = key;
    connection.state = "name";
    const known = crypto.encode("decimal", number);
    this.#users.set(account.name, {
      address,
      value: onward === undefined ? known : joined(known, onward),
    });
    const own = crypto.encode("decimal", pair.publicKey);
    const signature = signatureOf(crypto, this.#signing, self, "server", value, own);
    const answer = this.#settings.signed ? joined(own, signature) : own;
    return [
      ...(this.#settings.signed ? this.#loggedIn(connection) : []),
      ...keyClaims(peer, key),
      log(`keys exchanged with ${account.id}`),
      ...this.#writer.write(address, [answer, welcome], now),
    ];
  }

  #isSigned(
    peer: Principal,
    value: Uint8Array,
    nonce: Uint8Array,
    login: Uint8Array = new Uint8Array(0),
    onward: Uint8Array = new Uint8Array(0),
  ): boolean {
    const { crypto } = this.#env;
    return (
      isSignedBy(crypto, this.#signing, peer, login, "login", nonce, value) &&
      isSignedBy(crypto, this.#signing, peer, onward, "peer", value)
    );
  }

  /** A user who was never there has no number, and `None` is what is sent for it. */
  #onName(connection: Connection, segment: Uint8Array, now: Millis): readonly Output[] {
    const name = text(segment);
    if (name === undefined) {
      return this.#died(connection, "malformed", "UnicodeDecodeError: the name is not UTF-8");
    }
    if (!this.#accounts.some((account) => account.name === name)) {
      return this.#writer.write(connection.address, [utf8("404: no such user")], now);
    }
    connection.receiver = name;
    connection.segments = [];
    connection.state = "message";
    const value = this.#users.get(name)?.value ?? utf8("None");
    return this.#writer.write(connection.address, [joined(utf8("200:"), value)], now);
  }

  #onSegment(connection: Connection, segment: Uint8Array, now: Millis): readonly Output[] {
    connection.segments.push(segment);
    if (connection.segments.length < segmentCount) return [];
    connection.state = "name";
    let inner: readonly Uint8Array[] = connection.segments;
    if (this.#settings.outer) {
      const opened = openSegments(this.#env.crypto, connection.key, inner);
      if (opened === undefined) {
        return this.#died(connection, "bad-tag", "ValueError: MAC check failed");
      }
      inner = splitSegments(opened);
    }
    return this.#passOn(connection, inner, now);
  }

  #passOn(
    { account, receiver }: Connection,
    inner: readonly Uint8Array[],
    now: Millis,
  ): readonly Output[] {
    const sender = account?.name ?? "";
    const to = this.#users.get(receiver)?.address;
    // The sender's thread writes into a closed socket, and no user is told.
    if (to === undefined) return [log(`${receiver} is not there`)];
    const value = this.#users.get(sender)?.value ?? new Uint8Array(0);
    const header = joined(fromLatin1(`${sender}:`), value);
    return [
      log(`message from ${account?.id} passed on`),
      ...this.#writer.write(to, [header, ...inner], now),
    ];
  }

  /** An exception ends this one thread; its socket stays open, for the table of users has it. */
  #died(
    connection: Connection,
    reason: "malformed" | "bad-tag" | "bad-signature",
    exception: string,
  ): readonly Output[] {
    if (this.#settings.discards) return [{ kind: "reject", reason }];
    connection.state = "dead";
    const who = connection.account?.id ?? connection.address;
    return [log(`exception in the thread of ${who}: ${exception}`)];
  }
}

const log = (line: string): Output => ({ kind: "log", line });

const keyClaims = (peer: Principal, key: Uint8Array): readonly OutputBody[] => [
  { kind: "claim", claim: { kind: "running", peer } },
  { kind: "claim", claim: { kind: "secret", peer, value: key } },
  { kind: "claim", claim: { kind: "commit", peer, agreed: key } },
];

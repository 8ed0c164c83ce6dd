/**
 * The server: one process for all clients and all their sessions.
 *
 * A hello leaves nothing behind but a higher session number: what the server must remember of it
 * travels in the challenge, under a MAC of the server's own (the cookie), and comes back in the
 * proof. A proof is good for two minutes from its challenge on, and a session is remembered for
 * two minutes after the last sign of life, so that no proof opens two sessions.
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
  type RejectReason,
} from "../../endpoint.ts";
import { concat, latin1, lossyText, text, utf8 } from "../../kit/bytes.ts";
import { Channel } from "./channel.ts";
import type { Defences } from "./defences.ts";
import { openingMac, type Pair, type SessionKeys, sessionKeys } from "./keys.ts";
import {
  type Challenge,
  challengeBody,
  cookieBytes,
  type DataRecord,
  type Datagram,
  type Hello,
  nameField,
  type Proof,
  read,
  settled,
  welcomeBody,
} from "./wire.ts";

const proofLifeMs = 120_000;
const silenceMs = 120_000;

interface Session {
  readonly label: string;
  readonly client: Principal;
  /** Where the proof came from; it stays so whatever records claim. */
  readonly address: Address;
  readonly channel: Channel;
  readonly welcome: Uint8Array;
  /** A record came: the client has its welcome. */
  used: boolean;
  forgetMs: Millis;
}

/** Text from the network for the log: printable ASCII as it is, all other bytes as `\xNN`. */
const quoted = (bytes: Uint8Array): string =>
  `"${latin1(bytes).replace(
    /[^ !#-[\]-~]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  )}"`;

export class Server implements Endpoint {
  readonly #env: Env;
  readonly #pairs: ReadonlyMap<Principal, Pair>;
  readonly #defences: Defences;
  readonly #cookieKey: Uint8Array;
  readonly #sessions = new Map<number, Session>();
  /** Cookies by session number: only used where the server keeps an entry for every hello. */
  readonly #challenged = new Map<number, Uint8Array>();
  #lastSession = 0;
  #accepted = 0;

  constructor(env: Env, pairs: ReadonlyMap<Principal, Pair>, defences: Defences) {
    this.#env = env;
    this.#pairs = pairs;
    this.#defences = defences;
    this.#cookieKey = env.crypto.random(cookieBytes);
  }

  handle(input: Input, now: Millis): readonly Output[] {
    this.#forget(now);
    switch (input.kind) {
      case "start":
        return [];
      case "send":
        return this.#send(input, now);
      case "datagram": {
        const datagram = read(input.bytes, this.#defences);
        const result =
          typeof datagram === "string" ? datagram : this.#datagram(datagram, input.from, now);
        return typeof result === "string" ? [{ kind: "reject", reason: result }] : result;
      }
      case "timeout":
        return [...this.#sessions.values()].flatMap((s) => of(s, s.channel.expire(now)));
      default:
        throw new MisuseError("preshared runs over datagrams");
    }
  }

  deadline(): Millis | undefined {
    const due = [...this.#sessions.values()].flatMap((s) => s.channel.deadline() ?? []);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  stateSize(): number {
    return this.#challenged.size;
  }

  #forget(now: Millis): void {
    for (const [number, { channel, forgetMs }] of this.#sessions) {
      const finished = channel.over && !this.#defences.freshness;
      if (finished || (channel.idle && forgetMs <= now)) this.#sessions.delete(number);
    }
  }

  /** To the session named, or to the newest one with the principal named. */
  #send(input: Input & { kind: "send" }, now: Millis): readonly Output[] {
    const { message, to, session: label } = input;
    const fits = (s: Session): boolean =>
      label === undefined ? !s.channel.over && (to ?? s.client) === s.client : s.label === label;
    const session = [...this.#sessions.values()].findLast(fits);
    if (session === undefined) {
      return [{ kind: "give-up", message, ...(label === undefined ? {} : { session: label }) }];
    }
    return of(session, session.channel.send(message, now));
  }

  #datagram(datagram: Datagram, from: Address, now: Millis): readonly Output[] | RejectReason {
    switch (datagram.kind) {
      case "hello":
        return this.#hello(datagram, from, now);
      case "proof":
        return this.#proof(datagram, from, now);
      case "data":
      case "ack":
      case "close":
        return this.#record(datagram, now);
      default:
        return "unexpected";
    }
  }

  #hello(
    hello: Datagram & { kind: "hello" },
    from: Address,
    now: Millis,
  ): readonly Output[] | RejectReason {
    const { crypto } = this.#env;
    const pair = this.#pairOf(hello.client);
    if (pair === undefined) return this.#refuse(hello.client, "unknown-peer");
    if (!crypto.equal(openingMac(crypto, pair, hello.body, from), hello.mac)) {
      return this.#refuse(hello.client, "bad-tag");
    }
    const about = { ...hello, session: ++this.#lastSession, time: Math.floor(now) };
    const cookie = this.#cookie(about, from);
    if (!this.#defences.cookie) this.#challenged.set(about.session, cookie);
    const body = challengeBody({ ...about, cookie });
    const bytes = concat(body, openingMac(crypto, pair, body, from));
    return [{ kind: "transmit", bytes, to: from }];
  }

  #refuse(name: Uint8Array, reason: RejectReason): readonly Output[] {
    const shown = this.#defences["log-escaping"] ? quoted(name) : `"${lossyText(name)}"`;
    return [
      { kind: "log", line: `hello from ${shown} refused: ${reason}` },
      { kind: "reject", reason },
    ];
  }

  #pairOf(name: Uint8Array): Pair | undefined {
    return this.#pairs.get(text(name) ?? "");
  }

  /** 32 bytes that only this process can make, for this client at this address. */
  #cookie(about: Hello & Omit<Challenge, "cookie">, address: Address): Uint8Array {
    const challenge = settled({ ...about, cookie: new Uint8Array(0) });
    const bound = concat(nameField(about.client), challenge, utf8(address));
    return this.#env.crypto.hmac("sha256", this.#cookieKey, bound);
  }

  #proof(
    proof: Datagram & { kind: "proof" },
    from: Address,
    now: Millis,
  ): readonly Output[] | RejectReason {
    const { crypto } = this.#env;
    const pair = this.#pairOf(proof.client);
    if (pair === undefined) return "unknown-peer";
    if (this.#defences.freshness && now - proof.time >= proofLifeMs) return "stale";
    if (!crypto.equal(this.#cookie(proof, from), proof.cookie)) return "unauthorized";
    if (!this.#defences.cookie && !this.#challenged.has(proof.session)) return "unauthorized";
    const keys = sessionKeys(crypto, pair, proof, this.#defences);
    const expected = crypto.hmac("sha256", keys.confirm, proof.body);
    if (!crypto.equal(expected, proof.mac)) return "bad-tag";
    const known = this.#sessions.get(proof.session);
    if (known === undefined) return this.#accept(proof, pair, keys, from, now);
    if (known.used) return "replayed";
    return of(known, [{ kind: "transmit", bytes: known.welcome }]);
  }

  #accept(
    { session: number }: Proof,
    { client, server }: Pair,
    keys: SessionKeys,
    address: Address,
    now: Millis,
  ): readonly Output[] {
    const { crypto } = this.#env;
    const body = welcomeBody(number);
    const session: Session = {
      // Not its number on the wire: were a session to come to life again, it would be another.
      label: `${server}-${++this.#accepted}`,
      client,
      address,
      channel: new Channel(
        { crypto, defences: this.#defences, peer: client, session: number },
        { send: keys.toClient, receive: keys.toServer },
      ),
      welcome: concat(body, crypto.hmac("sha256", keys.confirm, body)),
      used: false,
      forgetMs: now + silenceMs,
    };
    this.#sessions.set(number, session);
    return of(session, [
      { kind: "claim", claim: { kind: "running", peer: client, agreed: keys.secret } },
      { kind: "transmit", bytes: session.welcome },
      { kind: "claim", claim: { kind: "commit", peer: client, agreed: keys.secret } },
      { kind: "claim", claim: { kind: "secret", peer: client, value: keys.secret } },
      { kind: "ready" },
    ]);
  }

  #record(record: DataRecord, now: Millis): readonly Output[] | RejectReason {
    const session = this.#sessions.get(record.session);
    if (session === undefined) return "unknown-peer";
    if (session.channel.over) return "stale";
    const result = session.channel.receive(record, now);
    if (typeof result === "string") return result;
    session.used = true;
    session.forgetMs = now + silenceMs;
    return of(session, result);
  }
}

/** Outputs of one session: labelled with it, and sent to where it is. */
const of = (session: Session, outputs: readonly OutputBody[]): readonly Output[] =>
  outputs.map((output) => ({
    ...output,
    session: session.label,
    ...(output.kind === "transmit" ? { to: session.address } : {}),
  }));

/**
 * The server: one process for all clients and all their sessions.
 *
 * A hello leaves nothing behind but a higher session number: what the server would have to
 * remember travels in the challenge, under a MAC of the server's own (the cookie), and comes back
 * in the proof. A proof is good for two minutes from its challenge on, and a session is
 * remembered for at least two minutes after its proof, so that no proof opens two sessions.
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
import { concat, lossyText, text, utf8 } from "../../kit/bytes.ts";
import { Channel } from "./channel.ts";
import type { Defences } from "./defences.ts";
import { finished, openingMac, type Pair, running, type SessionKeys, sessionKeys } from "./keys.ts";
import * as wire from "./wire.ts";

const proofLifeMs = 120_000;
const silenceMs = 120_000;

interface Session {
  /** For the judges. */
  readonly label: string;
  readonly client: Principal;
  /** Where the proof came from; it stays so wherever records come from. */
  readonly address: Address;
  readonly channel: Channel;
  readonly welcome: Uint8Array;
  /** A record came, so the client has its welcome. */
  used: boolean;
  lastMs: Millis;
}

type Result = readonly Output[] | RejectReason;

export class Server implements Endpoint {
  readonly #env: Env;
  readonly #pairs: ReadonlyMap<Principal, Pair>;
  readonly #defences: Defences;
  readonly #cookieKey: Uint8Array;
  readonly #sessions = new Map<number, Session>();
  /** Nonces of all hellos; only kept where the cookie is switched off. */
  readonly #halfOpen: Uint8Array[] = [];
  #lastSession = 0;

  constructor(env: Env, pairs: ReadonlyMap<Principal, Pair>, defences: Defences) {
    this.#env = env;
    this.#pairs = pairs;
    this.#defences = defences;
    this.#cookieKey = env.crypto.random(32);
  }

  handle(input: Input, now: Millis): readonly Output[] {
    this.#forget(now);
    switch (input.kind) {
      case "start":
        return [];
      case "send":
        return this.#send(input, now);
      case "datagram": {
        const { bytes, from } = input;
        const datagram = wire.read(bytes, this.#defences);
        if (typeof datagram === "string") return this.#refuse(bytes.slice(0, 32), datagram);
        const result = this.#receive(datagram, from, now);
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
    return this.#halfOpen.length;
  }

  #forget(now: Millis): void {
    for (const [number, { channel, lastMs }] of this.#sessions) {
      const old = this.#defences.freshness ? now - lastMs >= silenceMs : channel.over;
      if (old && channel.idle) this.#sessions.delete(number);
    }
  }

  /** To the session named, or to the newest one with the principal named. */
  #send({ message, to, session: label }: Input & { kind: "send" }, now: Millis): readonly Output[] {
    const session = [...this.#sessions.values()].findLast((s) =>
      label === undefined ? (to ?? s.client) === s.client : s.label === label,
    );
    if (session !== undefined) return of(session, session.channel.send(message, now));
    return [{ kind: "give-up", message, ...(label === undefined ? {} : { session: label }) }];
  }

  #receive(datagram: wire.Handshake | wire.SealedRecord, from: Address, now: Millis): Result {
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

  #hello({ client, nonce, body, mac }: wire.Handshake, from: Address, now: Millis): Result {
    const { crypto } = this.#env;
    if (!this.#defences.cookie) this.#halfOpen.push(nonce);
    const pair = this.#pairs.get(text(client) ?? "");
    if (pair === undefined) return this.#refuse(client, "unknown-peer");
    if (!crypto.equal(openingMac(crypto, pair, body, from), mac)) {
      return this.#refuse(client, "bad-tag");
    }
    const terms = { client, nonce, session: ++this.#lastSession, time: Math.floor(now) };
    const cookie = this.#cookie(terms, from);
    const challenge = wire.handshakeBody("challenge", { ...terms, cookie });
    const bytes = concat(challenge, openingMac(crypto, pair, challenge, from));
    return [{ kind: "transmit", bytes, to: from }];
  }

  /** Discards what is not from a client at all, and says so in the log. */
  #refuse(shown: Uint8Array, reason: RejectReason): readonly Output[] {
    const inLog = this.#defences["log-escaping"] ? encodeURIComponent : String;
    const line = `refused ${inLog(lossyText(shown))}: ${reason}`;
    return [
      { kind: "log", line },
      { kind: "reject", reason },
    ];
  }

  /** 32 bytes that only this process can make, for this client at this address. */
  #cookie(terms: Omit<wire.Terms, "cookie">, address: Address): Uint8Array {
    const cookie = new Uint8Array(wire.cookieBytes);
    const bound = concat(wire.handshakeBody("challenge", { ...terms, cookie }), utf8(address));
    return this.#env.crypto.hmac("sha256", this.#cookieKey, bound);
  }

  #proof(proof: wire.Handshake, from: Address, now: Millis): Result {
    const { crypto } = this.#env;
    const pair = this.#pairs.get(text(proof.client) ?? "");
    if (pair === undefined) return "unknown-peer";
    if (now - proof.time >= proofLifeMs && this.#defences.freshness) return "stale";
    if (!crypto.equal(this.#cookie(proof, from), proof.cookie)) return "unauthorized";
    const keys = sessionKeys(crypto, pair, proof.body, this.#defences);
    const confirmed = crypto.equal(crypto.hmac("sha256", keys.confirm, proof.body), proof.mac);
    if (!confirmed && this.#defences.confirmation) return "bad-tag";
    const known = this.#sessions.get(proof.session);
    if (known?.used || known?.channel.over) return "replayed";
    if (known !== undefined) return of(known, [{ kind: "transmit", bytes: known.welcome }]);

    const session = this.#open(proof, pair.client, keys, from, now);
    this.#sessions.set(proof.session, session);
    return of(session, [
      { kind: "log", line: `session with ${pair.client}` },
      running(pair.client, keys),
      { kind: "transmit", bytes: session.welcome },
      ...finished(pair.client, keys),
    ]);
  }

  #open(
    proof: wire.Handshake,
    client: Principal,
    keys: SessionKeys,
    address: Address,
    now: Millis,
  ): Session {
    const [{ crypto }, defences] = [this.#env, this.#defences];
    const ends = { send: keys.toClient, receive: keys.toServer };
    const about = { crypto, defences, peer: client, session: proof.session, ...ends };
    const shown = defences["key-log"] ? undefined : keys.exported;
    const body = wire.handshakeBody("welcome", proof, shown);
    return {
      // One session from one address, unless old ones can come to life again.
      label: defences.freshness ? address : `${address} since ${now}`,
      client,
      address,
      channel: new Channel(about),
      welcome: concat(body, crypto.hmac("sha256", keys.confirm, body)),
      used: false,
      lastMs: now,
    };
  }

  #record(record: wire.SealedRecord, now: Millis): Result {
    const session = this.#sessions.get(record.session);
    if (session === undefined) return "unknown-peer";
    if (session.channel.over) return "stale";
    const result = session.channel.receive(record, now);
    if (typeof result === "string") return result;
    session.used = true;
    session.lastMs = now;
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

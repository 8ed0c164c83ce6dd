/**
 * The server: one process for all clients and all their sessions.
 *
 * It keeps no state of a client before a cookie has come back, and then at most 64 beginnings, each
 * for 10 s after it was last asked for. What it answered it answers again, to the same datagram,
 * from memory: nothing is processed twice. A session stays for two minutes after the last sign of
 * life, and goes with its client to another address: see path.ts.
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
} from "../endpoint.ts";
import { concat, equalBytes, latin1, utf8 } from "../kit/bytes.ts";
import { Channel } from "./channel.ts";
import type { ChannelOptions } from "./channel-options.ts";
import { CookieJar, mac1 } from "./cookie.ts";
import { encodeSuitesError } from "./edhoc/messages.ts";
import {
  type Answered,
  composeMessage2,
  composeMessage4,
  readMessage1,
  verifyMessage3,
} from "./edhoc/responder.ts";
import type { Settled } from "./edhoc/session.ts";
import { type Frame, tokenBytes } from "./frames.ts";
import { HalfOpenTable } from "./half-open.ts";
import {
  decodeDatagram,
  encodeDatagram,
  type HandshakeDatagram,
  isHandshake,
  type MessageDatagram,
  padding2,
  padding4,
} from "./handshake-datagrams.ts";
import {
  agreedOn,
  filterKey,
  finished,
  type Identity,
  method,
  ready,
  running,
  setupOf,
} from "./identity.ts";
import type { Message } from "./inbox.ts";
import { Path, type PathArrival } from "./path.ts";
import { datagramBytes, readRecord, type SealedRecord } from "./records.ts";

const silenceMs = 120_000;
/** Connection identifiers have one byte. Some are left for half-open sessions. */
const identifiers = 256;
const maxSessions = 160;
/** A client's sessions do not crowd out those of others: the oldest of the same client goes. */
const maxSessionsEach = 16;

/** M1 was answered. */
interface HalfOpen {
  /** Who asked what: the address and message_1. */
  readonly question: string;
  readonly address: Address;
  readonly answered: Answered;
  /** M2. */
  readonly answer: Uint8Array;
}

export interface Session {
  /** C_R. */
  readonly id: number;
  client: Principal;
  /** Where M1 came from, which names the session for the judges, wherever the client is now. */
  readonly address: Address;
  readonly path: Path;
  readonly channel: Channel;
  readonly message3: Uint8Array;
  /** M4. */
  readonly answer: Uint8Array;
  /** A record came, so the client has its M4. */
  used: boolean;
  lastMs: Millis;
}

/** Where clients are anonymous until they have logged in: see login/. */
export interface Guests {
  /** A session is open. The application is not told of it otherwise. */
  opened(session: Session, settled: Settled, now: Millis): void;
  above(frame: Frame, session: Session): void;
  check(message: Message, session: Session): Uint8Array | undefined;
  /** What comes in the place of message_4 where message_3 names an unknown certificate. */
  refusal?(answered: Answered): Uint8Array;
}

type Result = readonly Output[] | RejectReason;

/** Told of the frames that are not the channel's own, and whose they are: see relay/. */
export type Above = (frame: Frame, from: Principal) => void;

export class Server implements Endpoint {
  readonly #env: Env;
  readonly #identity: Identity;
  readonly #above: Above | undefined;
  readonly #guests: Guests | undefined;
  /** What mac1 is keyed with. */
  readonly #filterKey: Uint8Array;
  #jar: CookieJar | undefined;
  /** By C_R. */
  readonly #halfOpen = new HalfOpenTable<HalfOpen>();
  readonly #sessions = new Map<number, Session>();
  /** All addresses that ever sent an M1; only kept where the cookie is switched off. */
  readonly #strangers: Address[] = [];
  #lastId = 0;

  constructor(env: Env, identity: Identity, above?: Above, guests?: Guests) {
    this.#env = env;
    this.#identity = identity;
    this.#above = above;
    this.#guests = guests;
    this.#filterKey = filterKey(identity, identity.own.publicKey);
  }

  handle(input: Input, now: Millis): readonly Output[] {
    this.#forget(now);
    switch (input.kind) {
      case "start":
        return [];
      case "send":
        return this.#send(input, now);
      case "datagram": {
        const result = this.#receive(input.bytes, input.from, now);
        return typeof result === "string" ? [{ kind: "reject", reason: result }] : result;
      }
      case "timeout":
        return [...this.#sessions.values()].flatMap((s) => labelled(s, s.channel.expire(now)));
      default:
        throw new MisuseError("secure-channel runs over datagrams");
    }
  }

  deadline(): Millis | undefined {
    const due = [...this.#sessions.values()].flatMap((s) => s.channel.deadline() ?? []);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Sends a frame of the layer above in the newest session of `to`; nothing without one. */
  carry(frame: Frame, to: Principal, now: Millis): readonly Output[] | undefined {
    const session = this.#newest(to);
    return session && labelled(session, session.channel.carry(frame, now));
  }

  /** Tells `to` that all that was delivered so far was also read. */
  read(to: Principal, now: Millis): readonly Output[] {
    const session = this.#newest(to);
    return session === undefined ? [] : labelled(session, session.channel.read(now));
  }

  #newest(client: Principal): Session | undefined {
    const sessions = [...this.#sessions.values()];
    return sessions.findLast((s) => s.client === client && !s.channel.over);
  }

  stateSize(): number {
    return this.#halfOpen.size + this.#strangers.length;
  }

  #forget(now: Millis): void {
    for (const [id, { channel, lastMs }] of this.#sessions) {
      if (now - lastMs >= silenceMs && (channel.over || channel.idle)) this.#sessions.delete(id);
    }
  }

  /** To the session named, or to the newest one with the principal named. */
  #send({ message, to, session: label }: Input & { kind: "send" }, now: Millis): readonly Output[] {
    const session = [...this.#sessions.values()].findLast((s) =>
      label === undefined ? (to ?? s.client) === s.client : s.address === label,
    );
    if (session !== undefined) return labelled(session, session.channel.send(message, now));
    return [{ kind: "give-up", message, ...(label === undefined ? {} : { session: label }) }];
  }

  #receive(bytes: Uint8Array, from: Address, now: Millis): Result {
    const { defences } = this.#identity;
    if (bytes.length > datagramBytes) return "too-long";
    const read = isHandshake(bytes) ? decodeDatagram(bytes) : readRecord(bytes, defences);
    if (read === undefined || read === "malformed") {
      if (!defences.strictness) throw new RangeError("malformed datagram");
      return "malformed";
    }
    if (typeof read === "string") return read;
    if (!("kind" in read)) return this.#record(read, from, now);
    if (read.kind === "m1") return this.#asked(read, from, now);
    return read.kind === "m3" ? this.#proved(read, now) : "unexpected";
  }

  /** M1. No answer is longer, and before the cookie there is nothing to remember. */
  #asked(
    { mac1: mac, cookie, message }: HandshakeDatagram & { kind: "m1" },
    from: Address,
    now: Millis,
  ): Result {
    const { crypto } = this.#env;
    const { defences, suites, own, kept } = this.#identity;
    if (!crypto.equal(mac1(crypto, this.#filterKey, message), mac)) return "bad-tag";
    if (!defences.cookie) this.#strangers.push(from);
    this.#jar ??= new CookieJar(crypto, now);
    if (defences.cookie && !this.#jar.knows(cookie, from, message, now)) {
      const fresh = this.#jar.bake(from, message, now);
      return reply(from, { kind: "retry", mac1: mac, cookie: fresh });
    }
    const question = latin1(concat(message, utf8(from)));
    const known = this.#answeredTo(question, now);
    if (known !== undefined) return [{ kind: "transmit", bytes: known.answer, to: from }];
    const setup = setupOf(crypto, this.#identity, now);
    const asked = readMessage1(setup, { methods: [method], suites }, message);
    if (typeof asked === "string") return asked;
    if (!("suite" in asked)) {
      const error = encodeSuitesError(asked.suites);
      return reply(from, { kind: "error", mac1: mac, message: error });
    }
    const [asker] = asked.cI;
    if (asker === undefined || asked.cI.length > 1) return "malformed";
    const id = this.#freeId(asker, now);
    if (id === undefined) return "busy";
    const cR = Uint8Array.of(id);
    const answering = { cR, ead: padding2(asked.suite, cR, own.id) };
    const ephemeral = kept && { ephemeral: kept.privateKey };
    const answered = composeMessage2(setup, asked, { ...answering, ...ephemeral });
    if (typeof answered === "string") return answered;
    const answer = encodeDatagram({ kind: "m2", id: asker, message: answered.message2 });
    this.#lastId = id;
    this.#halfOpen.add(String(id), { question, address: from, answered, answer }, now);
    return [{ kind: "transmit", bytes: answer, to: from }];
  }

  #answeredTo(question: string, now: Millis): HalfOpen | undefined {
    for (let id = 0; id < identifiers; id++) {
      const found = this.#halfOpen.get(String(id), now);
      if (found?.question !== question) continue;
      // A client that still asks has not had the answer: its time begins anew.
      this.#halfOpen.add(String(id), found, now);
      return found;
    }
    return undefined;
  }

  /** Each in its turn, so that what is late for an old session seldom meets a new one. */
  #freeId(cI: number, now: Millis): number | undefined {
    if (this.#sessions.size >= maxSessions) return undefined;
    for (let i = 1; i <= identifiers; i++) {
      const id = (this.#lastId + i) % identifiers;
      const taken = this.#sessions.has(id) || this.#halfOpen.get(String(id), now) !== undefined;
      if (!taken && id !== cI) return id;
    }
    return undefined;
  }

  /** M3. */
  #proved({ id, message }: MessageDatagram, now: Millis): Result {
    const known = this.#sessions.get(id);
    if (known !== undefined) {
      if (!equalBytes(known.message3, message)) return "unexpected";
      const again = !known.used && !known.channel.over;
      return again ? labelled(known, [{ kind: "transmit", bytes: known.answer }]) : "replayed";
    }
    const half = this.#halfOpen.get(String(id), now);
    if (half === undefined) return "unknown-peer";
    const { crypto } = this.#env;
    const setup = setupOf(crypto, this.#identity, now);
    const settled = verifyMessage3(setup, half.answered, message);
    if (settled === "unknown-peer") return this.#refuse(half);
    if (typeof settled === "string") return settled;
    const client = this.#identity.directory.find(settled.peer.id, now)?.certificate.subject;
    if (client === undefined) return "unknown-peer";
    const message4 = composeMessage4(setup, settled, padding4(settled.suite));
    const answer = encodeDatagram({ kind: "m4", id: settled.cI[0] ?? 0, message: message4 });
    const session = this.#open(id, client, half.address, settled, message, answer, now);
    this.#halfOpen.remove(String(id));
    this.#sessions.set(id, session);
    // By its number: the log is not sealed, and the client's name is.
    const log: OutputBody = { kind: "log", line: `session ${id} is open` };
    if (this.#guests !== undefined) {
      this.#guests.opened(session, settled, now);
      return labelled(session, [log, { kind: "transmit", bytes: answer }]);
    }
    const agreed = agreedOn(crypto, settled);
    const makeRoom = this.#crowdedOut(client);
    return [
      ...makeRoom,
      ...labelled(session, [
        log,
        running(client, agreed),
        { kind: "transmit", bytes: answer },
        ...finished(client, agreed, settled, this.#identity.suites),
        ready,
      ]),
    ];
  }

  /** Nothing changes, and nothing is longer than what it answers. */
  #refuse({ answered, address }: HalfOpen): Result {
    const message = this.#guests?.refusal?.(answered);
    if (message === undefined) return "unknown-peer";
    return reply(address, { kind: "m4", id: answered.cI[0] ?? 0, message });
  }

  #open(
    id: number,
    client: Principal,
    address: Address,
    { suite, out, cI, cR }: Settled,
    message3: Uint8Array,
    answer: Uint8Array,
    now: Millis,
  ): Session {
    const { crypto } = this.#env;
    const { defences } = this.#identity;
    const ids = { ownId: cI[0] ?? 0, peerId: cR[0] ?? 0 };
    const setup = (at: Millis) => setupOf(crypto, this.#identity, at, client);
    const { coverMs } = this.#identity;
    const about = { crypto, defences, suite, ...ids, peer: client, out, setup, coverMs };
    const channel = new Channel({ ...about, ...this.#hooks(client, () => session) }, now);
    const times = { used: false, lastMs: now };
    const where = { address, path: new Path(crypto, address) };
    const session: Session = { id, client, ...where, channel, message3, answer, ...times };
    return session;
  }

  #hooks(client: Principal, session: () => Session): Pick<ChannelOptions, "above" | "login"> {
    const guests = this.#guests;
    if (guests === undefined) return { above: (frame) => this.#above?.(frame, client) };
    return {
      above: (frame) => guests.above(frame, session()),
      login: { check: (message) => guests.check(message, session()) },
    };
  }

  /** Forgets a session that has come to nothing. */
  drop({ id, channel }: Session): void {
    channel.abandon();
    this.#sessions.delete(id);
  }

  /** The client of a session has shown who it is. @returns what comes of it for its others. */
  identify(session: Session, client: Principal): readonly Output[] {
    session.client = client;
    session.channel.know(client);
    return this.#crowdedOut(client);
  }

  #crowdedOut(client: Principal): readonly Output[] {
    const own = [...this.#sessions].filter(([, s]) => s.client === client);
    const [oldest] = own;
    if (oldest === undefined || own.length <= maxSessionsEach) return [];
    const [id, session] = oldest;
    this.#sessions.delete(id);
    return labelled(session, session.channel.abandon());
  }

  #record(record: SealedRecord, from: Address, now: Millis): Result {
    const session = this.#sessions.get(record.kid);
    if (session === undefined) return "unknown-peer";
    const result = session.channel.receive(record, now, ({ isNewest, frames }) =>
      this.#followed(session, { from, isNewest, frames }, now),
    );
    if (typeof result === "string") return result;
    session.used = true;
    session.lastMs = now;
    return labelled(session, result);
  }

  /** Goes with the client, or asks whether it has moved: there and here. RFC 9000 §9.3.3. */
  #followed({ path, channel }: Session, arrival: PathArrival, now: Millis): readonly OutputBody[] {
    const token = path.arrived(arrival, now);
    if (token === undefined) return [];
    const here = channel.challenge(this.#env.crypto.random(tokenBytes));
    const there = channel.challenge(token).map((output) => ({ ...output, to: arrival.from }));
    return [...here, ...there];
  }
}

const reply = (to: Address, datagram: HandshakeDatagram): readonly Output[] => [
  { kind: "transmit", bytes: encodeDatagram(datagram), to },
];

/** Outputs of one session: labelled with it, and sent to where its client is. */
export const labelled = (session: Session, outputs: readonly OutputBody[]): readonly Output[] =>
  outputs.map((output) => ({
    ...output,
    session: session.address,
    ...(output.kind === "transmit" ? { to: output.to ?? session.path.address } : {}),
  }));

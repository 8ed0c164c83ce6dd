/**
 * The client: one process, one session.
 *
 * opening → confirming → open → over. In the first two, one datagram is repeated, byte for byte,
 * until it is answered. Nothing that is not authenticated ends or changes anything: a RETRY only
 * adds a cookie, and an ERROR only a second attempt, next to the first, with a suite that we like
 * less. If the server has forgotten us meanwhile, everything begins again with new keys.
 */
import {
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
import { equalBytes } from "../kit/bytes.ts";
import { Channel } from "./channel.ts";
import type { LoginHooks } from "./channel-options.ts";
import { cookieBytes, mac1 } from "./cookie.ts";
import {
  composeMessage3,
  type Initiated,
  initiate,
  verifyMessage2,
  verifyMessage4,
} from "./edhoc/initiator.ts";
import { decodeSuitesError } from "./edhoc/messages.ts";
import type { Half, Settled, Setup } from "./edhoc/session.ts";
import type { Frame } from "./frames.ts";
import {
  decodeDatagram,
  encodeDatagram,
  type HandshakeDatagram,
  isHandshake,
  type MessageDatagram,
  padding1,
  padding3,
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
import { datagramBytes, readRecord, type SealedRecord } from "./records.ts";
import { suiteOf } from "./suites.ts";

const defaultLingerMs = 30_000;
/** With cover traffic a session lasts so long, or a multiple of it, whatever is said. */
const coverSessionMs = 30_000;
const firstWaitMs = 1_000;
/** Well before the server forgets what it has begun. */
const longestWaitMs = 4_000;
/** About a minute: where every fifth datagram is lost, one opening in millions fails. */
const openingTries = 17;
/** If M3 arrived, M4 comes again within this time; if not, the server has forgotten our M1. */
const confirmingTries = 7;
const mostBeginnings = 5;
/** Cookies that are answered at once; further ones wait for the timer. */
const hastyCookies = 3;
/** Identifiers that EDHOC writes in one byte, the simplest of them. */
const identifiers = 24;

const waitMs = (tries: number): Millis => Math.min(firstWaitMs * 1.5 ** (tries - 1), longestWaitMs);

/** One message_1 and what goes with it. */
interface Attempt {
  readonly initiated: Initiated;
  readonly mac1: Uint8Array;
  readonly cookie: Uint8Array;
  readonly cookies: number;
}

type State =
  | { readonly phase: "over" }
  | { readonly phase: "opening"; readonly attempts: readonly Attempt[] }
  | {
      readonly phase: "confirming";
      readonly settled: Settled;
      readonly agreed: Uint8Array;
      readonly datagram: Uint8Array;
      readonly refusal?: Uint8Array | undefined;
    }
  | { readonly phase: "open"; readonly cI: number; readonly channel: Channel };

type Result = readonly OutputBody[] | RejectReason;

/** What is built on a client: see relay/. */
export interface ClientLayer {
  /** Told of the frames that are not the channel's own. */
  readonly above?: (frame: Frame) => void;
  /** How long nothing happens before the client closes the channel. */
  readonly lingerMs?: Millis;
  /** For a client that has yet to log in: see login/. */
  readonly login?: LoginHooks & {
    /** The server is known, and the channel is there; a guest's application is not told of it. */
    opened(channel: Channel, settled: Settled): void;
    /** There is nothing to log in for: the client has a certificate from the server. */
    readonly certified?: {
      /** What the server says in the place of message_4 if it does not know the certificate. */
      refusal(half: Half): Uint8Array;
      /** It has said so, and this client is over. */
      refused(): void;
    };
  };
}

export class Client implements Endpoint {
  readonly #env: Env;
  readonly #identity: Identity;
  readonly #layer: ClientLayer;
  readonly #server: Principal;
  /** What mac1 is keyed with. */
  readonly #filterKey: Uint8Array;
  #state: State = { phase: "over" };
  #tries = 0;
  #beginnings = 0;
  /** When to close, with cover traffic. */
  #closeMs: Millis = Number.POSITIVE_INFINITY;
  /** The last sign of life, given or received. */
  #lastMs: Millis = 0;

  constructor(env: Env, identity: Identity, layer: ClientLayer = {}) {
    this.#env = env;
    this.#identity = identity;
    this.#layer = layer;
    const known = identity.directory.named(env.peer ?? "");
    if (known === undefined) {
      throw new MisuseError(`${env.self} has no certificate of ${env.peer ?? "anybody"}`);
    }
    this.#server = known.certificate.subject;
    this.#filterKey = filterKey(identity, known.certificate.staticKey);
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (input.kind === "start") return this.#begin(now);
    if (this.#state.phase === "over") return [];
    switch (input.kind) {
      case "send":
        if (this.#state.phase !== "open") throw new MisuseError("there is no session yet");
        this.#lastMs = now;
        return this.#ended(this.#state.channel.send(input.message, now));
      case "datagram": {
        const result = this.#receive(input.bytes, now);
        return typeof result === "string" ? [{ kind: "reject", reason: result }] : result;
      }
      case "timeout":
        return (this.deadline() ?? now) > now ? [] : this.#timeout(now);
      default:
        throw new MisuseError("secure-channel runs over datagrams");
    }
  }

  deadline(): Millis | undefined {
    if (this.#state.phase === "over") return undefined;
    if (this.#state.phase !== "open") return this.#lastMs + waitMs(this.#tries);
    const { lingerMs = defaultLingerMs } = this.#layer;
    const next = this.#state.channel.deadline() ?? this.#lastMs + lingerMs;
    return Math.min(next, this.#closeMs);
  }

  /** Sends a frame of the layer above; nothing without a channel. */
  carry(frame: Frame, now: Millis): readonly OutputBody[] {
    if (this.#state.phase !== "open") return [];
    this.#lastMs = now;
    return this.#state.channel.carry(frame, now);
  }

  #setup(now: Millis): Setup {
    return setupOf(this.#env.crypto, this.#identity, now, this.#server);
  }

  #begin(now: Millis): readonly OutputBody[] {
    this.#beginnings++;
    const best = this.#attempt(this.#identity.suites.slice(0, 1), [], now);
    this.#state = { phase: "opening", attempts: [best] };
    this.#tries = 0;
    return this.#repeat(now);
  }

  /** @param suites up to the one selected, which is the last. */
  #attempt(suites: readonly number[], others: readonly Attempt[], now: Millis): Attempt {
    const suite = suiteOf(suites.at(-1) ?? -1);
    if (suite === undefined) throw new MisuseError("there is no such suite");
    const { crypto } = this.#env;
    const [drawn = 0] = crypto.random(1);
    // By its identifier, an answer finds the attempt that it belongs to.
    const taken = new Set(others.map((a) => a.initiated.cI[0]));
    const free = Array.from({ length: identifiers }, (_, i) => (drawn + i) % identifiers);
    const cI = Uint8Array.of(free.find((id) => !taken.has(id)) ?? drawn);
    const opening = { method, suites, suite, cI, ead: padding1(method, suites, cI) };
    const kept = this.#identity.kept?.privateKey;
    const initiated = initiate(this.#setup(now), { ...opening, ...(kept && { ephemeral: kept }) });
    return {
      initiated,
      mac1: mac1(crypto, this.#filterKey, initiated.message1),
      cookie: new Uint8Array(cookieBytes),
      cookies: 0,
    };
  }

  #repeat(now: Millis): readonly OutputBody[] {
    this.#tries++;
    this.#lastMs = now;
    switch (this.#state.phase) {
      case "opening":
        return this.#state.attempts.map(opened);
      case "confirming":
        return [{ kind: "transmit", bytes: this.#state.datagram }];
      default:
        return [];
    }
  }

  #receive(bytes: Uint8Array, now: Millis): Result {
    const { defences } = this.#identity;
    if (bytes.length > datagramBytes) return "too-long";
    const read = isHandshake(bytes) ? decodeDatagram(bytes) : readRecord(bytes, defences);
    if (read === undefined || read === "malformed") {
      if (!defences.strictness) throw new RangeError("malformed datagram");
      return "malformed";
    }
    if (typeof read === "string") return read;
    return "kind" in read ? this.#handshake(read, now) : this.#record(read, now);
  }

  #handshake(datagram: HandshakeDatagram, now: Millis): Result {
    const state = this.#state;
    if (state.phase === "opening") {
      if (datagram.kind === "retry") return this.#retry(state.attempts, datagram);
      if (datagram.kind === "error") return this.#error(state.attempts, datagram, now);
      if (datagram.kind === "m2") return this.#answered(state.attempts, datagram, now);
    }
    if (state.phase !== "confirming" || datagram.kind !== "m4") return "unexpected";
    const { settled, agreed } = state;
    if (datagram.id !== settled.cI[0]) return "unknown-peer";
    const wrong = verifyMessage4(this.#setup(now), settled, datagram.message);
    if (wrong !== undefined && this.#isRefused(state.refusal, datagram.message)) return [];
    return wrong ?? this.#open(settled, agreed, now);
  }

  /** Only the server can say so. */
  #isRefused(refusal: Uint8Array | undefined, message: Uint8Array): boolean {
    if (refusal === undefined || !this.#env.crypto.equal(refusal, message)) return false;
    this.#state = { phase: "over" };
    this.#layer.login?.certified?.refused();
    return true;
  }

  #retry(
    attempts: readonly Attempt[],
    { mac1: echoed, cookie }: HandshakeDatagram & { kind: "retry" },
  ): Result {
    const attempt = attempts.find((a) => equalBytes(a.mac1, echoed));
    if (attempt === undefined) return "unknown-peer";
    if (equalBytes(attempt.cookie, cookie)) return "replayed";
    const better = { ...attempt, cookie, cookies: attempt.cookies + 1 };
    this.#state = { phase: "opening", attempts: attempts.map((a) => (a === attempt ? better : a)) };
    return better.cookies <= hastyCookies ? [opened(better)] : [];
  }

  /** An error is not authenticated: the first attempt goes on. */
  #error(
    attempts: readonly Attempt[],
    { mac1: echoed, message }: HandshakeDatagram & { kind: "error" },
    now: Millis,
  ): Result {
    if (!attempts.some((a) => equalBytes(a.mac1, echoed))) return "unknown-peer";
    const theirs = decodeSuitesError(message);
    if (theirs === undefined) return "malformed";
    const { suites } = this.#identity;
    const index = suites.findIndex((s) => theirs.includes(s));
    const tried = attempts.some((a) => a.initiated.suite.id === suites[index]);
    if (index < 0 || tried) return "unexpected";
    const other = this.#attempt(suites.slice(0, index + 1), attempts, now);
    this.#state = { phase: "opening", attempts: [...attempts, other] };
    return [opened(other)];
  }

  /** Only the first good answer counts: the server may have gone on with what we make of it. */
  #answered(attempts: readonly Attempt[], { id, message }: MessageDatagram, now: Millis): Result {
    const attempt = attempts.find((a) => a.initiated.cI[0] === id);
    if (attempt === undefined) return "unknown-peer";
    const setup = this.#setup(now);
    const verified = verifyMessage2(setup, attempt.initiated, message);
    if (typeof verified === "string") return verified;
    if (verified.cR.length !== 1) return "malformed";
    const ead = padding3(verified.suite, setup.own.id);
    const { message3, ...settled } = composeMessage3(setup, verified, ead);
    const agreed = agreedOn(this.#env.crypto, settled);
    const datagram = encodeDatagram({ kind: "m3", id: settled.cR[0] ?? 0, message: message3 });
    const { login } = this.#layer;
    const refusal = login?.certified?.refusal(verified);
    this.#state = { phase: "confirming", settled, agreed, datagram, refusal };
    this.#tries = 0;
    const early = this.#identity.defences.confirmation ? [] : this.#finished(settled, agreed);
    const said = login && !login.certified ? [] : [running(this.#server, agreed)];
    return [...said, ...this.#repeat(now), ...early];
  }

  #finished(settled: Settled, agreed: Uint8Array): readonly OutputBody[] {
    return finished(this.#server, agreed, settled, this.#identity.suites);
  }

  #open(settled: Settled, agreed: Uint8Array, now: Millis): readonly OutputBody[] {
    const [cI = 0, cR = 0] = [settled.cI[0], settled.cR[0]];
    const { crypto } = this.#env;
    const { defences } = this.#identity;
    const { suite, out } = settled;
    const ids = { ownId: cR, peerId: cI };
    const rekey = { setup: (at: Millis) => this.#setup(at), initiates: true };
    const above = this.#layer.above;
    const login = this.#layer.login;
    const peer = { peer: this.#server, ...(above && { above }), ...(login && { login }) };
    const about = { crypto, defences, suite, ...ids, ...peer, out, ...rekey };
    const { coverMs } = this.#identity;
    const channel = new Channel({ ...about, coverMs }, now);
    if (coverMs !== undefined) this.#closeMs = now + coverSessionMs;
    this.#state = { phase: "open", cI, channel };
    this.#lastMs = now;
    login?.opened(channel, settled);
    if (login !== undefined && login.certified === undefined) return [];
    return [...(defences.confirmation ? this.#finished(settled, agreed) : []), ready];
  }

  #record(record: SealedRecord, now: Millis): Result {
    if (this.#state.phase !== "open") return "unexpected";
    // Without a direction, a record could be either end's.
    const fits = record.kid === this.#state.cI || !this.#identity.defences.directions;
    if (!fits) return "unknown-peer";
    const result = this.#state.channel.receive(record, now);
    if (typeof result === "string") return result;
    this.#lastMs = now;
    return this.#ended(result);
  }

  #timeout(now: Millis): readonly OutputBody[] {
    const state = this.#state;
    if (state.phase === "open") {
      const { channel } = state;
      const { coverMs } = this.#identity;
      const isTime = coverMs === undefined || now >= this.#closeMs;
      if (isTime && coverMs !== undefined) this.#closeMs += coverSessionMs;
      return this.#ended(channel.idle && isTime ? channel.close(now) : channel.expire(now));
    }
    const tries = state.phase === "opening" ? openingTries : confirmingTries;
    if (this.#tries < tries) return this.#repeat(now);
    if (state.phase === "confirming" && this.#beginnings < mostBeginnings) return this.#begin(now);
    this.#state = { phase: "over" };
    return [{ kind: "exit", ok: false, because: "the server does not answer" }];
  }

  /** Ends the process where its channel has ended. */
  #ended(outputs: readonly OutputBody[]): readonly OutputBody[] {
    if (this.#state.phase !== "open" || !this.#state.channel.over) return outputs;
    this.#state = { phase: "over" };
    const ok = !outputs.some((o) => o.kind === "give-up");
    const because = ok ? "nothing is left to do" : "messages were not acknowledged";
    return [...outputs, { kind: "exit", ok, because }];
  }
}

const opened = ({ mac1: mac, cookie, initiated }: Attempt): OutputBody => ({
  kind: "transmit",
  bytes: encodeDatagram({ kind: "m1", mac1: mac, cookie, message: initiated.message1 }),
});

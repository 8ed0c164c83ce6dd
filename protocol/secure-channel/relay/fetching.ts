/**
 * Certificates that a user does not hold, fetched from the relay over the channel with it. The
 * relay is a store and no authority: what comes is verified against the root and has to be of
 * the user asked for, or it is as if nothing had come.
 *
 *     question, about `peer`:   index 1
 *     answer:                   index/last 1 ‖ up to 36 bytes of the certificate
 *
 * A record holds no certificate. So the user asks for one piece at a time: the relay answers a
 * record with a record and remembers nothing, and what is lost is asked for again by itself. Ten
 * times at most; then the principal counts as unknown, and what was to be said is given up.
 */
import type { Millis, Principal } from "../../endpoint.ts";
import { concat } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { Directory, type KnownPeer, type Listed, type Root } from "../directory.ts";
import { kidCredential } from "../edhoc/credential.ts";
import { maxPieces } from "../frames.ts";
import { cut } from "../pieces.ts";
import { earliest, givenUp, type Inner, type InnerOutput, mostWaiting, repeated } from "./inner.ts";
import { type Letter, type MailAddresses, ports } from "./mail.ts";

/** With the index before it, what one RELAY frame has room for. */
const pieceBytes = 36;
const againMs = 1_000;
const mostTries = 10;
/** A principal that was not found is not looked for again that soon, however often it calls. */
const quietMs = 30_000;
/** Of a caller whose certificate is on its way: the beginning of a handshake, and copies of it. */
const mostHeld = 4;

/**
 * What the relay answers.
 * @param question untrusted.
 * @returns up to 37 bytes; `undefined` if there is no such piece.
 */
export function answerTo(question: Uint8Array, certificate: Uint8Array): Uint8Array | undefined {
  const piece = question.length === 1 ? cut(certificate, pieceBytes)[question[0] ?? 0] : undefined;
  return piece && concat(Uint8Array.of((piece.index << 4) | piece.last), piece.body);
}

/** The certificates that a user was given, and those that it got to know. */
export class Acquaintances extends Directory {
  readonly #crypto: CryptoKit;
  readonly #root: Root;
  readonly #book: MailAddresses;
  /** Those of the book only, so that they are not more than it has names. */
  readonly #learnt = new Map<Principal, Directory>();

  constructor(crypto: CryptoKit, root: Root, given: readonly Listed[], book: MailAddresses) {
    super(crypto, root, given);
    this.#crypto = crypto;
    this.#root = root;
    this.#book = book;
  }

  /**
   * @param bytes untrusted.
   * @returns whether it is the certificate of `name`, from the root, and holds now; if not,
   *   nothing has changed.
   */
  learn(name: Principal, bytes: Uint8Array, now: Millis): boolean {
    const kid = this.#book.kidOf(name);
    if (kid === undefined) return false;
    const found = new Directory(this.#crypto, this.#root, [{ kid, bytes }]);
    const known = found.find(kidCredential(Uint8Array.of(kid)), now);
    if (known?.certificate.subject !== name) return false;
    this.#learnt.set(name, found);
    return true;
  }

  knows(name: Principal, now: Millis): boolean {
    const known = this.named(name);
    return known !== undefined && this.find(known.credential.id, now) !== undefined;
  }

  override find(id: Uint8Array, now: Millis): KnownPeer | undefined {
    const learnt = [...this.#learnt.values()].map((one) => one.find(id, now));
    return super.find(id, now) ?? learnt.find((known) => known !== undefined);
  }

  override named(name: Principal): KnownPeer | undefined {
    return super.named(name) ?? this.#learnt.get(name)?.named(name);
  }
}

interface Question {
  /** What we have to say to whom it is about. */
  readonly waiting: Uint8Array[];
  /** What came from there, or so the relay says. */
  readonly held: Letter[];
  last: number | undefined;
  readonly pieces: Map<number, Uint8Array>;
  tries: number;
  againMs: Millis;
}

/** Asks for certificates, and keeps what needs them waiting. */
export class Fetching implements Inner {
  readonly #book: MailAddresses;
  readonly #directory: Acquaintances;
  readonly #inner: Inner;
  readonly #questions = new Map<Principal, Question>();
  /** Until when a principal that was not found is not looked for again. */
  readonly #quiet = new Map<Principal, Millis>();

  constructor(book: MailAddresses, directory: Acquaintances, inner: Inner) {
    this.#book = book;
    this.#directory = directory;
    this.#inner = inner;
  }

  start(now: Millis): readonly InnerOutput[] {
    return this.#inner.start(now);
  }

  send(to: Principal, message: Uint8Array, now: Millis): readonly InnerOutput[] {
    if (this.#directory.knows(to, now)) return this.#inner.send(to, message, now);
    if (this.#book.kidOf(to) === undefined) return givenUp([message]);
    const asked = this.#ask(to, now);
    const { waiting } = this.#questions.get(to) ?? {};
    if (waiting === undefined || waiting.length >= mostWaiting) return givenUp([message]);
    waiting.push(message);
    return asked;
  }

  receive(letter: Letter, now: Millis): readonly InnerOutput[] {
    const { peer, port, bytes } = letter;
    if (port === ports.certificates) return this.#told(peer, bytes, now);
    if (this.#directory.knows(peer, now)) return this.#inner.receive(letter, now);
    const quiet = (this.#quiet.get(peer) ?? now) > now;
    const asked = quiet || port !== ports.answering ? [] : this.#ask(peer, now);
    const held = this.#questions.get(peer)?.held;
    if (port !== ports.answering || held === undefined || held.length >= mostHeld) {
      return [unknownPeer, ...asked];
    }
    held.push(letter);
    return asked;
  }

  expire(now: Millis): readonly InnerOutput[] {
    const due = [...this.#questions].filter(([, question]) => question.againMs <= now);
    const asked = due.flatMap(([about, question]): readonly InnerOutput[] => {
      if (question.tries < mostTries) return repeated(this.#posts(about, question, now));
      this.#questions.delete(about);
      this.#quiet.set(about, now + quietMs);
      return [...question.held.map(() => unknownPeer), ...givenUp(question.waiting)];
    });
    return [...asked, ...this.#inner.expire(now)];
  }

  deadline(): Millis | undefined {
    const questions = [...this.#questions.values()].map((question) => question.againMs);
    return earliest([this.#inner.deadline(), ...questions]);
  }

  abandon(): readonly InnerOutput[] {
    const waiting = [...this.#questions.values()].flatMap((question) => question.waiting);
    this.#questions.clear();
    return [...givenUp(waiting), ...this.#inner.abandon()];
  }

  stateSize(): number {
    const held = [...this.#questions.values()].map((question) => question.held.length);
    return held.reduce((sum, count) => sum + count, this.#inner.stateSize());
  }

  #ask(about: Principal, now: Millis): readonly InnerOutput[] {
    if (this.#questions.has(about)) return [];
    const nothing = { waiting: [], held: [], last: undefined, pieces: new Map() };
    const question: Question = { ...nothing, tries: 0, againMs: now };
    this.#questions.set(about, question);
    return this.#posts(about, question, now);
  }

  /** Asks for the first piece, which says how many there are; then for all that are missing. */
  #posts(peer: Principal, question: Question, now: Millis): readonly InnerOutput[] {
    question.tries++;
    question.againMs = now + againMs;
    return missingOf(question).map((index) => {
      const bytes = Uint8Array.of(index);
      return { kind: "post", peer, port: ports.certificates, again: false, bytes };
    });
  }

  #told(about: Principal, answer: Uint8Array, now: Millis): readonly InnerOutput[] {
    const question = this.#questions.get(about);
    if (question === undefined) return [{ kind: "reject", reason: "unexpected" }];
    const [head = 0xff] = answer;
    const [index, last] = [head >> 4, head & 15];
    const fits = index <= last && last < maxPieces && answer.length <= 1 + pieceBytes;
    if (!fits) return [{ kind: "reject", reason: "malformed" }];
    const { pieces } = question;
    // One answer or the other was false: it begins anew.
    if (question.last !== last) pieces.clear();
    const first = question.last === undefined && question.tries < mostTries;
    question.last = last;
    pieces.set(index, answer.slice(1));
    if (pieces.size <= last) return first ? this.#posts(about, question, now) : [];
    const bytes = concat(...Array.from({ length: last + 1 }, (_, i) => pieces.get(i) ?? answer));
    pieces.clear();
    question.last = undefined;
    if (!this.#directory.learn(about, bytes, now)) return [unknownPeer];
    this.#questions.delete(about);
    this.#quiet.delete(about);
    const said = question.waiting.flatMap((message) => this.#inner.send(about, message, now));
    return [...said, ...question.held.flatMap((letter) => this.#inner.receive(letter, now))];
  }
}

const unknownPeer: InnerOutput = { kind: "reject", reason: "unknown-peer" };

function missingOf({ last, pieces }: Question): readonly number[] {
  if (last === undefined) return [0];
  return Array.from({ length: last + 1 }, (_, index) => index).filter((i) => !pieces.has(i));
}

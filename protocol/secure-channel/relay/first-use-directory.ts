/**
 * What goes wrong where keys come from the relay: each user draws a static key, tells the relay,
 * and asks it for those of others. Everything else is as it is; but the relay now decides who is at
 * the other end of an inner channel.
 */
import type { Millis, Principal } from "../../endpoint.ts";
import { hex } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";
import { Directory, type KnownPeer } from "../directory.ts";
import { encodeItem } from "../edhoc/cbor.ts";
import { kidCredential, type OwnCredential } from "../edhoc/credential.ts";
import { publicKeyBytes } from "../suites.ts";
import { earliest, givenUp, type Inner, type InnerOutput } from "./inner.ts";
import { type Letter, type MailAddresses, ports } from "./mail.ts";

const againMs = 1_000;
const mostTries = 30;
const empty = new Uint8Array(0);
/** In the place of a certificate: a name and a key, unsigned. */
const credentialOf = (name: Principal, key: Uint8Array): Uint8Array => encodeItem([name, key]);
const idOf = (kid: number): Uint8Array => kidCredential(Uint8Array.of(kid));

/** A directory of keys as the relay told them: trust on first use, one key for each name. */
export class FirstUseDirectory extends Directory {
  readonly #book: MailAddresses;
  readonly #keys = new Map<Principal, Uint8Array>();

  constructor(crypto: CryptoKit, book: MailAddresses) {
    super(crypto, { name: "the relay", publicKey: empty }, []);
    this.#book = book;
  }

  hear(name: Principal, key: Uint8Array): void {
    if (!this.#keys.has(name)) this.#keys.set(name, key.slice());
  }

  override find(id: Uint8Array): KnownPeer | undefined {
    const name = this.#book.names.find((_, kid) => hex(idOf(kid)) === hex(id));
    return name === undefined ? undefined : this.named(name);
  }

  override named(name: Principal): KnownPeer | undefined {
    const kid = this.#book.kidOf(name);
    const key = this.#keys.get(name);
    if (kid === undefined || key === undefined) return undefined;
    const bytes = credentialOf(name, key);
    const names = { subject: name, issuer: "the relay" };
    const numbers = { from: 0, until: Number.MAX_SAFE_INTEGER, serial: kid };
    const keys = { curve: "x25519", staticKey: key, signingKey: empty } as const;
    const credential = { id: idOf(kid), credential: bytes, publicKey: key };
    return { certificate: { ...names, ...numbers, ...keys, bytes }, credential };
  }
}

/** How a user is known who has nothing but a key. */
export const unsigned = (name: Principal, kid: number, pair: KeyPair): OwnCredential => ({
  id: idOf(kid),
  credential: credentialOf(name, pair.publicKey),
  ...pair,
});

interface Question {
  readonly waiting: Uint8Array[];
  tries: number;
  againMs: Millis;
}

/** Asks for keys, and keeps what needs them waiting. */
export class Introductions implements Inner {
  readonly #self: Principal;
  readonly #ownKey: Uint8Array;
  readonly #directory: FirstUseDirectory;
  readonly #inner: Inner;
  readonly #questions = new Map<Principal, Question>();

  constructor(self: Principal, ownKey: Uint8Array, directory: FirstUseDirectory, inner: Inner) {
    this.#self = self;
    this.#ownKey = ownKey;
    this.#directory = directory;
    this.#inner = inner;
  }

  /** Asks for the user's own key, which shows whether it has arrived. */
  start(now: Millis): readonly InnerOutput[] {
    return [...this.#inner.start(now), ...this.#ask(this.#self, now)];
  }

  send(to: Principal, message: Uint8Array, now: Millis): readonly InnerOutput[] {
    if (this.#directory.named(to) !== undefined) return this.#inner.send(to, message, now);
    const asked = this.#ask(to, now);
    this.#questions.get(to)?.waiting.push(message);
    return asked;
  }

  receive(letter: Letter, now: Millis): readonly InnerOutput[] {
    const { peer, port, bytes } = letter;
    if (port === ports.directory) return this.#told(peer, bytes, now);
    if (this.#directory.named(peer) !== undefined) return this.#inner.receive(letter, now);
    return [{ kind: "reject", reason: "unknown-peer" }, ...this.#ask(peer, now)];
  }

  expire(now: Millis): readonly InnerOutput[] {
    const due = [...this.#questions].filter(([, question]) => question.againMs <= now);
    const asked = due.flatMap(([about, question]): readonly InnerOutput[] => {
      if (question.tries < mostTries) return [this.#question(about, question, now)];
      this.#questions.delete(about);
      return givenUp(question.waiting);
    });
    return [...asked, ...this.#inner.expire(now)];
  }

  deadline(): Millis | undefined {
    const questions = [...this.#questions.values()].map((question) => question.againMs);
    return earliest([this.#inner.deadline(), ...questions]);
  }

  abandon(): readonly InnerOutput[] {
    const waiting = [...this.#questions.values()].flatMap((question) => question.waiting);
    return [...givenUp(waiting), ...this.#inner.abandon()];
  }

  stateSize(): number {
    return this.#inner.stateSize();
  }

  #ask(about: Principal, now: Millis): readonly InnerOutput[] {
    if (this.#questions.has(about)) return [];
    const question: Question = { waiting: [], tries: 0, againMs: now };
    this.#questions.set(about, question);
    return [this.#question(about, question, now)];
  }

  #question(about: Principal, question: Question, now: Millis): InnerOutput {
    const again = question.tries++ > 0;
    question.againMs = now + againMs;
    return { kind: "post", peer: about, port: ports.directory, again, bytes: this.#ownKey.slice() };
  }

  #told(about: Principal, key: Uint8Array, now: Millis): readonly InnerOutput[] {
    const question = this.#questions.get(about);
    if (question === undefined || key.length !== publicKeyBytes) {
      return [{ kind: "reject", reason: "unexpected" }];
    }
    this.#questions.delete(about);
    this.#directory.hear(about, key);
    return question.waiting.flatMap((message) => this.#inner.send(about, message, now));
  }
}

/**
 * A handshake as one end sees it (Noise §5.3): reads and writes the messages of a pattern, token by
 * token. DH is X25519 (§12.1): public keys of 32 bytes. A point that makes every secret zero is
 * rejected, as §12.1 allows. States are values: what is rejected leaves everything as it was.
 */
import { MisuseError, type RejectReason } from "../../endpoint.ts";
import { concat } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";
import type { Part } from "../end.ts";
import { type HandshakePattern, otherPart, type Token } from "./parse-pattern.ts";
import { SymmetricState } from "./symmetric-state.ts";

export const publicKeyBytes = 32;
/** Any private key at all: a point that makes one secret zero makes every secret zero. */
const probe = new Uint8Array(32);
/** Handshake messages and transport messages alike (Noise §3). */
export const messageBytes = 65_535;

export interface HandshakeAbout {
  readonly crypto: CryptoKit;
  readonly pattern: HandshakePattern;
  readonly part: Part;
  /** What both have agreed on before (Noise §6). */
  readonly prologue: Uint8Array;
  /** The own static pair, where the pattern has one. */
  readonly own?: KeyPair | undefined;
  /** The other's static public key, where the pattern has it known. */
  readonly theirs?: Uint8Array | undefined;
  /**
   * The `nth` pre-shared key, 32 bytes, counted from 0, for the holder of a static key.
   * `undefined` if there is none for them.
   */
  psk?(nth: number, theirs: Uint8Array | undefined): Uint8Array | undefined;
}

interface Fields {
  readonly symmetric: SymmetricState;
  /** The own ephemeral pair, and the other's public key. */
  readonly ephemeral?: KeyPair;
  readonly theirEphemeral?: Uint8Array;
  readonly theirStatic?: Uint8Array | undefined;
  /** The index of the next message. */
  readonly next: number;
  readonly psks: number;
}

/** Fields after some tokens of a message, and the message so far or what is left of it. */
type Partly = Fields & { readonly bytes: Uint8Array };

export interface Step {
  readonly state: HandshakeState;
  /** Written: the message. Read: the payload. */
  readonly bytes: Uint8Array;
}

export class HandshakeState {
  readonly #about: HandshakeAbout;
  readonly #fields: Fields;

  private constructor(about: HandshakeAbout, fields: Fields) {
    this.#about = about;
    this.#fields = fields;
  }

  /** @throws MisuseError if a static key is missing that the pattern has known. */
  static initialize(about: HandshakeAbout): HandshakeState {
    const { crypto, pattern, part, prologue, own, theirs } = about;
    const name = `Noise_${pattern.name}_25519_ChaChaPoly_SHA256`;
    let symmetric = SymmetricState.initialize(crypto, name).mixHash(prologue);
    for (const of of ["initiator", "responder"] as const) {
      if (!pattern.known[of]) continue;
      const key = of === part ? own?.publicKey : theirs;
      if (key === undefined) throw new MisuseError(`${pattern.name} needs the ${of}'s static key`);
      symmetric = symmetric.mixHash(key);
    }
    return new HandshakeState(about, { symmetric, theirStatic: theirs, next: 0, psks: 0 });
  }

  /** The transcript so far, 32 bytes. */
  get hash(): Uint8Array {
    return this.#fields.symmetric.hash;
  }

  /** How many messages have been written and read. */
  get messages(): number {
    return this.#fields.next;
  }

  get theirStatic(): Uint8Array | undefined {
    return this.#fields.theirStatic;
  }

  get isComplete(): boolean {
    return this.#message === undefined;
  }

  get isWriting(): boolean {
    return this.#message?.sender === this.#about.part;
  }

  /** @throws MisuseError if it is not this end's turn, or the message gets too long. */
  write(payload: Uint8Array): Step {
    if (!this.isWriting) throw new MisuseError("it is not this end's turn to write");
    let now: Partly = { ...this.#fields, bytes: new Uint8Array(0) };
    for (const token of this.#message?.tokens ?? []) now = this.#writeToken(now, token);
    const { state, bytes } = now.symmetric.encryptAndHash(payload);
    const message = concat(now.bytes, bytes);
    if (message.length > messageBytes) throw new MisuseError("a message has 65535 bytes at most");
    return { state: this.#after(now, state), bytes: message };
  }

  /** @param message untrusted. @returns the payload, or why the message is discarded. */
  read(message: Uint8Array): Step | RejectReason {
    if (this.isComplete || this.isWriting) return "unexpected";
    if (message.length > messageBytes) return "too-long";
    let now: Partly = { ...this.#fields, bytes: message };
    for (const token of this.#message?.tokens ?? []) {
      const next = this.#readToken(now, token);
      if (typeof next === "string") return next;
      now = next;
    }
    if (now.bytes.length < now.symmetric.overhead) return "malformed";
    const step = now.symmetric.decryptAndHash(now.bytes);
    if (step === undefined) return "bad-tag";
    return { state: this.#after(now, step.state), bytes: step.bytes };
  }

  /** @see SymmetricState.split. @throws MisuseError before the handshake is complete. */
  split(): readonly [Uint8Array, Uint8Array] {
    if (!this.isComplete) throw new MisuseError("the handshake is not complete");
    return this.#fields.symmetric.split();
  }

  get #message() {
    return this.#about.pattern.messages[this.#fields.next];
  }

  #after({ bytes: _, ...fields }: Partly, symmetric: SymmetricState): HandshakeState {
    return new HandshakeState(this.#about, { ...fields, symmetric, next: fields.next + 1 });
  }

  #writeToken(now: Partly, token: Token): Partly {
    const { crypto, own } = this.#about;
    if (token === "e") {
      const ephemeral = crypto.keyPair("x25519");
      const symmetric = this.#mixEphemeral(now.symmetric, ephemeral.publicKey);
      return { ...now, symmetric, ephemeral, bytes: concat(now.bytes, ephemeral.publicKey) };
    }
    if (token === "s") {
      if (own === undefined) throw new MisuseError("this end has no static key");
      const { state, bytes } = now.symmetric.encryptAndHash(own.publicKey);
      return { ...now, symmetric: state, bytes: concat(now.bytes, bytes) };
    }
    const next = this.#mixToken(now, token);
    if (typeof next === "string") throw new MisuseError(`cannot mix ${token}: ${next}`);
    return next;
  }

  #readToken(now: Partly, token: Token): Partly | RejectReason {
    if (token !== "e" && token !== "s") return this.#mixToken(now, token);
    const length = publicKeyBytes + (token === "s" ? now.symmetric.overhead : 0);
    if (now.bytes.length < length) return "malformed";
    const [key, bytes] = [now.bytes.slice(0, length), now.bytes.slice(length)];
    if (token === "e") {
      if (!this.#isGood(key)) return "bad-key";
      const symmetric = this.#mixEphemeral(now.symmetric, key);
      return { ...now, symmetric, theirEphemeral: key, bytes };
    }
    const step = now.symmetric.decryptAndHash(key);
    if (step === undefined) return "bad-tag";
    if (!this.#isGood(step.bytes)) return "bad-key";
    return { ...now, symmetric: step.state, theirStatic: step.bytes, bytes };
  }

  /** Keys are used later, too, when a message is written: then it is too late to reject them. */
  #isGood(key: Uint8Array): boolean {
    return this.#about.crypto.sharedSecret("x25519", probe, key) !== undefined;
  }

  #mixEphemeral(symmetric: SymmetricState, key: Uint8Array): SymmetricState {
    const mixed = symmetric.mixHash(key);
    return this.#about.pattern.hasPsk ? mixed.mixKey(key) : mixed;
  }

  /** The tokens of which nothing is sent. */
  #mixToken(now: Partly, token: Exclude<Token, "e" | "s">): Partly | RejectReason {
    if (token === "psk") {
      const psk = this.#about.psk?.(now.psks, now.theirStatic);
      if (psk === undefined) return "unknown-peer";
      return { ...now, symmetric: now.symmetric.mixKeyAndHash(psk), psks: now.psks + 1 };
    }
    const secret = this.#dh(now, token);
    return secret === undefined ? "bad-key" : { ...now, symmetric: now.symmetric.mixKey(secret) };
  }

  /** The first letter says which key of the initiator's, the second which of the responder's. */
  #dh(now: Partly, token: "ee" | "es" | "se" | "ss"): Uint8Array | undefined {
    const { crypto, own, part } = this.#about;
    const [of, from] = part === "initiator" ? [0, 1] : [1, 0];
    const pair = token[of] === "e" ? now.ephemeral : own;
    const key = token[from] === "e" ? now.theirEphemeral : now.theirStatic;
    if (pair === undefined || key === undefined) {
      throw new MisuseError(`the ${part} has no keys for ${token} with the ${otherPart(part)}`);
    }
    return crypto.sharedSecret("x25519", pair.privateKey, key);
  }
}

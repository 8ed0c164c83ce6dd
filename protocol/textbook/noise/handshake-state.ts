/**
 * A handshake as one end sees it (Noise §5.3): reads and writes the messages of a pattern, token by
 * token. States are values: what is rejected leaves everything as it was.
 */
import { MisuseError, type RejectReason } from "../../endpoint.ts";
import { concat } from "../../kit/bytes.ts";
import {
  type Fields,
  type HandshakeAbout,
  type Partly,
  readToken,
  writeToken,
} from "./handshake-tokens.ts";
import { SymmetricState } from "./symmetric-state.ts";

/** Handshake messages and transport messages alike (Noise §3). */
export const messageBytes = 65_535;

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
    for (const token of this.#message?.tokens ?? []) now = writeToken(this.#about, now, token);
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
      const next = readToken(this.#about, now, token);
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

  #after(done: Fields, symmetric: SymmetricState): HandshakeState {
    const { ephemeral, theirEphemeral, theirStatic, psks } = done;
    const keys = {
      ...(ephemeral !== undefined && { ephemeral }),
      ...(theirEphemeral !== undefined && { theirEphemeral }),
    };
    const next = done.next + 1;
    return new HandshakeState(this.#about, { ...keys, theirStatic, psks, symmetric, next });
  }
}

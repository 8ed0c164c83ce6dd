/**
 * Diffie–Hellman over X25519 in three messages, each end proving itself with a token:
 *
 *     A → B: X, A        B → A: Y, token of B        A → B: token of A
 *
 * What a token is, and what the key depends on, is up to the protocol.
 */
import type { Env, OutputBody, Principal } from "../endpoint.ts";
import { text, utf8 } from "../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../kit/crypto.ts";
import { End, type Part } from "./end.ts";
import { any, message, readMessage } from "./fields.ts";
import { type Result, running, transmit } from "./party.ts";
import type { DirectionKeys, RecordsOptions } from "./records.ts";

const pointBytes = 32;

/** What one end knows once it has both halves. */
export interface Halves {
  readonly self: Principal;
  readonly peer: Principal;
  readonly part: Part;
  readonly otherPart: Part;
  /** This end's private half, 32 bytes. */
  readonly secret: Uint8Array;
  /** Public halves, 32 bytes each. */
  readonly own: Uint8Array;
  readonly theirs: Uint8Array;
  /** The same, the initiator's first. */
  readonly inOrder: readonly [Uint8Array, Uint8Array];
  /** The initiator's name, then the responder's. */
  readonly names: readonly [Uint8Array, Uint8Array];
  /** g^xy, 32 bytes. */
  readonly shared: Uint8Array;
}

/** How a protocol ties halves, names and key together. */
export interface Binding {
  knows(peer: Principal): boolean;
  /** This end's half, where it is not just drawn. */
  pair?(crypto: CryptoKit, self: Principal): KeyPair;
  /** @returns 32 bytes; `undefined` if a key is no point of the curve. */
  key(crypto: CryptoKit, halves: Halves): Uint8Array | undefined;
  token(crypto: CryptoKit, halves: Halves, key: Uint8Array): Uint8Array;
  convinces(crypto: CryptoKit, halves: Halves, key: Uint8Array, token: Uint8Array): boolean;
  /** How records differ from the usual ones. */
  readonly records?: Partial<RecordsOptions>;
  directions?(crypto: CryptoKit, key: Uint8Array): DirectionKeys;
}

interface Agreed {
  readonly halves: Halves;
  readonly key: Uint8Array;
}

abstract class Agreeing extends End {
  protected readonly binding: Binding;

  constructor(env: Env, binding: Binding) {
    super(env);
    this.binding = binding;
  }

  /** @returns `undefined` if their half is no point of the curve. */
  protected agree(pair: KeyPair, theirs: Uint8Array, peer: Principal): Agreed | undefined {
    const { crypto, self } = this.env;
    const shared = crypto.sharedSecret("x25519", pair.privateKey, theirs);
    if (shared === undefined) return undefined;
    const own = pair.publicKey;
    const { part, otherPart } = this;
    const inOrder = this.inOrder(own, theirs);
    const names = this.inOrder(utf8(self), utf8(peer));
    const secret = pair.privateKey;
    const halves = { self, peer, part, otherPart, secret, own, theirs, inOrder, names, shared };
    const key = this.binding.key(crypto, halves);
    return key === undefined ? undefined : { halves, key };
  }

  protected half(): KeyPair {
    const { crypto, self } = this.env;
    return this.binding.pair?.(crypto, self) ?? crypto.keyPair("x25519");
  }

  protected token({ halves, key }: Agreed): Uint8Array {
    return this.binding.token(this.env.crypto, halves, key);
  }

  protected isConvincing({ halves, key }: Agreed, token: Uint8Array): boolean {
    return this.binding.convinces(this.env.crypto, halves, key, token);
  }

  protected open({ halves, key }: Agreed): readonly OutputBody[] {
    const { binding, env } = this;
    return this.finish(halves.peer, key, binding.records, binding.directions?.(env.crypto, key));
  }
}

export class Initiator extends Agreeing {
  #pair: KeyPair | undefined;

  start(): readonly OutputBody[] {
    const { peer = "", self } = this.env;
    this.#pair = this.half();
    const { publicKey } = this.#pair;
    return [running(peer, publicKey), transmit(message(1, publicKey, utf8(self)))];
  }

  protected handshake(bytes: Uint8Array): Result {
    const { peer = "" } = this.env;
    const fields = readMessage(bytes, 2, pointBytes, any);
    if (fields === undefined || this.#pair === undefined) return "malformed";
    const agreed = this.agree(this.#pair, fields[0], peer);
    if (agreed === undefined) return "bad-key";
    if (!this.isConvincing(agreed, fields[1])) return "bad-signature";
    const own = transmit(message(3, this.token(agreed)));
    return [own, ...this.open(agreed)];
  }
}

export class Responder extends Agreeing {
  #agreed: Agreed | undefined;

  protected handshake(bytes: Uint8Array): Result {
    return this.#agreed === undefined ? this.#hello(bytes) : this.#last(bytes, this.#agreed);
  }

  #hello(bytes: Uint8Array): Result {
    const fields = readMessage(bytes, 1, pointBytes, any);
    if (fields === undefined) return "malformed";
    const peer = text(fields[1]) ?? "";
    if (!this.binding.knows(peer) || peer === this.env.self) return "unknown-peer";
    const agreed = this.agree(this.half(), fields[0], peer);
    if (agreed === undefined) return "bad-key";
    this.#agreed = agreed;
    const answer = message(2, agreed.halves.own, this.token(agreed));
    return [running(peer, agreed.key), transmit(answer)];
  }

  #last(bytes: Uint8Array, agreed: Agreed): Result {
    const token = readMessage(bytes, 3, any)?.[0];
    if (token === undefined) return "malformed";
    return this.isConvincing(agreed, token) ? this.open(agreed) : "bad-signature";
  }
}

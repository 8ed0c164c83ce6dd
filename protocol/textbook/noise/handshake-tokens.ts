/**
 * What each token of a message does to a handshake (Noise §5.3, §9.2). DH is X25519 (§12.1): public
 * keys of 32 bytes. A point that makes every secret zero is rejected, as §12.1 allows.
 */
import { MisuseError, type RejectReason } from "../../endpoint.ts";
import { concat } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";
import type { Part } from "../end.ts";
import { type HandshakePattern, otherPart, type Token } from "./parse-pattern.ts";
import type { SymmetricState } from "./symmetric-state.ts";

export const publicKeyBytes = 32;
/** Any private key at all: a point that makes one secret zero makes every secret zero. */
const probe = new Uint8Array(32);

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

export interface Fields {
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
export type Partly = Fields & { readonly bytes: Uint8Array };

export function writeToken(about: HandshakeAbout, now: Partly, token: Token): Partly {
  const { crypto, own } = about;
  if (token === "e") {
    const ephemeral = crypto.keyPair("x25519");
    const symmetric = mixEphemeral(about, now.symmetric, ephemeral.publicKey);
    return { ...now, symmetric, ephemeral, bytes: concat(now.bytes, ephemeral.publicKey) };
  }
  if (token === "s") {
    if (own === undefined) throw new MisuseError("this end has no static key");
    const { state, bytes } = now.symmetric.encryptAndHash(own.publicKey);
    return { ...now, symmetric: state, bytes: concat(now.bytes, bytes) };
  }
  const next = mixToken(about, now, token);
  if (typeof next === "string") throw new MisuseError(`cannot mix ${token}: ${next}`);
  return next;
}

/** @param now with untrusted bytes. @returns what is left of them, or why they are discarded. */
export function readToken(about: HandshakeAbout, now: Partly, token: Token): Partly | RejectReason {
  if (token !== "e" && token !== "s") return mixToken(about, now, token);
  const length = publicKeyBytes + (token === "s" ? now.symmetric.overhead : 0);
  if (now.bytes.length < length) return "malformed";
  const [key, bytes] = [now.bytes.slice(0, length), now.bytes.slice(length)];
  if (token === "e") {
    if (!isGood(about.crypto, key)) return "bad-key";
    const symmetric = mixEphemeral(about, now.symmetric, key);
    return { ...now, symmetric, theirEphemeral: key, bytes };
  }
  const step = now.symmetric.decryptAndHash(key);
  if (step === undefined) return "bad-tag";
  if (!isGood(about.crypto, step.bytes)) return "bad-key";
  return { ...now, symmetric: step.state, theirStatic: step.bytes, bytes };
}

/** Keys are used later, too, when a message is written: then it is too late to reject them. */
const isGood = (crypto: CryptoKit, key: Uint8Array): boolean =>
  crypto.sharedSecret("x25519", probe, key) !== undefined;

function mixEphemeral({ pattern }: HandshakeAbout, symmetric: SymmetricState, key: Uint8Array) {
  const mixed = symmetric.mixHash(key);
  return pattern.hasPsk ? mixed.mixKey(key) : mixed;
}

/** The tokens of which nothing is sent. */
function mixToken(
  about: HandshakeAbout,
  now: Partly,
  token: Exclude<Token, "e" | "s">,
): Partly | RejectReason {
  if (token === "psk") {
    const psk = about.psk?.(now.psks, now.theirStatic);
    if (psk === undefined) return "unknown-peer";
    return { ...now, symmetric: now.symmetric.mixKeyAndHash(psk), psks: now.psks + 1 };
  }
  const secret = dh(about, now, token);
  return secret === undefined ? "bad-key" : { ...now, symmetric: now.symmetric.mixKey(secret) };
}

/** The first letter says which key of the initiator's, the second which of the responder's. */
function dh({ crypto, own, part }: HandshakeAbout, now: Partly, token: "ee" | "es" | "se" | "ss") {
  const [of, from] = part === "initiator" ? [0, 1] : [1, 0];
  const pair = token[of] === "e" ? now.ephemeral : own;
  const key = token[from] === "e" ? now.theirEphemeral : now.theirStatic;
  if (pair === undefined || key === undefined) {
    throw new MisuseError(`the ${part} has no keys for ${token} with the ${otherPart(part)}`);
  }
  return crypto.sharedSecret("x25519", pair.privateKey, key);
}

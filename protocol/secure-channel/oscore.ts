/**
 * The record cryptography of OSCORE: keys from one secret, nonces from identifiers and counters,
 * and associated data that ties a ciphertext to its place.
 *
 * @see RFC 8613 §3.2, §5.2, §5.4
 */
import { MisuseError } from "../endpoint.ts";
import { concat, readUint, uintBytes } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { encodeItem } from "./edhoc/cbor.ts";
import { type Aead, hashName } from "./suites.ts";

const empty = new Uint8Array(0);
/** A Partial IV has 1 to 5 bytes: counters stay below 2^40. */
export const maxPartialIvBytes = 5;
const version = 1;

/** What one party seals with, and the other opens with. */
export interface DirectionKeys {
  readonly aead: Aead;
  /** The sender's identifier, at most the nonce's length less 6. */
  readonly id: Uint8Array;
  readonly key: Uint8Array;
  /** As long as a nonce; both directions have the same one. */
  readonly commonIv: Uint8Array;
}

export interface SecurityContext {
  readonly send: DirectionKeys;
  readonly receive: DirectionKeys;
}

export interface ContextInputs {
  readonly masterSecret: Uint8Array;
  readonly masterSalt?: Uint8Array;
  readonly idContext?: Uint8Array;
  readonly senderId: Uint8Array;
  readonly recipientId: Uint8Array;
  readonly aead: Aead;
}

/** Sender Key, Recipient Key and Common IV. RFC 8613 §3.2.1. */
export function securityContext(crypto: CryptoKit, inputs: ContextInputs): SecurityContext {
  const { masterSecret: key, masterSalt: salt = empty, idContext, aead } = inputs;
  const derive = (id: Uint8Array, type: "Key" | "IV", length: number): Uint8Array => {
    const info = encodeItem([id, idContext ?? null, aead.cose, type, length]);
    return crypto.hkdf({ hash: hashName, key, salt, info, length });
  };
  const commonIv = derive(empty, "IV", aead.nonceBytes);
  const keysOf = (id: Uint8Array): DirectionKeys => ({
    aead,
    id,
    key: derive(id, "Key", aead.keyBytes),
    commonIv,
  });
  return { send: keysOf(inputs.senderId), receive: keysOf(inputs.recipientId) };
}

/** @returns the counter in as few bytes as it takes, at least one. RFC 8613 §5. */
export function partialIv(counter: number): Uint8Array {
  for (let size = 1; size <= maxPartialIvBytes; size++) {
    if (counter < 256 ** size) return uintBytes(counter, size);
  }
  throw new MisuseError(`${counter} is no counter of at most ${maxPartialIvBytes} bytes`);
}

/** Undoes {@link partialIv}. @returns `undefined` if it is longer than needed, or has no bytes. */
export function counterOf(piv: Uint8Array): number | undefined {
  const canonical = piv.length === 1 || (piv.length <= maxPartialIvBytes && (piv[0] ?? 0) > 0);
  return canonical ? readUint(piv) : undefined;
}

/**
 * Length of the id, id, counter, XORed with the Common IV: two senders never have the same nonce,
 * nor does one sender twice. @returns as many bytes as the AEAD wants. RFC 8613 §5.2.
 */
export function nonceOf({ aead, id, commonIv }: DirectionKeys, piv: Uint8Array): Uint8Array {
  const room = aead.nonceBytes - 1 - maxPartialIvBytes;
  if (id.length > room) throw new MisuseError(`an id has at most ${room} bytes, not ${id.length}`);
  const zeros = (length: number): Uint8Array => new Uint8Array(length);
  const head = concat(Uint8Array.of(id.length), zeros(room - id.length), id);
  const plain = concat(head, zeros(maxPartialIvBytes - piv.length), piv);
  return plain.map((byte, i) => byte ^ (commonIv[i] ?? 0));
}

/**
 * @param options what else the ciphertext is tied to, though it is not sent (Class I options).
 * @see RFC 8613 §5.4
 */
export function associatedData(
  { cose }: Aead,
  kid: Uint8Array,
  piv: Uint8Array,
  options: Uint8Array = empty,
): Uint8Array {
  const external = encodeItem([version, [cose], kid, piv, options]);
  return encodeItem(["Encrypt0", empty, external]);
}

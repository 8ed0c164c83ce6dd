/**
 * Credentials: what EDHOC authenticates. The protocol sends only ID_CRED_x, a reference; CRED_x
 * itself is known already, and both go into MACs and transcript.
 *
 * @see RFC 9528 §3.5
 */
import { equalBytes } from "../../kit/bytes.ts";
import { type CborItem, decodeItem, encodeId, encodeItem, idOf, type ReadItem } from "./cbor.ts";

export interface Credential {
  /** ID_CRED_x: a CBOR map. */
  readonly id: Uint8Array;
  /** CRED_x: one CBOR item. */
  readonly credential: Uint8Array;
  /** 32 bytes: a static Diffie–Hellman key (of P-256, its x-coordinate), or an Ed25519 key. */
  readonly publicKey: Uint8Array;
}
export interface OwnCredential extends Credential {
  readonly privateKey: Uint8Array;
}

/** Finds a trusted credential by its ID_CRED_x; the caller has verified all of them before. */
export type FindCredential = (id: Uint8Array) => Credential | undefined;

/** The COSE header parameter `kid`. */
const kidLabel = 4;

/** @returns ID_CRED_x that names a credential by its key identifier. */
export const kidCredential = (kid: Uint8Array): Uint8Array =>
  encodeItem(new Map<number, CborItem>([[kidLabel, kid]]));

/** @returns the kid of an ID_CRED_x that has nothing else. */
function kidOf(id: Uint8Array): Uint8Array | undefined {
  const map = decodeItem(id);
  if (!(map instanceof Map) || map.size !== 1) return undefined;
  const kid: unknown = map.get(kidLabel);
  return kid instanceof Uint8Array ? kid : undefined;
}

/** ID_CRED_x as plaintexts hold it: a kid stands alone, without its map. RFC 9528 §3.5.3.2. */
export function encodeCredentialId(id: Uint8Array): Uint8Array {
  const kid = kidOf(id);
  return kid === undefined ? id : encodeId(kid);
}

/** Undoes {@link encodeCredentialId}. @returns `undefined` for what it would not have written. */
export function credentialIdOf(read: ReadItem): Uint8Array | undefined {
  if (read.item instanceof Map) return kidOf(read.raw) === undefined ? read.raw : undefined;
  const kid = idOf(read);
  return kid && kidCredential(kid);
}

/** An identity that comes back to its owner is a reflection. RFC 9528 §9.1. */
export const isSame = (a: Credential, b: Credential): boolean =>
  equalBytes(a.credential, b.credential) || equalBytes(a.publicKey, b.publicKey);

/**
 * Authenticated encryption with associated data.
 *
 * | name               | key          | nonce                | tag |
 * |--------------------|--------------|----------------------|-----|
 * | aes-gcm            | 16, 24 or 32 | 12 (8 or more taken) | 16  |
 * | chacha20-poly1305  | 32           | 12                   | 16  |
 * | xchacha20-poly1305 | 32           | 24                   | 16  |
 * | aes-ccm            | 16, 24 or 32 | 13 (7 to 13 taken)   | 16  |
 * | aes-ccm-8          | 16, 24 or 32 | 13 (7 to 13 taken)   | 8   |
 * | xsalsa20-poly1305  | 32           | 24                   | 16, in front |
 *
 * The last is NaCl's secretbox: it has no associated data, and its tag stands before the
 * ciphertext, where all others have it at the end.
 *
 * Keys are local: a wrong length is misuse. Nonces often travel in the packet: when opening, a
 * wrong length is one more forgery.
 *
 * @see NIST SP 800-38D, RFC 8439 §2.8, draft-irtf-cfrg-xchacha §2, RFC 3610, RFC 6655 §4;
 *   D. J. Bernstein: Cryptography in NaCl, 2009 (xsalsa20-poly1305)
 */
import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { MisuseError } from "../errors.ts";
import { ccmMaxBytes, ccmOpen, ccmSeal } from "./ccm.ts";
import { named } from "./named.ts";

export type AeadName =
  | "aes-gcm"
  | "chacha20-poly1305"
  | "xchacha20-poly1305"
  | "aes-ccm"
  | "aes-ccm-8"
  | "xsalsa20-poly1305";

interface Lengths {
  readonly key: readonly number[];
  /** The usual nonce, and what else is taken. */
  readonly nonce: number;
  readonly minNonce: number;
  readonly maxNonce: number;
  readonly tag: number;
}

const aesKeys = [16, 24, 32];
const table: Readonly<Record<AeadName, Lengths>> = {
  "aes-gcm": { key: aesKeys, nonce: 12, minNonce: 8, maxNonce: Infinity, tag: 16 },
  "chacha20-poly1305": { key: [32], nonce: 12, minNonce: 12, maxNonce: 12, tag: 16 },
  "xchacha20-poly1305": { key: [32], nonce: 24, minNonce: 24, maxNonce: 24, tag: 16 },
  "aes-ccm": { key: aesKeys, nonce: 13, minNonce: 7, maxNonce: 13, tag: 16 },
  "aes-ccm-8": { key: aesKeys, nonce: 13, minNonce: 7, maxNonce: 13, tag: 8 },
  "xsalsa20-poly1305": { key: [32], nonce: 24, minNonce: 24, maxNonce: 24, tag: 16 },
};

const lengthsOf = (name: AeadName): Lengths => named("authenticated cipher", table, name);

/** @returns by how many bytes a ciphertext is longer than its plaintext. */
export const aeadTagBytes = (name: AeadName): number => lengthsOf(name).tag;

/** Is the tag the beginning of what {@link aeadSeal} returns, and not its end? */
export const aeadTagFirst = (name: AeadName): boolean => name === "xsalsa20-poly1305";

/** @returns whether there may be associated data. */
export const aeadTakesData = (name: AeadName): boolean => name !== "xsalsa20-poly1305";

/** @returns a ciphertext without its tag: what a receiver can decrypt that checks none. */
export function aeadBody(name: AeadName, ciphertext: string): string {
  const { tag } = lengthsOf(name);
  return aeadTagFirst(name) ? ciphertext.slice(tag) : ciphertext.slice(0, -tag);
}

/** @returns the key lengths taken. */
export const aeadKeyBytes = (name: AeadName): readonly number[] => lengthsOf(name).key;

/** @returns the usual nonce length; `aes-gcm` and the CCMs take others too. */
export const aeadNonceBytes = (name: AeadName): number => lengthsOf(name).nonce;

/**
 * @returns the ciphertext followed by the tag; for `xsalsa20-poly1305` the tag comes first.
 * @throws MisuseError if key or nonce has a length not in the table above, if the plaintext is too
 *   long for CCM under a nonce of this length (65535 bytes for 13), or if there is associated data
 *   that the cipher cannot authenticate.
 */
export function aeadSeal(
  name: AeadName,
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array = new Uint8Array(),
): Uint8Array {
  checkKey(name, key);
  if (!nonceFits(name, nonce)) {
    throw new MisuseError(`${name} takes no nonce of ${nonce.length} bytes`);
  }
  if (associatedData.length > 0 && !aeadTakesData(name)) {
    throw new MisuseError(`${name} has no associated data`);
  }
  if (!isCcm(name)) return cipher(name, key, nonce, associatedData).encrypt(plaintext);
  if (plaintext.length > ccmMaxBytes(nonce.length)) {
    throw new MisuseError(`${plaintext.length} bytes are too long for this CCM nonce`);
  }
  return ccmSeal(key, nonce, plaintext, associatedData, lengthsOf(name).tag);
}

/**
 * @param ciphertext as {@link aeadSeal} returns it; untrusted, any length, and so is `nonce`.
 * @returns the plaintext, or `undefined` if the tag does not verify, the nonce cannot be one, or
 *   there is associated data that the cipher cannot have authenticated.
 * @throws MisuseError if the key has a length not in the table above.
 */
export function aeadOpen(
  name: AeadName,
  key: Uint8Array,
  nonce: Uint8Array,
  ciphertext: Uint8Array,
  associatedData: Uint8Array = new Uint8Array(),
): Uint8Array | undefined {
  checkKey(name, key);
  const { tag } = lengthsOf(name);
  if (!nonceFits(name, nonce) || ciphertext.length < tag) return undefined;
  if (associatedData.length > 0 && !aeadTakesData(name)) return undefined;
  if (isCcm(name)) {
    if (ciphertext.length - tag > ccmMaxBytes(nonce.length)) return undefined;
    return ccmOpen(key, nonce, ciphertext, associatedData, tag);
  }
  try {
    return cipher(name, key, nonce, associatedData).decrypt(ciphertext);
  } catch {
    // All lengths are good, so that only the tag can be at fault.
    return undefined;
  }
}

type CcmName = "aes-ccm" | "aes-ccm-8";

const isCcm = (name: AeadName): name is CcmName => name === "aes-ccm" || name === "aes-ccm-8";

function cipher(
  name: Exclude<AeadName, CcmName>,
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
) {
  switch (name) {
    case "aes-gcm":
      return gcm(key, nonce, associatedData);
    case "chacha20-poly1305":
      return chacha20poly1305(key, nonce, associatedData);
    case "xchacha20-poly1305":
      return xchacha20poly1305(key, nonce, associatedData);
    case "xsalsa20-poly1305":
      return xsalsa20poly1305(key, nonce);
  }
}

function checkKey(name: AeadName, key: Uint8Array): void {
  if (!lengthsOf(name).key.includes(key.length)) {
    throw new MisuseError(`${name} takes no key of ${key.length} bytes`);
  }
}

function nonceFits(name: AeadName, nonce: Uint8Array): boolean {
  const { minNonce, maxNonce } = lengthsOf(name);
  return nonce.length >= minNonce && nonce.length <= maxNonce;
}

/**
 * RSA-OAEP whose seed the caller brings, so that one run of the lab is repeatable. The padding is
 * done here; keys and the bare power modulo n are those of `rsa-core.ts`.
 */
import { createPublicKey } from "node:crypto";
import { concat, equalBytes } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { hash, hashBytes } from "./hash.ts";
import { mgf1Mask, modulusBytes, ownRsaKey, readRsaKey, rsaPower } from "./rsa-core.ts";

/** The hash of the label and of the mask; the case studies use no others. */
export type OaepHash = "sha1" | "sha256";

/** @returns how many random bytes one encryption needs: 20 or 32. */
export const rsaOaepSeedBytes = (name: OaepHash): number => hashBytes(name);

/**
 * @param publicKey SPKI DER; untrusted, since some protocols send it over the network.
 * @param message at most (bytes of the modulus) - 2 · (bytes of the hash) - 2 bytes.
 * @param seed {@link rsaOaepSeedBytes} fresh random bytes.
 * @returns as many bytes as the modulus has; `undefined` if the message is too long or the key is
 *   not an RSA key that OpenSSL would use.
 * @throws MisuseError if the seed has another length.
 * @see RFC 8017 §7.1.1
 */
export function rsaOaepEncrypt(
  name: OaepHash,
  publicKey: Uint8Array,
  message: Uint8Array,
  seed: Uint8Array,
  label: Uint8Array = new Uint8Array(),
): Uint8Array | undefined {
  const hashSize = hashBytes(name);
  if (seed.length !== hashSize) {
    throw new MisuseError(`an OAEP seed for ${name} has ${hashSize} bytes, not ${seed.length}`);
  }
  const key = readRsaKey("public", publicKey);
  if (key === undefined) return undefined;
  const room = modulusBytes(key) - 2 * hashSize - 2;
  if (message.length > room) return undefined;
  const filler = new Uint8Array(room - message.length);
  const block = concat(hash(name, label), filler, Uint8Array.of(1), message);
  const maskedBlock = mgf1Mask(name, seed, block);
  const maskedSeed = mgf1Mask(name, maskedBlock, seed);
  return rsaPower(key, concat(Uint8Array.of(0), maskedSeed, maskedBlock));
}

/**
 * @param privateKey PKCS#8 DER. @param ciphertext untrusted.
 * @returns the message; `undefined` if the ciphertext has not the length of the modulus, is not
 *   below it, or its padding is wrong in any way.
 * @throws MisuseError if the private key is none.
 * @see RFC 8017 §7.1.2
 */
export function rsaOaepDecrypt(
  name: OaepHash,
  privateKey: Uint8Array,
  ciphertext: Uint8Array,
  label: Uint8Array = new Uint8Array(),
): Uint8Array | undefined {
  const key = ownRsaKey(privateKey);
  const hashSize = hashBytes(name);
  const size = modulusBytes(key);
  if (ciphertext.length !== size || size < 2 * hashSize + 2) return undefined;
  const encoded = rsaPower(key, ciphertext);
  if (encoded === undefined || encoded[0] !== 0) return undefined;
  const maskedBlock = encoded.subarray(1 + hashSize);
  const seed = mgf1Mask(name, maskedBlock, encoded.subarray(1, 1 + hashSize));
  const block = mgf1Mask(name, seed, maskedBlock);
  if (!equalBytes(block.subarray(0, hashSize), hash(name, label))) return undefined;
  // Zeros, then a one, then the message.
  const mark = block.findIndex((byte, at) => at >= hashSize && byte !== 0);
  return mark >= 0 && block[mark] === 1 ? block.slice(mark + 1) : undefined;
}

/** @returns the public half (SPKI DER) of a private key. @throws MisuseError if it is none. */
export function rsaPublicKey(privateKey: Uint8Array): Uint8Array {
  const key = ownRsaKey(privateKey);
  return new Uint8Array(createPublicKey(key).export({ type: "spki", format: "der" }));
}

/**
 * RSA encryption by PKCS#1 v1.5, whose padding comes from a seed that the caller brings. Keys are
 * those of `rsa-core.ts`: public SPKI DER, private PKCS#8 DER.
 *
 * An attacker who learns of many ciphertexts whether their padding is good can decrypt with that
 * knowledge alone (Bleichenbacher 1998). Whether {@link rsaPkcs1Decrypt} returns `undefined` is
 * this oracle; a protocol that shows the difference opens it.
 */
import { concat } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { mgf1Mask, modulusBytes, ownRsaKey, readRsaKey, rsaPower } from "./rsa-core.ts";

/** How many random bytes one encryption needs, whatever the length of its padding. */
export const rsaPkcs1SeedBytes = 32;

const fewestPaddingBytes = 8;
/** A zero and the type in front of the padding, and a zero behind it. */
const markBytes = 3;

/**
 * @param publicKey SPKI DER; untrusted, since some protocols send it over the network.
 * @param message at most (bytes of the modulus) - 11 bytes.
 * @param seed {@link rsaPkcs1SeedBytes} fresh random bytes.
 * @returns as many bytes as the modulus has; `undefined` if the message is too long or the key is
 *   not an RSA key that OpenSSL would use.
 * @throws MisuseError if the seed has another length.
 * @see RFC 8017 §7.2.1
 */
export function rsaPkcs1Encrypt(
  publicKey: Uint8Array,
  message: Uint8Array,
  seed: Uint8Array,
): Uint8Array | undefined {
  if (seed.length !== rsaPkcs1SeedBytes) {
    throw new MisuseError(`a padding seed has ${rsaPkcs1SeedBytes} bytes, not ${seed.length}`);
  }
  const key = readRsaKey("public", publicKey);
  if (key === undefined) return undefined;
  const room = modulusBytes(key) - message.length - markBytes;
  if (room < fewestPaddingBytes) return undefined;
  const filler = nonzeroBytes(seed, room);
  return rsaPower(key, concat(Uint8Array.of(0, 2), filler, Uint8Array.of(0), message));
}

/**
 * @param privateKey PKCS#8 DER. @param ciphertext untrusted.
 * @returns the message; `undefined` if the ciphertext has not the length of the modulus, is not
 *   below it, or its padding is wrong in any way.
 * @throws MisuseError if the private key is none.
 * @see RFC 8017 §7.2.2
 */
export function rsaPkcs1Decrypt(
  privateKey: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  const key = ownRsaKey(privateKey);
  if (ciphertext.length !== modulusBytes(key)) return undefined;
  const block = rsaPower(key, ciphertext);
  if (block === undefined || block[0] !== 0 || block[1] !== 2) return undefined;
  const end = block.indexOf(0, 2);
  return end >= 2 + fewestPaddingBytes ? block.slice(end + 1) : undefined;
}

/** Two bytes of MGF1-SHA-256 for each, so that reduction to 1 … 255 leaves next to no bias. */
function nonzeroBytes(seed: Uint8Array, count: number): Uint8Array {
  const wide = mgf1Mask("sha256", seed, new Uint8Array(2 * count));
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    out[i] = 1 + ((((wide[2 * i] ?? 0) << 8) | (wide[2 * i + 1] ?? 0)) % 255);
  }
  return out;
}

/**
 * ML-KEM-768, a key encapsulation against which no quantum algorithm is known. The caller brings
 * all randomness.
 *
 * | value                       | bytes                             |
 * |-----------------------------|-----------------------------------|
 * | public (encapsulation) key  | 1184                              |
 * | private (decapsulation) key | 2400, the public key a part of it |
 * | ciphertext                  | 1088                              |
 * | shared secret               | 32                                |
 * | seed of a key pair          | 64: d, then z, of FIPS 203        |
 * | seed of an encapsulation    | 32: m of FIPS 203                 |
 */
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { MisuseError } from "../errors.ts";

export const mlKemPublicKeyBytes = 1184;
export const mlKemPrivateKeyBytes = 2400;
export const mlKemCiphertextBytes = 1088;
/** How many random bytes {@link mlKemKeyPair} needs. */
export const mlKemKeySeedBytes = 64;
/** How many random bytes {@link mlKemEncapsulate} needs. */
export const mlKemSeedBytes = 32;

export interface Encapsulation {
  /** What is sent. */
  readonly ciphertext: Uint8Array;
  /** What both sides then have. */
  readonly sharedSecret: Uint8Array;
}

/**
 * @param seed {@link mlKemKeySeedBytes} fresh random bytes.
 * @throws MisuseError if there are more or fewer.
 * @see FIPS 203 §6.1 (ML-KEM.KeyGen_internal)
 */
export function mlKemKeyPair(seed: Uint8Array): {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
} {
  checkSeed(seed, mlKemKeySeedBytes);
  const { secretKey, publicKey } = ml_kem768.keygen(seed);
  return { privateKey: secretKey, publicKey };
}

/** @returns the public half of a private key. @throws MisuseError if it has a wrong length. */
export function mlKemPublicKey(privateKey: Uint8Array): Uint8Array {
  checkPrivateKey(privateKey);
  return ml_kem768.getPublicKey(privateKey);
}

/**
 * @param publicKey untrusted. @param seed {@link mlKemSeedBytes} fresh random bytes.
 * @returns `undefined` if the key has another length, or a number in it is not below the modulus.
 * @throws MisuseError if the seed has another length.
 * @see FIPS 203 §6.2 (ML-KEM.Encaps_internal), §7.2 (what is checked)
 */
export function mlKemEncapsulate(
  publicKey: Uint8Array,
  seed: Uint8Array,
): Encapsulation | undefined {
  checkSeed(seed, mlKemSeedBytes);
  if (publicKey.length !== mlKemPublicKeyBytes) return undefined;
  try {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, seed);
    return { ciphertext: cipherText, sharedSecret: sharedSecret.slice() };
  } catch {
    // All lengths are good, so that only the numbers can be at fault.
    return undefined;
  }
}

/**
 * Rejects implicitly: a forged ciphertext gives a secret that depends on it and on the private key,
 * and that the other side has not. Only what is authenticated later shows the forgery.
 * @param ciphertext untrusted.
 * @returns 32 bytes; `undefined` only if the ciphertext has another length.
 * @throws MisuseError if the private key has another length, or does not belong to the public key
 *   in it.
 * @see FIPS 203 §6.3 (ML-KEM.Decaps_internal), §7.3 (what is checked)
 */
export function mlKemDecapsulate(
  privateKey: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  checkPrivateKey(privateKey);
  if (ciphertext.length !== mlKemCiphertextBytes) return undefined;
  try {
    return ml_kem768.decapsulate(ciphertext, privateKey).slice();
  } catch (error) {
    // All lengths are good, so that only the hash in the private key can be at fault.
    throw new MisuseError("not an ML-KEM-768 private key", { cause: error });
  }
}

function checkSeed(seed: Uint8Array, size: number): void {
  if (seed.length !== size) {
    throw new MisuseError(`this ML-KEM seed has ${size} bytes, not ${seed.length}`);
  }
}

function checkPrivateKey(key: Uint8Array): void {
  if (key.length !== mlKemPrivateKeyBytes) {
    throw new MisuseError(`not an ML-KEM-768 private key (${key.length} bytes)`);
  }
}

/**
 * The only way from a protocol to cryptography. Every call runs the real primitive and is
 * recorded, so that the lab can work out what an attacker knows; nothing about a protocol has
 * to be modelled by hand.
 *
 * Conventions: keys, nonces and messages are byte strings; failures that the network can cause
 * (a bad tag, a point off the curve) return `undefined` and never throw; local mistakes (a key of
 * the wrong length) throw `MisuseError`.
 */

import type { AeadName } from "./primitives/aead.ts";
import type { CipherMode } from "./primitives/aes-modes.ts";
import type { CurveName } from "./primitives/curves.ts";
import type { Encoding } from "./primitives/encodings.ts";
import type { HashName } from "./primitives/hash.ts";
import type { PasswordHash } from "./primitives/password.ts";
import type { PointGroup } from "./primitives/points.ts";
import type { RsaPadding } from "./primitives/rsa-paddings.ts";
import type { SignatureScheme } from "./primitives/signatures.ts";

export type { RsaPadding } from "./primitives/rsa-paddings.ts";
export type { SignatureScheme } from "./primitives/signatures.ts";

/** A Diffie–Hellman group: a named curve, or the integers modulo any `modulus`. */
export type Group = CurveName | FiniteField;
export interface FiniteField {
  readonly modulus: bigint;
  readonly generator: bigint;
}

/** Key encapsulation: ML-KEM-768 (FIPS 203), or its hybrid with X25519 (as TLS 1.3 has it). */
export type KemName = "ml-kem-768" | "x25519-mlkem768";

export interface Encapsulation {
  /** What is sent to the owner of the private key. */
  readonly ciphertext: Uint8Array;
  /** What both sides then have: 32 bytes, 64 for the hybrid. */
  readonly sharedSecret: Uint8Array;
}

export interface KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Text encodings, each reversible, each its canonical form only. */
export type { Encoding };

export interface HkdfParameters {
  readonly hash: HashName;
  readonly key: Uint8Array;
  readonly salt?: Uint8Array;
  readonly info?: Uint8Array;
  /** Bytes of output, at most 255 hash lengths. */
  readonly length: number;
}

/** Cryptography with one key, and what needs none. */
export interface SymmetricKit {
  /** Fresh random bytes. The attacker knows them only if it drew them. */
  random(length: number): Uint8Array;
  /**
   * Bytes from a generator of known weakness: one that was seeded with a time, a process id, or a
   * short random number. All of them follow from a seed of so many bits, and count as guessable, at
   * a stated cost, where that is fewer than 64. What is computed from them follows by itself.
   * @param bits from 1 to 256, and no more than the bytes have.
   */
  weakRandom(length: number, bits: number): Uint8Array;
  /** Fresh random characters of `alphabet` (ASCII), uniformly drawn; one byte each. */
  randomText(length: number, alphabet: string): Uint8Array;
  /** A fresh whole number in `[0, below)`; numbers this small count as guessable. */
  randomInt(below: number): number;

  hash(name: HashName, data: Uint8Array): Uint8Array;
  hmac(name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array;
  /** AES-CMAC (RFC 4493). @param key 16, 24 or 32 bytes. @returns 16 bytes. */
  cmac(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** RFC 5869, extract and expand. */
  hkdf(parameters: HkdfParameters): Uint8Array;
  hkdfExtract(name: HashName, key: Uint8Array, salt: Uint8Array): Uint8Array;
  hkdfExpand(name: HashName, key: Uint8Array, info: Uint8Array, length: number): Uint8Array;

  /** Authenticated encryption: ciphertext followed by the tag, which NaCl's secretbox has first. */
  seal(
    name: AeadName,
    key: Uint8Array,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    associatedData?: Uint8Array,
  ): Uint8Array;
  /** @returns the plaintext, or `undefined` if the tag does not verify. */
  open(
    name: AeadName,
    key: Uint8Array,
    nonce: Uint8Array,
    ciphertext: Uint8Array,
    associatedData?: Uint8Array,
  ): Uint8Array | undefined;

  /**
   * Unauthenticated encryption. CBC and ECB pad (PKCS#7), but for their `-bare` forms, which take
   * whole blocks; the stream modes keep the length. ECB takes an empty iv.
   */
  encrypt(mode: CipherMode, key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** @returns the plaintext; `undefined` only for bad padding, or what is no whole blocks. */
  decrypt(
    mode: CipherMode,
    key: Uint8Array,
    iv: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | undefined;

  passwordHash(how: PasswordHash, password: Uint8Array, salt: Uint8Array): Uint8Array;

  /** XOR of two strings of one length, so that the lab can follow it. */
  xor(a: Uint8Array, b: Uint8Array): Uint8Array;
  encode(encoding: Encoding, data: Uint8Array): Uint8Array;
  /** @returns the data, or `undefined` if `data` is not the encoding's canonical form. */
  decode(encoding: Encoding, data: Uint8Array): Uint8Array | undefined;
  /** Compares with a secret (a stored verifier, an expected MAC). */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}

export interface CryptoKit extends SymmetricKit {
  /** A fresh pair. Points of NIST curves are compressed (SEC 1 §2.3.3). */
  keyPair(group: Group): KeyPair;
  publicKey(group: Group, privateKey: Uint8Array): Uint8Array;
  /** @returns the secret, or `undefined` if the peer's value is not valid in the group. */
  sharedSecret(
    group: Group,
    privateKey: Uint8Array,
    peerPublicKey: Uint8Array,
  ): Uint8Array | undefined;

  /** The same secret as the whole point, compressed, and not only its x-coordinate. */
  sharedPoint(
    group: PointGroup,
    privateKey: Uint8Array,
    peerPublicKey: Uint8Array,
  ): Uint8Array | undefined;
  /**
   * @param base a public point.
   * @returns point + scalar · base, compressed: a masked point. `undefined` if `point` is not
   *   valid in the group, or if the sum is the point at infinity.
   */
  addToPoint(
    group: PointGroup,
    point: Uint8Array,
    scalar: Uint8Array,
    base: Uint8Array,
  ): Uint8Array | undefined;
  /** @returns point - scalar · base, likewise: takes a mask off. */
  subtractFromPoint(
    group: PointGroup,
    point: Uint8Array,
    scalar: Uint8Array,
    base: Uint8Array,
  ): Uint8Array | undefined;
  /** @returns a valid point with both coordinates, as transcripts have it (SEC 1 §2.3.3). */
  wholePoint(group: PointGroup, point: Uint8Array): Uint8Array | undefined;
  /** @param wide 8 bytes longer than a scalar, or more. @returns it modulo the group's order. */
  reduceScalar(group: PointGroup, wide: Uint8Array): Uint8Array;

  /** A fresh pair: 2400 and 1184 bytes for ML-KEM-768, 2432 and 1216 for the hybrid. */
  kemKeyPair(name: KemName): KeyPair;
  /**
   * The coins are drawn from this process's randomness.
   * @returns a ciphertext of 1088 bytes, 1120 for the hybrid; `undefined` if that is no public key.
   */
  encapsulate(name: KemName, publicKey: Uint8Array): Encapsulation | undefined;
  /**
   * A forged ciphertext gives another secret, and no error (implicit rejection).
   * @returns `undefined` only if the ciphertext has another length, or a bad X25519 half.
   */
  decapsulate(
    name: KemName,
    privateKey: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | undefined;

  /**
   * The key of NaCl's `box`, for `seal("xsalsa20-poly1305", …)`: HSalsa20 of the X25519 secret.
   * @returns 32 bytes, or `undefined` if the peer's key is of low order.
   */
  boxKey(privateKey: Uint8Array, peerPublicKey: Uint8Array): Uint8Array | undefined;

  /** A fresh Ed25519 pair, 32 and 32 bytes (RFC 8032), or one for ECDSA over P-256, 32 and 33. */
  signingKeyPair(kind?: "ed25519" | "p256"): KeyPair;
  /**
   * @param privateKey of a pair that fits the scheme: of `signingKeyPair` or `rsaKeyPair`.
   * @param scheme `ed25519` where left out. PSS draws its salt from this process's randomness.
   * @throws MisuseError if the key does not fit.
   */
  sign(privateKey: Uint8Array, message: Uint8Array, scheme?: SignatureScheme): Uint8Array;
  /** @returns whether the signature is good; ECDSA ones are malleable, as the standard has it. */
  verify(
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
    scheme?: SignatureScheme,
  ): boolean;

  /**
   * One of the fixed RSA lab keys (never to be used outside a lab), as opaque byte strings.
   * @param index which one: distinct for distinct indices, from 0; there are 24 of
   *   2048 bits and 6 of 4096, and number 5 is the attacker's own.
   */
  rsaKeyPair(bits: 2048 | 4096, index: number): KeyPair;
  /**
   * RSA-OAEP with a hash (RFC 8017 §7.1), or PKCS#1 v1.5 (§7.2); the seed is drawn from this
   * process's randomness.
   * @returns `undefined` if the message is too long, or the public key is none.
   */
  rsaEncrypt(
    padding: RsaPadding,
    publicKey: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array | undefined;
  /** @returns `undefined` for whatever does not decrypt: with PKCS#1 v1.5, that is an oracle. */
  rsaDecrypt(
    padding: RsaPadding,
    privateKey: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | undefined;
}

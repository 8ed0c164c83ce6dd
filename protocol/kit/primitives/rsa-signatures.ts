/**
 * RSA signatures: PSS, whose salt the caller brings, so that one run of the lab is repeatable, and
 * PKCS#1 v1.5, which has none. Keys are those of `rsa-core.ts`: public SPKI DER, private PKCS#8
 * DER. The hash is the same for the message, for the mask of PSS and for the length of its salt.
 */
import type { KeyObject } from "node:crypto";
import { concat, equalBytes } from "../bytes.ts";
import { InvariantError, MisuseError } from "../errors.ts";
import { type HashName, hash, hashBytes } from "./hash.ts";
import {
  mgf1Mask,
  modulusBits,
  modulusBytes,
  ownRsaKey,
  readRsaKey,
  rsaPower,
} from "./rsa-core.ts";

/** @returns how many random bytes one PSS signature needs: as many as the hash has. */
export const rsaPssSaltBytes = (name: HashName): number => hashBytes(name);

/**
 * @param privateKey PKCS#8 DER. @param salt {@link rsaPssSaltBytes} fresh random bytes.
 * @returns as many bytes as the modulus has.
 * @throws MisuseError if the private key is none or too short for the hash, or if the salt has
 *   another length.
 * @see RFC 8017 §8.1.1, §9.1.1
 */
export function rsaPssSign(
  name: HashName,
  privateKey: Uint8Array,
  message: Uint8Array,
  salt: Uint8Array,
): Uint8Array {
  const key = ownRsaKey(privateKey);
  const hashSize = hashBytes(name);
  if (salt.length !== hashSize) {
    throw new MisuseError(`a PSS salt for ${name} has ${hashSize} bytes, not ${salt.length}`);
  }
  const { size, freeBits } = pssBlock(key);
  const room = size - 2 * hashSize - 2;
  if (room < 0) throw new MisuseError(`this RSA key is too short for PSS with ${name}`);
  const digest = pssDigest(name, message, salt);
  const block = concat(new Uint8Array(room), Uint8Array.of(1), salt);
  const masked = mgf1Mask(name, digest, block);
  masked[0] = (masked[0] ?? 0) & (0xff >> freeBits);
  return signBlock(key, concat(masked, digest, Uint8Array.of(0xbc)));
}

/**
 * @param publicKey SPKI DER; untrusted. @param signature untrusted, any length.
 * @returns whether the signature is good, with a salt of {@link rsaPssSaltBytes}; never throws.
 * @see RFC 8017 §8.1.2, §9.1.2
 */
export function rsaPssVerify(
  name: HashName,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = readRsaKey("public", publicKey);
  if (key === undefined || signature.length !== modulusBytes(key)) return false;
  const power = rsaPower(key, signature);
  const { size, freeBits } = pssBlock(key);
  const hashSize = hashBytes(name);
  const room = size - 2 * hashSize - 2;
  if (power === undefined || room < 0) return false;
  // The block may be one byte shorter than the modulus, which then begins with a zero.
  const [ahead, encoded] = [power.subarray(0, -size), power.subarray(-size)];
  if (ahead.some((byte) => byte !== 0) || encoded[size - 1] !== 0xbc) return false;
  const digest = encoded.subarray(-1 - hashSize, -1);
  const masked = encoded.subarray(0, -1 - hashSize);
  if ((masked[0] ?? 0) >> (8 - freeBits) !== 0) return false;
  const block = mgf1Mask(name, digest, masked);
  block[0] = (block[0] ?? 0) & (0xff >> freeBits);
  if (block.subarray(0, room).some((byte) => byte !== 0) || block[room] !== 1) return false;
  return equalBytes(digest, pssDigest(name, message, block.subarray(room + 1)));
}

/**
 * @param privateKey PKCS#8 DER.
 * @returns as many bytes as the modulus has, the same for the same message.
 * @throws MisuseError if the private key is none or too short for the hash.
 * @see RFC 8017 §8.2.1
 */
export function rsaPkcs1Sign(
  name: HashName,
  privateKey: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  const key = ownRsaKey(privateKey);
  const block = pkcs1Block(name, message, modulusBytes(key));
  if (block === undefined) throw new MisuseError(`this RSA key is too short for ${name}`);
  return signBlock(key, block);
}

/**
 * Compares with the one block that a signer makes, and parses nothing: a parser that skips what it
 * does not understand lets signatures be forged under e = 3.
 * @param publicKey SPKI DER; untrusted. @param signature untrusted, any length.
 * @returns whether the signature is good; never throws.
 * @see RFC 8017 §8.2.2
 */
export function rsaPkcs1Verify(
  name: HashName,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = readRsaKey("public", publicKey);
  if (key === undefined || signature.length !== modulusBytes(key)) return false;
  const power = rsaPower(key, signature);
  const block = pkcs1Block(name, message, signature.length);
  return power !== undefined && block !== undefined && equalBytes(power, block);
}

/** How long the encoded block of PSS is, and how many bits of its first byte are zero. */
function pssBlock(key: KeyObject): { readonly size: number; readonly freeBits: number } {
  const bits = modulusBits(key) - 1;
  const size = Math.ceil(bits / 8);
  return { size, freeBits: 8 * size - bits };
}

const pssDigest = (name: HashName, message: Uint8Array, salt: Uint8Array): Uint8Array =>
  hash(name, concat(new Uint8Array(8), hash(name, message), salt));

/** The block is below the modulus by construction. */
function signBlock(key: KeyObject, block: Uint8Array): Uint8Array {
  const filler = new Uint8Array(modulusBytes(key) - block.length);
  const signature = rsaPower(key, concat(filler, block));
  if (signature === undefined) throw new InvariantError("OpenSSL refuses an RSA private key");
  return signature;
}

/** What stands in front of the hash: the DER of DigestInfo, in hex. RFC 8017 §9.2, note 1. */
const digestInfo: Readonly<Record<HashName, string>> = {
  md5: "3020300c06082a864886f70d020505000410",
  sha1: "3021300906052b0e03021a05000414",
  sha256: "3031300d060960864801650304020105000420",
  sha384: "3041300d060960864801650304020205000430",
  sha512: "3051300d060960864801650304020305000440",
};

/** EMSA-PKCS1-v1_5, RFC 8017 §9.2; `undefined` if `size` bytes leave no room for it. */
function pkcs1Block(name: HashName, message: Uint8Array, size: number): Uint8Array | undefined {
  const info = concat(Buffer.from(digestInfo[name], "hex"), hash(name, message));
  const room = size - info.length - 3;
  if (room < 8) return undefined;
  const filler = new Uint8Array(room).fill(0xff);
  return concat(Uint8Array.of(0, 1), filler, Uint8Array.of(0), info);
}

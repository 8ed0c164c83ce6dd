/**
 * RSA-OAEP whose seed the caller brings, so that one run of the lab is repeatable. The padding is
 * done here; the bare power modulo n is left to OpenSSL, which is deterministic as well and takes
 * 4 ms for a private key of 4096 bits.
 *
 * Public keys are SubjectPublicKeyInfo in DER, private keys PKCS#8 in DER: what Python's
 * `load_der_public_key` and `load_der_private_key` read.
 */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from "node:crypto";
import { concat, equalBytes, latin1, uintBytes } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { hash, hashBytes } from "./hash.ts";

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
  const key = readKey("public", publicKey);
  if (key === undefined) return undefined;
  const room = modulusBytes(key) - 2 * hashSize - 2;
  if (message.length > room) return undefined;
  const filler = new Uint8Array(room - message.length);
  const block = concat(hash(name, label), filler, Uint8Array.of(1), message);
  const maskedBlock = mask(name, seed, block);
  const maskedSeed = mask(name, maskedBlock, seed);
  return power(key, concat(Uint8Array.of(0), maskedSeed, maskedBlock));
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
  const key = readKey("private", privateKey);
  if (key === undefined) throw new MisuseError("not an RSA private key (PKCS#8 DER)");
  const hashSize = hashBytes(name);
  const size = modulusBytes(key);
  if (ciphertext.length !== size || size < 2 * hashSize + 2) return undefined;
  const encoded = power(key, ciphertext);
  if (encoded === undefined || encoded[0] !== 0) return undefined;
  const maskedBlock = encoded.subarray(1 + hashSize);
  const seed = mask(name, maskedBlock, encoded.subarray(1, 1 + hashSize));
  const block = mask(name, seed, maskedBlock);
  if (!equalBytes(block.subarray(0, hashSize), hash(name, label))) return undefined;
  // Zeros, then a one, then the message.
  const mark = block.findIndex((byte, at) => at >= hashSize && byte !== 0);
  return mark >= 0 && block[mark] === 1 ? block.slice(mark + 1) : undefined;
}

/** @returns the public half (SPKI DER) of a private key. @throws MisuseError if it is none. */
export function rsaPublicKey(privateKey: Uint8Array): Uint8Array {
  const key = readKey("private", privateKey);
  if (key === undefined) throw new MisuseError("not an RSA private key (PKCS#8 DER)");
  return new Uint8Array(createPublicKey(key).export({ type: "spki", format: "der" }));
}

/** `data` XOR MGF1(source). RFC 8017 §B.2.1. */
function mask(name: OaepHash, source: Uint8Array, data: Uint8Array): Uint8Array {
  const out = data.slice();
  const size = hashBytes(name);
  for (let at = 0, counter = 0; at < out.length; at += size, counter++) {
    const stream = hash(name, concat(source, uintBytes(counter, 4)));
    const end = Math.min(size, out.length - at);
    for (let i = 0; i < end; i++) out[at + i] = (out[at + i] ?? 0) ^ (stream[i] ?? 0);
  }
  return out;
}

/** The bare RSA function, RFC 8017 §5.1; `undefined` if `data` is not below the modulus. */
function power(key: KeyObject, data: Uint8Array): Uint8Array | undefined {
  const apply = key.type === "private" ? privateDecrypt : publicEncrypt;
  try {
    return new Uint8Array(apply({ key, padding: constants.RSA_NO_PADDING }, data));
  } catch {
    return undefined;
  }
}

/** The cache spares parsing, which costs more than a public-key operation. */
const keys = new Map<string, KeyObject | undefined>();
const cacheLimit = 256;

/** @returns the key, or `undefined` if the bytes are not an RSA key of this type. */
function readKey(type: "public" | "private", der: Uint8Array): KeyObject | undefined {
  const id = `${type}:${latin1(der)}`;
  if (keys.has(id)) return keys.get(id);
  if (keys.size >= cacheLimit) keys.clear();
  const key = parseKey(type, der);
  keys.set(id, key);
  return key;
}

function parseKey(type: "public" | "private", der: Uint8Array): KeyObject | undefined {
  const bytes = Buffer.from(der);
  try {
    const key =
      type === "public"
        ? createPublicKey({ key: bytes, format: "der", type: "spki" })
        : createPrivateKey({ key: bytes, format: "der", type: "pkcs8" });
    return key.asymmetricKeyType === "rsa" ? key : undefined;
  } catch {
    return undefined;
  }
}

const modulusBytes = (key: KeyObject): number =>
  Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);

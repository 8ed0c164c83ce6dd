/**
 * What all RSA schemes here share: reading keys, the bare power modulo n, and the mask generation
 * function. The bare power is left to OpenSSL, which is deterministic and takes 4 ms for a private
 * key of 4096 bits.
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
import { concat, latin1, uintBytes } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { type HashName, hash, hashBytes } from "./hash.ts";

/** The cache spares parsing, which costs more than a public-key operation. */
const keys = new Map<string, KeyObject | undefined>();
const cacheLimit = 256;

/** @returns the key, or `undefined` if the bytes are not an RSA key of this type. */
export function readRsaKey(type: "public" | "private", der: Uint8Array): KeyObject | undefined {
  const id = `${type}:${latin1(der)}`;
  if (keys.has(id)) return keys.get(id);
  if (keys.size >= cacheLimit) keys.clear();
  const key = parseKey(type, der);
  keys.set(id, key);
  return key;
}

/** @returns the private key. @throws MisuseError if the bytes are none. */
export function ownRsaKey(der: Uint8Array): KeyObject {
  const key = readRsaKey("private", der);
  if (key === undefined) throw new MisuseError("not an RSA private key (PKCS#8 DER)");
  return key;
}

export const modulusBits = (key: KeyObject): number => key.asymmetricKeyDetails?.modulusLength ?? 0;

export const modulusBytes = (key: KeyObject): number => Math.ceil(modulusBits(key) / 8);

/**
 * The bare RSA function, forwards under a public key and backwards under a private one.
 * @param data as many bytes as the modulus has.
 * @returns as many; `undefined` if `data` is not below the modulus, has another length, or the key
 *   is not one that OpenSSL would use.
 * @see RFC 8017 §5.1, §5.2
 */
export function rsaPower(key: KeyObject, data: Uint8Array): Uint8Array | undefined {
  const apply = key.type === "private" ? privateDecrypt : publicEncrypt;
  try {
    return new Uint8Array(apply({ key, padding: constants.RSA_NO_PADDING }, data));
  } catch {
    return undefined;
  }
}

/** @returns `data` XOR MGF1(source), as long as `data`. @see RFC 8017 §B.2.1 */
export function mgf1Mask(name: HashName, source: Uint8Array, data: Uint8Array): Uint8Array {
  const out = data.slice();
  const size = hashBytes(name);
  for (let at = 0, counter = 0; at < out.length; at += size, counter++) {
    const stream = hash(name, concat(source, uintBytes(counter, 4)));
    const end = Math.min(size, out.length - at);
    for (let i = 0; i < end; i++) out[at + i] = (out[at + i] ?? 0) ^ (stream[i] ?? 0);
  }
  return out;
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

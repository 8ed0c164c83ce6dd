/** Hash functions, HMAC and HKDF. */
import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac as nobleHmac } from "@noble/hashes/hmac.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { MisuseError } from "../errors.ts";
import { named } from "./named.ts";

/** MD5 and SHA-1 are here for protocols that still use them; collisions are known for both. */
export type HashName = "md5" | "sha1" | "sha256" | "sha384" | "sha512";

const functions = { md5, sha1, sha256, sha384, sha512 } as const;
const functionOf = (name: HashName) => named("hash function", functions, name);

/** @returns how many bytes the hash has: 16, 20, 32, 48 or 64. */
export const hashBytes = (name: HashName): number => functionOf(name).outputLen;

/**
 * @returns {@link hashBytes} bytes.
 * @see RFC 1321 (MD5), FIPS 180-4
 */
export const hash = (name: HashName, data: Uint8Array): Uint8Array => functionOf(name)(data);

/**
 * @param key any length, the empty string too. @returns {@link hashBytes} bytes.
 * @see RFC 2104
 */
export const hmac = (name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array =>
  nobleHmac(functionOf(name), key, data);

/**
 * Extract and expand in one step. Without a salt, it is {@link hashBytes} zeros, which HMAC cannot
 * tell from the empty salt.
 * @param length bytes of output. @throws MisuseError above 255 hash lengths.
 * @see RFC 5869 §2
 */
export function hkdf(
  name: HashName,
  key: Uint8Array,
  salt: Uint8Array | undefined,
  info: Uint8Array | undefined,
  length: number,
): Uint8Array {
  const pseudorandomKey = extract(functionOf(name), key, salt);
  return hkdfExpand(name, pseudorandomKey, info ?? new Uint8Array(), length);
}

/**
 * @param key the input keying material, any length. @returns {@link hashBytes} bytes.
 * @see RFC 5869 §2.2
 */
export const hkdfExtract = (name: HashName, key: Uint8Array, salt: Uint8Array): Uint8Array =>
  extract(functionOf(name), key, salt);

/**
 * @param key the pseudorandom key. The RFC asks for {@link hashBytes} or more; shorter ones are
 *   taken too, because protocols in the wild expand 16-byte keys.
 * @param length bytes of output. @throws MisuseError above 255 hash lengths.
 * @see RFC 5869 §2.3
 */
export function hkdfExpand(
  name: HashName,
  key: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const size = hashBytes(name);
  if (!(Number.isInteger(length) && length >= 0 && length <= 255 * size)) {
    throw new MisuseError(`HKDF-${name} gives 0 to ${255 * size} bytes, not ${length}`);
  }
  let full = key;
  if (key.length < size) {
    // HMAC appends zeros to a short key itself, so that this changes no output; it only gets the
    // key past the library's check of its length.
    full = new Uint8Array(size);
    full.set(key);
  }
  return expand(functionOf(name), full, info, length);
}

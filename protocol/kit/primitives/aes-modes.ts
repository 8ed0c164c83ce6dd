/**
 * Encryption without authentication: whoever changes a ciphertext changes the plaintext, and
 * nobody notices. The case studies show what comes of it.
 *
 * | mode       | key          | iv           | ciphertext                    |
 * |------------|--------------|--------------|-------------------------------|
 * | aes-cbc    | 16, 24 or 32 | 16           | padded to whole 16-byte blocks |
 * | aes-cfb8   | 16, 24 or 32 | 16           | as long as the plaintext      |
 * | aes-cfb128 | 16, 24 or 32 | 16           | as long as the plaintext      |
 * | aes-ctr    | 16, 24 or 32 | 16, counter  | as long as the plaintext      |
 * | chacha20   | 32           | 12, from block 0 | as long as the plaintext  |
 *
 * @see NIST SP 800-38A §6, RFC 5652 §6.3 (padding), RFC 8439 §2.4
 */
import { cbc, cfb, ctr } from "@noble/ciphers/aes.js";
import { chacha20 } from "@noble/ciphers/chacha.js";
import { MisuseError } from "../errors.ts";
import { cfb8Decrypt, cfb8Encrypt } from "./cfb8.ts";

export type CipherMode = "aes-cbc" | "aes-cfb8" | "aes-cfb128" | "aes-ctr" | "chacha20";

const blockBytes = 16;

/** @throws MisuseError if key or iv has a length not in the table above. */
export function cipherEncrypt(
  mode: CipherMode,
  key: Uint8Array,
  iv: Uint8Array,
  data: Uint8Array,
): Uint8Array {
  checkKey(mode, key);
  if (iv.length !== cipherIvBytes(mode)) {
    throw new MisuseError(`${mode} takes no iv of ${iv.length} bytes`);
  }
  switch (mode) {
    case "aes-cbc":
      return cbc(key, iv).encrypt(data);
    case "aes-cfb8":
      return cfb8Encrypt(key, iv, data);
    case "aes-cfb128":
      return cfb(key, iv).encrypt(data);
    case "aes-ctr":
      return ctr(key, iv).encrypt(data);
    case "chacha20":
      return chacha20(key, iv, data);
  }
}

/**
 * @param iv untrusted, like `data`: it usually travels in front of the ciphertext.
 * @returns the plaintext; `undefined` if the iv has a wrong length, or, for CBC only, if `data` is
 *   not one or more whole blocks or its padding is bad.
 * @throws MisuseError if the key has a length not in the table above.
 */
export function cipherDecrypt(
  mode: CipherMode,
  key: Uint8Array,
  iv: Uint8Array,
  data: Uint8Array,
): Uint8Array | undefined {
  checkKey(mode, key);
  if (iv.length !== cipherIvBytes(mode)) return undefined;
  switch (mode) {
    case "aes-cbc":
      if (data.length % blockBytes !== 0) return undefined;
      return unpad(cbc(key, iv, { disablePadding: true }).decrypt(data));
    case "aes-cfb8":
      return cfb8Decrypt(key, iv, data);
    case "aes-cfb128":
      return cfb(key, iv).decrypt(data);
    case "aes-ctr":
      return ctr(key, iv).decrypt(data);
    case "chacha20":
      return chacha20(key, iv, data);
  }
}

/** @returns how long the iv (or nonce) of a mode is. */
export const cipherIvBytes = (mode: CipherMode): number => (mode === "chacha20" ? 12 : blockBytes);

function checkKey(mode: CipherMode, key: Uint8Array): void {
  const sizes = mode === "chacha20" ? [32] : [16, 24, 32];
  if (!sizes.includes(key.length)) {
    throw new MisuseError(`${mode} takes no key of ${key.length} bytes`);
  }
}

/** PKCS#7: the last byte says how many bytes of its own value end the data. RFC 5652 §6.3. */
function unpad(data: Uint8Array): Uint8Array | undefined {
  // No data at all is not padded either.
  const count = data[data.length - 1] ?? 0;
  if (count < 1 || count > blockBytes) return undefined;
  const end = data.length - count;
  return data.subarray(end).every((byte) => byte === count) ? data.slice(0, end) : undefined;
}

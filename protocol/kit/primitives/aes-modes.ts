/**
 * Encryption without authentication: a changed ciphertext decrypts to a changed plaintext,
 * undetected. The case studies show what comes of it.
 *
 * | mode         | key          | iv               | ciphertext                     |
 * |--------------|--------------|------------------|--------------------------------|
 * | aes-cbc      | 16, 24 or 32 | 16               | padded to whole 16-byte blocks |
 * | aes-cbc-bare | 16, 24 or 32 | 16               | whole blocks, as the plaintext |
 * | aes-ecb      | 16, 24 or 32 | none: 0          | padded to whole 16-byte blocks |
 * | aes-ecb-bare | 16, 24 or 32 | none: 0          | whole blocks, as the plaintext |
 * | aes-cfb8     | 16, 24 or 32 | 16               | as long as the plaintext       |
 * | aes-cfb128   | 16, 24 or 32 | 16               | as long as the plaintext       |
 * | aes-ctr      | 16, 24 or 32 | 16, counter      | as long as the plaintext       |
 * | chacha20     | 32           | 12, from block 0 | as long as the plaintext       |
 *
 * ECB encrypts equal blocks to equal blocks, in every message under the same key.
 *
 * @see NIST SP 800-38A §6, RFC 5652 §6.3 (padding), RFC 8439 §2.4
 */
import { cbc, cfb, ctr, ecb } from "@noble/ciphers/aes.js";
import { chacha20 } from "@noble/ciphers/chacha.js";
import { MisuseError } from "../errors.ts";
import { cfb8Decrypt, cfb8Encrypt } from "./cfb8.ts";

export type CipherMode =
  | "aes-cbc"
  | "aes-cbc-bare"
  | "aes-ecb"
  | "aes-ecb-bare"
  | "aes-cfb8"
  | "aes-cfb128"
  | "aes-ctr"
  | "chacha20";

const blockBytes = 16;
/** The padding is checked here, since a bad one is no error of the caller's. */
const bare = { disablePadding: true };

/**
 * @throws MisuseError if key or iv has a length not in the table above, or if a mode without
 *   padding is given anything but whole blocks (none are whole blocks too).
 */
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
    case "aes-cbc-bare":
      return cbc(key, iv, bare).encrypt(wholeBlocks(mode, data));
    case "aes-ecb":
      return ecb(key).encrypt(data);
    case "aes-ecb-bare":
      return ecb(key, bare).encrypt(wholeBlocks(mode, data));
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
 * @returns the plaintext; `undefined` if the iv has a wrong length, or, for CBC and ECB, if `data`
 *   is not whole blocks, or if there is padding and it is bad.
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
      return isWholeBlocks(data) ? unpad(cbc(key, iv, bare).decrypt(data)) : undefined;
    case "aes-cbc-bare":
      return isWholeBlocks(data) ? cbc(key, iv, bare).decrypt(data) : undefined;
    case "aes-ecb":
      return isWholeBlocks(data) ? unpad(ecb(key, bare).decrypt(data)) : undefined;
    case "aes-ecb-bare":
      return isWholeBlocks(data) ? ecb(key, bare).decrypt(data) : undefined;
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

/** @returns how long the iv (or nonce) of a mode is: 0, 12 or 16. */
export function cipherIvBytes(mode: CipherMode): number {
  if (mode === "aes-ecb" || mode === "aes-ecb-bare") return 0;
  return mode === "chacha20" ? 12 : blockBytes;
}

const isWholeBlocks = (data: Uint8Array): boolean => data.length % blockBytes === 0;

function wholeBlocks(mode: CipherMode, data: Uint8Array): Uint8Array {
  if (isWholeBlocks(data)) return data;
  throw new MisuseError(`${mode} takes whole blocks, not ${data.length} bytes`);
}

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

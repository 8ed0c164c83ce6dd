/**
 * How a text travels: an IV in one datagram, base64(AES-256-CFB) in the next.
 *
 * Nothing ties the two to each other, to a place in the conversation or to a direction, and
 * nothing authenticates them. What Python does with bytes that no honest end sends is kept:
 * base64 forgives much, and whatever it does not forgive ends the process.
 */
import { text } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import type { CipherMode } from "../../kit/primitives/aes-modes.ts";
import { pythonB64decode } from "../../kit/primitives/encodings.ts";
import { Uncaught } from "./handshake.ts";

const ivBytes = 16;
/** 62 characters: 95 bits in an IV, where 128 would fit. */
const ivAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * Encrypts one text.
 *
 * @param key 32 bytes.
 * @returns the two datagrams: 16 bytes, and 4 bytes for every 3 of `message`.
 */
export function sealPair(
  crypto: CryptoKit,
  mode: CipherMode,
  key: Uint8Array,
  message: Uint8Array,
): readonly [iv: Uint8Array, ciphertext: Uint8Array] {
  const iv = crypto.randomText(ivBytes, ivAlphabet);
  return [iv, crypto.encode("base64", crypto.encrypt(mode, key, iv, message))];
}

/**
 * Decrypts two datagrams, from any sender, in the order in which they came.
 *
 * @returns the text's bytes, always valid UTF-8.
 * @throws Uncaught as Python raises: for an IV that is not 16 bytes, for base64 without its
 *   padding, for a text that is not UTF-8.
 */
export function openPair(
  crypto: CryptoKit,
  mode: CipherMode,
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  if (iv.length !== ivBytes) throw new Uncaught(`ValueError: IV of ${iv.length} bytes, not 16`);
  // The first decoder is the recorded one; the second takes what only Python takes.
  const data = crypto.decode("base64", ciphertext) ?? pythonB64decode(ciphertext);
  if (data === undefined) throw new Uncaught("binascii.Error: incorrect padding");
  const message = crypto.decrypt(mode, key, iv, data);
  if (message === undefined || text(message) === undefined) {
    throw new Uncaught("UnicodeDecodeError: the text is not valid UTF-8");
  }
  return message;
}

/**
 * Fernet: a message under AES-128-CBC and HMAC-SHA-256, as one line of text.
 *
 *     token = base64url(0x80 ‖ time ‖ iv ‖ ciphertext ‖ hmac)
 *     key   = base64url(signing key ‖ encryption key)
 *
 * Version 1 byte, time 8 (seconds since 1970, big-endian), iv 16, ciphertext a multiple of 16,
 * hmac 32 over all before it; both keys 16. Every step goes through the {@link CryptoKit}, so the
 * lab sees inside. The time is sent in clear, and without a time to live a token is good for ever.
 *
 * @see github.com/fernet/spec, Spec.md
 */

import { concat, fromLatin1, latin1, uintBytes } from "./bytes.ts";
import type { CryptoKit } from "./crypto.ts";
import { MisuseError } from "./errors.ts";
import { pythonB64decode } from "./primitives/encodings.ts";

const version = 0x80;
const headerBytes = 9;
const ivBytes = 16;
const tagBytes = 32;
const keyBytes = 32;
/** How far ahead of ours a sender's clock may be, where time is checked at all. */
const maxClockSkewSeconds = 60;

export interface FernetOptions {
  /** The time now; needed with `ttlSeconds`, and without effect otherwise. */
  readonly nowSeconds?: number;
  /** How old a token may be. Without it neither its age nor a future time is looked at. */
  readonly ttlSeconds?: number;
  /**
   * Read the token as Python's `cryptography` does: stray characters are skipped, so that one
   * token has many spellings. By default only the canonical one is taken.
   */
  readonly pythonBase64?: boolean;
}

export interface FernetContent {
  readonly plaintext: Uint8Array;
  /** When the sender says that the token was made. */
  readonly timestampSeconds: number;
}

/** @returns a fresh key: 44 bytes of base64url. */
export const fernetKey = (kit: CryptoKit): Uint8Array =>
  kit.encode("base64url", kit.random(keyBytes));

/**
 * @param key 44 bytes of base64url. @param nowSeconds what the token will say.
 * @returns the token, base64url with padding.
 * @throws MisuseError if the key is none, or the time is not a whole number from 0.
 */
export function fernetEncrypt(
  kit: CryptoKit,
  key: Uint8Array,
  nowSeconds: number,
  plaintext: Uint8Array,
): Uint8Array {
  if (!(Number.isSafeInteger(nowSeconds) && nowSeconds >= 0)) {
    throw new MisuseError(`not a time in whole seconds: ${nowSeconds}`);
  }
  const { signing, encryption } = splitKey(kit, key);
  const iv = kit.random(ivBytes);
  const ciphertext = kit.encrypt("aes-cbc", encryption, iv, plaintext);
  const body = concat(Uint8Array.of(version), uintBytes(nowSeconds, 8), iv, ciphertext);
  return kit.encode("base64url", concat(body, kit.hmac("sha256", signing, body)));
}

/**
 * @param key 44 bytes of base64url. @param token untrusted.
 * @returns what is inside; `undefined` if the token is malformed, forged, too old or from the
 *   future.
 * @throws MisuseError if the key is none, or a time to live comes without the time now.
 */
export function fernetDecrypt(
  kit: CryptoKit,
  key: Uint8Array,
  token: Uint8Array,
  options: FernetOptions = {},
): FernetContent | undefined {
  const { signing, encryption } = splitKey(kit, key);
  const bytes = options.pythonBase64
    ? pythonB64decode(standardAlphabet(token))
    : kit.decode("base64url", token);
  if (bytes === undefined || bytes[0] !== version) return undefined;
  // Python's implementation leaves this to HMAC and CBC, and rejects the same tokens.
  if (bytes.length < headerBytes + ivBytes + tagBytes) return undefined;
  const timestampSeconds = readTime(bytes);
  if (!isFresh(timestampSeconds, options)) return undefined;
  const body = bytes.slice(0, -tagBytes);
  const expected = kit.hmac("sha256", signing, body);
  if (!kit.equal(bytes.slice(-tagBytes), expected)) return undefined;
  const iv = body.slice(headerBytes, headerBytes + ivBytes);
  const ciphertext = body.slice(headerBytes + ivBytes);
  const plaintext = kit.decrypt("aes-cbc", encryption, iv, ciphertext);
  return plaintext && { plaintext, timestampSeconds };
}

function splitKey(kit: CryptoKit, key: Uint8Array) {
  const bytes = kit.decode("base64url", key);
  if (bytes?.length !== keyBytes) throw new MisuseError("a Fernet key is 32 bytes in base64url");
  return { signing: bytes.slice(0, 16), encryption: bytes.slice(16) };
}

/** Beyond 2^53 seconds the value is rounded, which no comparison here can notice. */
function readTime(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Number(view.getBigUint64(1));
}

function isFresh(timestampSeconds: number, options: FernetOptions): boolean {
  const { nowSeconds, ttlSeconds } = options;
  if (ttlSeconds === undefined) return true;
  if (nowSeconds === undefined) throw new MisuseError("a time to live needs the time now");
  return (
    timestampSeconds + ttlSeconds >= nowSeconds &&
    timestampSeconds <= nowSeconds + maxClockSkewSeconds
  );
}

const standardAlphabet = (token: Uint8Array): Uint8Array =>
  fromLatin1(latin1(token).replaceAll("-", "+").replaceAll("_", "/"));

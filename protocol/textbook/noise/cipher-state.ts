/**
 * A key and how often it was used (Noise §5.1), with ChaChaPoly (§12.3): a 16-byte tag, and a nonce
 * of 4 zero bytes and the counter in 8 bytes, little-endian. States are values: what fails leaves
 * everything as it was.
 */
import { uintBytes } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";

export const tagBytes = 16;
const counterBytes = 8;
const nonceBytes = 12;

export interface CipherState {
  /** 32 bytes; absent before any key is agreed, when everything goes in the clear. */
  readonly key: Uint8Array | undefined;
  /** The counter of the next message. */
  readonly next: number;
}

export interface Step<Bytes = Uint8Array> {
  readonly state: CipherState;
  readonly bytes: Bytes;
}

export const keyedWith = (key: Uint8Array | undefined): CipherState => ({ key, next: 0 });

function nonce(counter: number): Uint8Array {
  const out = new Uint8Array(nonceBytes);
  out.set(uintBytes(counter, counterBytes).reverse(), nonceBytes - counterBytes);
  return out;
}

/** @returns the ciphertext, 16 bytes longer; without a key, the plaintext. */
export function encryptWithAd(
  crypto: CryptoKit,
  { key, next }: CipherState,
  data: Uint8Array,
  plaintext: Uint8Array,
): Step {
  if (key === undefined) return { state: { key, next }, bytes: plaintext };
  const bytes = crypto.seal("chacha20-poly1305", key, nonce(next), plaintext, data);
  return { state: { key, next: next + 1 }, bytes };
}

/** @returns the plaintext; `undefined` if the tag does not verify. */
export function decryptWithAd(
  crypto: CryptoKit,
  { key, next }: CipherState,
  data: Uint8Array,
  ciphertext: Uint8Array,
): Step | undefined {
  if (key === undefined) return { state: { key, next }, bytes: ciphertext };
  const bytes = crypto.open("chacha20-poly1305", key, nonce(next), ciphertext, data);
  return bytes === undefined ? undefined : { state: { key, next: next + 1 }, bytes };
}

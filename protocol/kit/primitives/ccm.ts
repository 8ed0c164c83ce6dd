/**
 * AES-CCM, which the library lacks, put together from its CBC and CTR modes (RFC 3610, NIST
 * SP 800-38C). The tag is a CBC-MAC over nonce, lengths, associated data and plaintext; tag and
 * plaintext are then encrypted in counter mode.
 *
 * Key 16, 24 or 32 bytes; nonce 7 to 13; tag 4 to 16, even. The longer the nonce, the shorter the
 * longest message: 65535 bytes under a nonce of 13. The caller checks all lengths.
 */
import { cbc, ctr } from "@noble/ciphers/aes.js";
import { concat, equalBytes, uintBytes } from "../bytes.ts";

const blockBytes = 16;

/** How many plaintext bytes a message under this nonce can have. RFC 3610 §2.1. */
export const ccmMaxBytes = (nonceBytes: number): number => 2 ** (8 * lengthBytes(nonceBytes)) - 1;

/**
 * @returns ciphertext followed by the tag.
 * @see RFC 3610 §2.2, §2.3
 */
export function ccmSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
  tagBytes: number,
): Uint8Array {
  const tag = cbcMac(key, nonce, plaintext, associatedData, tagBytes);
  const mixed = applyKeystream(key, nonce, concat(tag, plaintext));
  return concat(mixed.subarray(blockBytes), mixed.subarray(0, tagBytes));
}

/**
 * @param ciphertext as {@link ccmSeal} returns it, at least `tagBytes` long.
 * @returns the plaintext, or `undefined` if the tag does not verify.
 * @see RFC 3610 §2.5
 */
export function ccmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  ciphertext: Uint8Array,
  associatedData: Uint8Array,
  tagBytes: number,
): Uint8Array | undefined {
  const end = ciphertext.length - tagBytes;
  const sentTag = new Uint8Array(blockBytes);
  sentTag.set(ciphertext.subarray(end));
  const mixed = applyKeystream(key, nonce, concat(sentTag, ciphertext.subarray(0, end)));
  const plaintext = mixed.slice(blockBytes);
  const tag = cbcMac(key, nonce, plaintext, associatedData, tagBytes);
  const same = equalBytes(tag.subarray(0, tagBytes), mixed.subarray(0, tagBytes));
  return same ? plaintext : undefined;
}

const lengthBytes = (nonceBytes: number): number => blockBytes - 1 - nonceBytes;

/**
 * Encrypts, or decrypts, a block for the tag and then the message. Counter 0 goes to the tag and 1
 * to the first block of the message, so that one pass does both. RFC 3610 §2.3.
 */
function applyKeystream(key: Uint8Array, nonce: Uint8Array, tagAndText: Uint8Array): Uint8Array {
  const size = lengthBytes(nonce.length);
  const counter = concat(Uint8Array.of(size - 1), nonce, new Uint8Array(size));
  return ctr(key, counter).encrypt(tagAndText);
}

/** @returns the whole last block, of which the tag is the beginning. RFC 3610 §2.2. */
function cbcMac(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
  tagBytes: number,
): Uint8Array {
  const size = lengthBytes(nonce.length);
  const flags = (associatedData.length > 0 ? 0x40 : 0) | (((tagBytes - 2) / 2) << 3) | (size - 1);
  const start = concat(Uint8Array.of(flags), nonce, uintBytes(plaintext.length, size));
  const header = padded(concat(associatedDataLength(associatedData.length), associatedData));
  const blocks = concat(start, header, padded(plaintext));
  const zeros = new Uint8Array(blockBytes);
  return cbc(key, zeros, { disablePadding: true }).encrypt(blocks).slice(-blockBytes);
}

/** The prefix that keeps associated data apart from what follows: 0, 2 or 6 bytes. */
function associatedDataLength(length: number): Uint8Array {
  if (length === 0) return new Uint8Array();
  if (length < 0xff00) return uintBytes(length, 2);
  return concat(Uint8Array.of(0xff, 0xfe), uintBytes(length, 4));
}

function padded(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(data.length / blockBytes) * blockBytes);
  out.set(data);
  return out;
}

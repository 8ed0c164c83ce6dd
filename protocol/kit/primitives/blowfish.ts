/** Blowfish, as far as bcrypt needs it: a block cipher of 64 bits whose key setup takes a salt. */
import { piWords } from "./pi.ts";

export interface Blowfish {
  /** 18 words. */
  readonly subkeys: Int32Array;
  /** Four tables of 256 words, one after the other. */
  readonly tables: Int32Array;
}

const subkeyCount = 18;
const tableWords = 4 * 256;
let digits: Int32Array | undefined;

/** @returns the cipher before any key: the digits of pi. */
export function initialBlowfish(): Blowfish {
  digits ??= piWords(subkeyCount + tableWords);
  return { subkeys: digits.slice(0, subkeyCount), tables: digits.slice(subkeyCount) };
}

/**
 * @param bytes one or more; they start over at their end.
 * @returns as many big-endian words as there are subkeys.
 */
export function cyclicWords(bytes: Uint8Array): Int32Array {
  const words = new Int32Array(subkeyCount);
  for (let i = 0; i < 4 * subkeyCount; i++) {
    const word = words[i >> 2] ?? 0;
    words[i >> 2] = (word << 8) | (bytes[i % bytes.length] ?? 0);
  }
  return words;
}

/**
 * Mixes the key into the subkeys, then replaces all words by what the cipher makes of the salt.
 * @param key of {@link cyclicWords}. @param salt likewise; only its first four words count.
 * @see B. Schneier: Description of a New Variable-Length Key, 64-Bit Block Cipher, 1993 (no salt);
 *   N. Provos, D. Mazières: A Future-Adaptable Password Scheme, USENIX 1999, §4 (ExpandKey)
 */
export function expandKey(state: Blowfish, key: Int32Array, salt: Int32Array = zeros): void {
  const { subkeys, tables } = state;
  for (let i = 0; i < subkeyCount; i++) subkeys[i] = (subkeys[i] ?? 0) ^ (key[i] ?? 0);
  const block = new Int32Array(2);
  let at = 0;
  for (const words of [subkeys, tables]) {
    for (let i = 0; i < words.length; i += 2, at ^= 2) {
      block[0] = (block[0] as number) ^ (salt[at] as number);
      block[1] = (block[1] as number) ^ (salt[at + 1] as number);
      encryptBlock(state, block);
      words[i] = block[0] as number;
      words[i + 1] = block[1] as number;
    }
  }
}

const zeros = new Int32Array(4);

/** @param block two words, encrypted in place. */
export function encryptBlock({ subkeys, tables }: Blowfish, block: Int32Array): void {
  let left = (block[0] as number) ^ (subkeys[0] as number);
  let right = block[1] as number;
  for (let round = 1; round < 17; round += 2) {
    right ^= mixed(tables, left) ^ (subkeys[round] as number);
    left ^= mixed(tables, right) ^ (subkeys[round + 1] as number);
  }
  block[0] = right ^ (subkeys[17] as number);
  block[1] = left;
}

/** The round function: each of the four bytes looked up in a table of its own. */
function mixed(tables: Int32Array, word: number): number {
  const a = tables[word >>> 24] as number;
  const b = tables[256 + ((word >>> 16) & 255)] as number;
  const c = tables[512 + ((word >>> 8) & 255)] as number;
  const d = tables[768 + (word & 255)] as number;
  return (((a + b) ^ c) + d) | 0;
}

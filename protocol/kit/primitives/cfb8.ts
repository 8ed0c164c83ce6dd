/**
 * AES in 8-bit cipher feedback, PyCryptodome's default CFB (NIST SP 800-38A §6.3). The library has
 * only the 128-bit kind. Each byte costs one whole block encryption, so the key is expanded once
 * and the shift register is kept in four words, as the library's block function wants it: the
 * first byte of the block in the low bits of the first word.
 */
import { unsafe } from "@noble/ciphers/aes.js";

const { encrypt: encryptWords, expandKeyLE } = unsafe;

/** @param key 16, 24 or 32 bytes. @param iv 16 bytes. @returns as many bytes as `data`. */
export const cfb8Encrypt = (key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array =>
  cfb8(key, iv, data, true);

/** @param key 16, 24 or 32 bytes. @param iv 16 bytes. @returns as many bytes as `data`. */
export const cfb8Decrypt = (key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array =>
  cfb8(key, iv, data, false);

function cfb8(key: Uint8Array, iv: Uint8Array, data: Uint8Array, forward: boolean): Uint8Array {
  const roundKeys = expandKeyLE(key);
  const register = new DataView(iv.buffer, iv.byteOffset, 16);
  let r0 = register.getUint32(0, true);
  let r1 = register.getUint32(4, true);
  let r2 = register.getUint32(8, true);
  let r3 = register.getUint32(12, true);
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const keystream = encryptWords(roundKeys, r0, r1, r2, r3).s0 & 0xff;
    const byte = data[i] ?? 0;
    const mixed = byte ^ keystream;
    out[i] = mixed;
    // The register loses its first byte and gains the byte of ciphertext.
    r0 = (r0 >>> 8) | (r1 << 24);
    r1 = (r1 >>> 8) | (r2 << 24);
    r2 = (r2 >>> 8) | (r3 << 24);
    r3 = (r3 >>> 8) | ((forward ? mixed : byte) << 24);
  }
  return out;
}

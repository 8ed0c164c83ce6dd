/**
 * What NaCl's `crypto_box` adds to its `crypto_secretbox`: the key. The box itself is
 * `xsalsa20-poly1305` of `aead.ts`, under a nonce of 24 bytes that the two sides never use twice;
 * both of them seal and open with the same key.
 */
import { hsalsa } from "@noble/ciphers/salsa.js";
import { utf8 } from "../bytes.ts";
import { MisuseError } from "../errors.ts";

const secretBytes = 32;

/**
 * HSalsa20 of the shared secret and 16 zeros (`crypto_box_beforenm`).
 * @param sharedSecret 32 bytes, as X25519 gives them.
 * @returns 32 bytes, a key for `xsalsa20-poly1305`.
 * @throws MisuseError if the secret has another length.
 * @see D. J. Bernstein: Cryptography in NaCl, 2009; Extending the Salsa20 nonce, 2011, §2
 */
export function boxKey(sharedSecret: Uint8Array): Uint8Array {
  if (sharedSecret.length !== secretBytes) {
    throw new MisuseError(`a box has a secret of ${secretBytes} bytes, not ${sharedSecret.length}`);
  }
  const key = new Uint8Array(secretBytes);
  hsalsa(words(utf8("expand 32-byte k")), words(sharedSecret), new Uint32Array(4), words32(key));
  return key;
}

/** A copy, since a part of a longer buffer need not begin where words do. */
const words = (bytes: Uint8Array): Uint32Array => words32(bytes.slice());

const words32 = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);

/** AES-CMAC: a message authentication code of 16 bytes out of AES alone. */
import { cmac } from "@noble/ciphers/aes.js";
import { MisuseError } from "../errors.ts";

const keySizes = [16, 24, 32];

/**
 * @param key 16, 24 or 32 bytes. @param message any length, the empty string too.
 * @returns 16 bytes; protocols that send fewer send the first ones.
 * @throws MisuseError if the key has another length.
 * @see RFC 4493 §2.4, NIST SP 800-38B §6.2
 */
export function aesCmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  if (!keySizes.includes(key.length)) {
    throw new MisuseError(`aes-cmac takes no key of ${key.length} bytes`);
  }
  return cmac(message, key);
}

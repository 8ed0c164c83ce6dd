/** Ed25519 signatures: private and public keys of 32 bytes, signatures of 64. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { MisuseError } from "../errors.ts";

const keyBytes = 32;
const signatureBytes = 64;

/**
 * @param privateKey 32 bytes, all values good. @returns 32 bytes.
 * @throws MisuseError if the key has another length.
 * @see RFC 8032 §5.1.5
 */
export function ed25519PublicKey(privateKey: Uint8Array): Uint8Array {
  checkPrivateKey(privateKey);
  return ed25519.getPublicKey(privateKey);
}

/**
 * @param privateKey 32 bytes. @returns 64 bytes, the same for the same message.
 * @throws MisuseError if the key has another length.
 * @see RFC 8032 §5.1.6
 */
export function ed25519Sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  checkPrivateKey(privateKey);
  return ed25519.sign(message, privateKey);
}

/**
 * Strict: only canonical encodings, and no public key of small order, under which one signature
 * would be good for many messages.
 * @param publicKey untrusted, any length. @param signature untrusted, any length.
 * @returns whether the signature is good; never throws.
 * @see RFC 8032 §5.1.7
 */
export function ed25519Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== keyBytes || signature.length !== signatureBytes) return false;
  return ed25519.verify(signature, message, publicKey, { zip215: false });
}

function checkPrivateKey(key: Uint8Array): void {
  if (key.length !== keyBytes) {
    throw new MisuseError(`an Ed25519 private key has ${keyBytes} bytes, not ${key.length}`);
  }
}

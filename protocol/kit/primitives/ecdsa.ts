/**
 * ECDSA over P-256 with SHA-256. Keys are those of `curves.ts` for p256: private keys of 32 bytes,
 * made by `curvePrivateKey`; public keys of 33 bytes (compressed), where 65 are accepted too.
 *
 * | format | signature                                                              |
 * |--------|------------------------------------------------------------------------|
 * | p1363  | 64 bytes: r and s, 32 each                                             |
 * | der    | 8 to 72 bytes: a SEQUENCE of two INTEGERs, in the one encoding DER has |
 */
import { p256 } from "@noble/curves/nist.js";
import { MisuseError } from "../errors.ts";

export type EcdsaFormat = "p1363" | "der";

const nobleFormat = { p1363: "compact", der: "der" } as const;

/**
 * @param privateKey 32 bytes, from 1 to the group's order - 1.
 * @returns a signature, the same for the same message. Its s may lie in either half: nothing
 *   brings it below n/2.
 * @throws MisuseError on any other private key.
 * @see FIPS 186-5 §6.4.1, RFC 6979 §3.2 (the nonce)
 */
export function ecdsaSign(
  format: EcdsaFormat,
  privateKey: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  if (!p256.utils.isValidSecretKey(privateKey)) {
    throw new MisuseError(`not a p256 private key (${privateKey.length} bytes)`);
  }
  return p256.sign(message, privateKey, { format: nobleFormat[format], lowS: false });
}

/**
 * Strict about the encoding, but signatures are malleable, as the standard has it: with (r, s),
 * (r, n - s) is good for the same message too, and it can be computed without a key.
 * @param publicKey untrusted, any length. @param signature untrusted, any length.
 * @returns whether the signature is good; never throws.
 * @see FIPS 186-5 §6.4.2, RFC 3279 §2.2.3 (DER)
 */
export function ecdsaVerify(
  format: EcdsaFormat,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const options = { format: nobleFormat[format], lowS: false };
    return p256.verify(signature, message, publicKey, options);
  } catch {
    // A signature of a length that the format does not have.
    return false;
  }
}

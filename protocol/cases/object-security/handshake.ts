/** The key both ends derive: ephemeral ECDH on P-384, then HKDF. */
import { concat, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";

export const curve = "p384";
const keyBytes = 32;
const info = utf8("handshake data");

/** What ends the program: a Python exception that nothing catches. */
export class Uncaught extends Error {}

/** What the server signs with `keys=signed`: both points, as either end saw them. */
export const signedPoints = (ofServer: Uint8Array, ofClient: Uint8Array): Uint8Array =>
  concat(info, ofServer, ofClient);

/**
 * Derives the one key of a session. It encrypts both directions, and no message changes it.
 *
 * @param peerPoint whatever came in the place of the peer's point, 49 bytes if it is one.
 * @returns 32 bytes, by HKDF-SHA-256 without salt.
 * @throws Uncaught as Python raises when the bytes are not a point of the curve.
 */
export function sessionKey(
  crypto: CryptoKit,
  privateKey: Uint8Array,
  peerPoint: Uint8Array,
): Uint8Array {
  const shared = crypto.sharedSecret(curve, privateKey, peerPoint);
  if (shared === undefined) throw new Uncaught("ValueError: not a point of secp384r1");
  return crypto.hkdf({ hash: "sha256", key: shared, info, length: keyBytes });
}

/**
 * Diffie–Hellman values as EDHOC sends them: 32 bytes. Of a point of P-256 that is the
 * x-coordinate; which of the two points it means does not matter, since they have the same
 * x-coordinate in every product. RFC 9528 §3.7.
 */
import { InvariantError } from "../../endpoint.ts";
import { concat } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";
import type { Suite } from "../suites.ts";

type Curve = Suite["curve"];

/** The prefix of a compressed point with an even y-coordinate. SEC 1 §2.3.3. */
const even = 0x02;
const mostDraws = 128;

/** A fresh pair, 32 and 32 bytes. */
export function sharePair(crypto: CryptoKit, curve: Curve): KeyPair {
  for (let i = 0; i < mostDraws; i++) {
    const { privateKey, publicKey } = crypto.keyPair(curve);
    if (curve === "x25519") return { privateKey, publicKey };
    // Half of all points have an even y. With one of those, the point that others make of the
    // x-coordinate is the very one whose private key is known, also to the lab's deduction.
    if (publicKey[0] === even) return { privateKey, publicKey: publicKey.slice(1) };
  }
  throw new InvariantError("the coin always falls on the same side");
}

/** The public half of a private key, 32 bytes. */
export function shareOf(crypto: CryptoKit, curve: Curve, privateKey: Uint8Array): Uint8Array {
  const publicKey = crypto.publicKey(curve, privateKey);
  return curve === "x25519" ? publicKey : publicKey.slice(1);
}

/**
 * @param share the peer's, untrusted.
 * @returns 32 bytes; `undefined` if there is no such point, or if every secret made with it is
 *   zero (RFC 7748 §6.1).
 */
export const sharedSecret = (
  crypto: CryptoKit,
  curve: Curve,
  privateKey: Uint8Array,
  share: Uint8Array,
): Uint8Array | undefined =>
  crypto.sharedSecret(
    curve,
    privateKey,
    curve === "x25519" ? share : concat(Uint8Array.of(even), share),
  );

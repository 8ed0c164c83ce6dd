/**
 * Diffie–Hellman over X25519, P-256 and P-384.
 *
 * | curve  | private key | public key sent | public keys accepted | shared secret |
 * |--------|-------------|-----------------|----------------------|---------------|
 * | x25519 | 32 bytes    | 32              | 32                   | 32            |
 * | p256   | 32 bytes    | 33, compressed  | 33 or 65             | 32, x only    |
 * | p384   | 48 bytes    | 49, compressed  | 49 or 97             | 48, x only    |
 */
import { mapHashToField } from "@noble/curves/abstract/modular.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { p256, p384 } from "@noble/curves/nist.js";
import { MisuseError } from "../errors.ts";

export type CurveName = "x25519" | "p256" | "p384";

const nistCurves = { p256, p384 } as const;
const seedBytes = { x25519: 32, p256: 48, p384: 72 } as const;

/**
 * @param privateKey as in the table above. X25519 clamps it.
 * @throws MisuseError if it has another length, or is not from 1 to the group's order - 1.
 * @see RFC 7748 §5, SEC 1 §2.3.3
 */
export function curvePublicKey(curve: CurveName, privateKey: Uint8Array): Uint8Array {
  checkPrivateKey(curve, privateKey);
  if (curve === "x25519") return x25519.getPublicKey(privateKey);
  return nistCurves[curve].getPublicKey(privateKey, true);
}

/**
 * @param peer the peer's public key: untrusted.
 * @returns the shared secret; `undefined` if `peer` has a wrong length, is off the curve, is the
 *   point at infinity, or is one of the X25519 points that make every secret zero.
 * @throws MisuseError on a bad private key.
 * @see RFC 7748 §6.1, SEC 1 §3.3.1
 */
export function curveSharedSecret(
  curve: CurveName,
  privateKey: Uint8Array,
  peer: Uint8Array,
): Uint8Array | undefined {
  checkPrivateKey(curve, privateKey);
  try {
    if (curve === "x25519") return x25519.getSharedSecret(privateKey, peer);
    // A compressed point is its x-coordinate behind one byte for the parity of y.
    return nistCurves[curve].getSharedSecret(privateKey, peer, true).slice(1);
  } catch {
    // The private key is good, so that only the peer's value can be at fault.
    return undefined;
  }
}

/** @returns how many random bytes {@link curvePrivateKey} needs: 32, 48 or 72. */
export const curveSeedBytes = (curve: CurveName): number => seedBytes[curve];

/**
 * Turns random bytes into a private key. The NIST seeds are half as long again as the key, so that
 * the reduction modulo the group's order shows no bias.
 * @param seed {@link curveSeedBytes} uniformly random bytes.
 * @throws MisuseError if there are more or fewer.
 * @see FIPS 186-5 §A.2.1
 */
export function curvePrivateKey(curve: CurveName, seed: Uint8Array): Uint8Array {
  const size = curveSeedBytes(curve);
  if (seed.length !== size) {
    throw new MisuseError(`a ${curve} seed has ${size} bytes, not ${seed.length}`);
  }
  if (curve === "x25519") return seed.slice();
  return mapHashToField(seed, nistCurves[curve].Point.Fn.ORDER);
}

function checkPrivateKey(curve: CurveName, key: Uint8Array): void {
  const valid =
    curve === "x25519" ? key.length === 32 : nistCurves[curve].utils.isValidSecretKey(key);
  if (!valid) throw new MisuseError(`not a ${curve} private key (${key.length} bytes)`);
}

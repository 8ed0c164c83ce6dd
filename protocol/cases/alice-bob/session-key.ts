/**
 * How both ends come by the session key: 44 characters of base64url, as Fernet takes it.
 *
 * - `key=clear`: Alice draws it and sends it as it is.
 * - `key=secret`: she sends 44 random characters in its place, and both ends derive the key from
 *   them and from a secret that only they have. The wire looks the same.
 * - `key=agreed` (fixed): X25519 with a key pair for each connection; both sign both points and
 *   both names with keys that the other knows. A → B: point, 32 bytes. B → A: point ‖ signature,
 *   96. A → B: signature, 64.
 */
import { concat, equalBytes, fromLatin1, latin1, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";
import { fernetKey } from "../../kit/fernet.ts";
import { pythonB64decode } from "../../kit/primitives/encodings.ts";
import { alice, bob } from "./settings.ts";

const keyBytes = 32;
export const pointBytes = 32;
const group = "x25519";

export const newPair = (kit: CryptoKit): KeyPair => kit.keyPair(group);
export const newKey = (kit: CryptoKit): Uint8Array => fernetKey(kit);

/** @param shared 32 bytes. @param label what was sent in the key's place. */
export const derivedKey = (kit: CryptoKit, shared: Uint8Array, label: Uint8Array): Uint8Array =>
  kit.encode("base64url", kit.hkdf({ hash: "sha256", key: shared, info: label, length: keyBytes }));

/**
 * Reads a key off the wire as Python does, stray characters and all.
 * @returns the key in its canonical spelling, 44 bytes.
 * @throws Error as Python raises, if it is none.
 */
export function readKey(kit: CryptoKit, wire: Uint8Array): Uint8Array {
  const standard = latin1(wire).replaceAll("-", "+").replaceAll("_", "/");
  const bytes = pythonB64decode(fromLatin1(standard));
  if (bytes?.length !== keyBytes) throw new Error("ValueError: not a Fernet key");
  const canonical = kit.encode("base64url", bytes);
  return equalBytes(canonical, wire) ? wire : canonical;
}

export interface Points {
  readonly alice: Uint8Array;
  readonly bob: Uint8Array;
}

/** What is signed: who signs for whom, and both points. */
const statement = (signer: string, points: Points): Uint8Array =>
  concat(utf8(signer === alice ? `${alice}>${bob}` : `${bob}>${alice}`), points.alice, points.bob);

export const signPoints = (kit: CryptoKit, key: Uint8Array, signer: string, points: Points) =>
  kit.sign(key, statement(signer, points));

export const checkPoints = (
  kit: CryptoKit,
  publicKey: Uint8Array,
  signer: string,
  points: Points,
  signature: Uint8Array,
): boolean => kit.verify(publicKey, statement(signer, points), signature);

/** @returns the key, or `undefined` if the peer's point is none. */
export function agreedKey(
  kit: CryptoKit,
  privateKey: Uint8Array,
  peerPoint: Uint8Array,
  points: Points,
): Uint8Array | undefined {
  if (peerPoint.length !== pointBytes) return undefined;
  const secret = kit.sharedSecret(group, privateKey, peerPoint);
  return secret && derivedKey(kit, secret, concat(points.alice, points.bob));
}

/** The repair `keys=signed`: all principals have Ed25519 keys and know each other's public ones. */
import type { Principal } from "../../endpoint.ts";
import { concat, fromLatin1, latin1, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";

export type SigningKeys = ReadonlyMap<Principal, KeyPair>;

/** What a signature is for, so that none passes for another. */
type Purpose = "login" | "server" | "peer";

const signed = (purpose: Purpose, parts: readonly Uint8Array[]): Uint8Array =>
  concat(utf8(purpose), ...parts.flatMap((part) => [utf8("|"), part]));

/** @returns 128 hexadecimal digits. */
export function signatureOf(
  crypto: CryptoKit,
  keys: SigningKeys,
  signer: Principal,
  purpose: Purpose,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  const pair = keys.get(signer);
  if (pair === undefined) return new Uint8Array(0);
  return crypto.encode("hex", crypto.sign(pair.privateKey, signed(purpose, parts)));
}

export function isSignedBy(
  crypto: CryptoKit,
  keys: SigningKeys,
  signer: Principal,
  signature: Uint8Array,
  purpose: Purpose,
  ...parts: readonly Uint8Array[]
): boolean {
  const pair = keys.get(signer);
  const bytes = crypto.decode("hex", signature);
  if (pair === undefined || bytes?.length !== 64) return false;
  return crypto.verify(pair.publicKey, signed(purpose, parts), bytes);
}

/** The words of a segment: a value, and behind it its signatures. */
export const words = (segment: Uint8Array): readonly Uint8Array[] =>
  latin1(segment).split(" ").map(fromLatin1);

export const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  fromLatin1(parts.map(latin1).join(" "));

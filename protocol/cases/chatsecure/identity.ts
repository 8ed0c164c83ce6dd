/**
 * What the `clients=signed` variant adds: names that mean something. All parties know each other's
 * Ed25519 public keys, and what introduces a client, to the relay or to another client, is signed.
 */
import type { Principal } from "../../endpoint.ts";
import { concat, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";

export type Signers = ReadonlyMap<Principal, KeyPair>;

/** @param parts what is signed, each with its length before it. @returns 128 hex digits. */
export function signed(
  crypto: CryptoKit,
  signers: Signers,
  by: Principal,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  const key = signers.get(by)?.privateKey;
  if (key === undefined) throw new Error(`${by} has no signing key`);
  return crypto.encode("hex", crypto.sign(key, joined(parts)));
}

/** @param signature untrusted. */
export function verified(
  crypto: CryptoKit,
  signers: Signers,
  by: Principal,
  signature: Uint8Array | undefined,
  ...parts: readonly Uint8Array[]
): boolean {
  const key = signers.get(by)?.publicKey;
  const bytes = signature && crypto.decode("hex", signature);
  if (key === undefined || bytes === undefined) return false;
  return crypto.verify(key, joined(parts), bytes);
}

const joined = (parts: readonly Uint8Array[]): Uint8Array =>
  concat(...parts.flatMap((part) => [utf8(`${part.length}:`), part]));

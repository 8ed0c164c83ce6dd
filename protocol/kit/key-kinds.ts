/**
 * The kinds of key pair there are, by the algorithm that their `public-key` record names. The
 * adversary has a pair of its own of every kind that is in use.
 */
import type { CryptoKit, KeyPair } from "./crypto.ts";
import { InvariantError } from "./errors.ts";
import type { CurveName } from "./primitives/curves.ts";

/** One of the RSA lab keys is the adversary's; see {@link CryptoKit.rsaKeyPair}. */
const adversarysRsaKey = 5;

/** What a `public-key` record may name; a finite field comes with the record instead. */
export type KeyKind = CurveName | "ed25519" | "rsa-2048" | "rsa-4096" | "ml-kem-768";

const ownPair: Readonly<Record<KeyKind, (kit: CryptoKit) => KeyPair>> = {
  x25519: (kit) => kit.keyPair("x25519"),
  p256: (kit) => kit.keyPair("p256"),
  p384: (kit) => kit.keyPair("p384"),
  ed25519: (kit) => kit.signingKeyPair(),
  "ml-kem-768": (kit) => kit.kemKeyPair("ml-kem-768"),
  "rsa-2048": (kit) => kit.rsaKeyPair(2048, adversarysRsaKey),
  "rsa-4096": (kit) => kit.rsaKeyPair(4096, adversarysRsaKey),
};

const isKeyKind = (name: string): name is KeyKind => Object.hasOwn(ownPair, name);

/**
 * A fresh key pair from the adversary's own randomness.
 * @throws InvariantError for an algorithm that no key pair has.
 */
export function ownKeyPair(kit: CryptoKit, algorithm: string): KeyPair {
  if (!isKeyKind(algorithm)) throw new InvariantError(`no key pair is of the kind ${algorithm}`);
  return ownPair[algorithm](kit);
}

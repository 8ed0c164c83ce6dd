/** The signature schemes, by the name that protocols give them. */
import { type EcdsaFormat, ecdsaSign, ecdsaVerify } from "./ecdsa.ts";
import { ed25519Sign, ed25519Verify } from "./ed25519.ts";
import {
  rsaPkcs1Sign,
  rsaPkcs1Verify,
  rsaPssSaltBytes,
  rsaPssSign,
  rsaPssVerify,
} from "./rsa-signatures.ts";

type RsaHash = "sha1" | "sha256" | "sha384" | "sha512";

/**
 * Ed25519 (RFC 8032); ECDSA over P-256 with SHA-256 and signatures as r and s, or in DER (FIPS
 * 186-5 §6.4); RSA with PSS or PKCS#1 v1.5 padding (RFC 8017 §8).
 */
export type SignatureScheme =
  | "ed25519"
  | "ecdsa-p256"
  | "ecdsa-p256-der"
  | `rsa-pss-${RsaHash}`
  | `rsa-pkcs1-${RsaHash}`;

interface Scheme {
  /** How many random bytes one signature needs. */
  readonly coinBytes: number;
  /** @throws MisuseError if the private key is not of the kind that the scheme takes. */
  sign(privateKey: Uint8Array, message: Uint8Array, coins: Uint8Array): Uint8Array;
  /** Never throws: public keys and signatures are untrusted. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const ecdsa = (format: EcdsaFormat): Scheme => ({
  coinBytes: 0,
  sign: (key, message) => ecdsaSign(format, key, message),
  verify: (key, message, signature) => ecdsaVerify(format, key, message, signature),
});
const pss = (hash: RsaHash): Scheme => ({
  coinBytes: rsaPssSaltBytes(hash),
  sign: (key, message, salt) => rsaPssSign(hash, key, message, salt),
  verify: (key, message, signature) => rsaPssVerify(hash, key, message, signature),
});
const pkcs1 = (hash: RsaHash): Scheme => ({
  coinBytes: 0,
  sign: (key, message) => rsaPkcs1Sign(hash, key, message),
  verify: (key, message, signature) => rsaPkcs1Verify(hash, key, message, signature),
});

export const signatureSchemes: Readonly<Record<SignatureScheme, Scheme>> = {
  ed25519: { coinBytes: 0, sign: ed25519Sign, verify: ed25519Verify },
  "ecdsa-p256": ecdsa("p1363"),
  "ecdsa-p256-der": ecdsa("der"),
  "rsa-pss-sha1": pss("sha1"),
  "rsa-pss-sha256": pss("sha256"),
  "rsa-pss-sha384": pss("sha384"),
  "rsa-pss-sha512": pss("sha512"),
  "rsa-pkcs1-sha1": pkcs1("sha1"),
  "rsa-pkcs1-sha256": pkcs1("sha256"),
  "rsa-pkcs1-sha384": pkcs1("sha384"),
  "rsa-pkcs1-sha512": pkcs1("sha512"),
};

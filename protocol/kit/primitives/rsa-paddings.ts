/** The ways to encrypt with RSA, by the name that protocols give them. */
import { rsaOaepDecrypt, rsaOaepEncrypt, rsaOaepSeedBytes } from "./rsa.ts";
import { rsaPkcs1Decrypt, rsaPkcs1Encrypt, rsaPkcs1SeedBytes } from "./rsa-pkcs1.ts";

/** OAEP with a hash (RFC 8017 §7.1), or PKCS#1 v1.5 (§7.2). */
export type RsaPadding = "sha1" | "sha256" | "pkcs1";

interface Padding {
  /** As records have it. */
  readonly name: string;
  readonly seedName: string;
  readonly seedBytes: number;
  encrypt(key: Uint8Array, message: Uint8Array, seed: Uint8Array): Uint8Array | undefined;
  decrypt(key: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined;
}

const oaep = (hash: "sha1" | "sha256"): Padding => ({
  name: `rsa-oaep-${hash}`,
  seedName: "oaep seed",
  seedBytes: rsaOaepSeedBytes(hash),
  encrypt: (key, message, seed) => rsaOaepEncrypt(hash, key, message, seed),
  decrypt: (key, ciphertext) => rsaOaepDecrypt(hash, key, ciphertext),
});

export const rsaPaddings: Readonly<Record<RsaPadding, Padding>> = {
  sha1: oaep("sha1"),
  sha256: oaep("sha256"),
  pkcs1: {
    name: "rsa-pkcs1",
    seedName: "pkcs1 padding seed",
    seedBytes: rsaPkcs1SeedBytes,
    encrypt: rsaPkcs1Encrypt,
    decrypt: rsaPkcs1Decrypt,
  },
};

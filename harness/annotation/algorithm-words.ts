/** Names of algorithms as their standards write them. */

const abbreviations =
  /\b(aes|rsa|hkdf|hmac|cmac|cfb8|cfb|cbc|ctr|gcm|ccm|ecb|ofb|oaep|pss|pkcs1|pbkdf2)\b/g;

const named: Readonly<Record<string, string>> = {
  p256: "P-256",
  p384: "P-384",
  p521: "P-521",
  x25519: "X25519",
  x448: "X448",
  ed25519: "Ed25519",
  secp256k1: "secp256k1",
  "chacha20-poly1305": "ChaCha20-Poly1305",
  "xchacha20-poly1305": "XChaCha20-Poly1305",
  "xsalsa20-poly1305": "XSalsa20-Poly1305",
};

/**
 * @param algorithm as records have it.
 * @returns a name for people; of a finite field its size, of a derivation not how much is derived.
 */
export function algorithmWords(algorithm: string): string {
  const [, modulus] = /^mod (\d+) base \d+$/.exec(algorithm) ?? [];
  if (modulus !== undefined) return `${BigInt(modulus).toString(2).length}-bit finite-field`;
  const plain = algorithm.replace(/ \d+$/, "");
  const known = named[plain];
  if (known !== undefined) return known;
  return plain
    .replace(abbreviations, (word) => word.toUpperCase())
    .replace(/\bsha(\d+)/g, "SHA-$1");
}

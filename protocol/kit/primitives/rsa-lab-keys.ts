/**
 * Thirty fixed RSA key pairs, since making one takes longer than a whole run and cannot be seeded.
 * They are published in rsa-lab-keys.json (base64 of PKCS#8 DER, e = 65537, made with
 * `openssl genpkey`): never use them outside the lab.
 */
import { MisuseError } from "../errors.ts";
import { rsaPublicKey } from "./rsa.ts";
import labKeys from "./rsa-lab-keys.json" with { type: "json" };

export interface RsaLabKey {
  /** PKCS#8 DER. */
  readonly privateKey: Uint8Array;
  /** SubjectPublicKeyInfo DER. */
  readonly publicKey: Uint8Array;
}

/** How many pairs there are of a size: 24 of 2048 bits, 6 of 4096. */
export const rsaLabKeyCount = (bits: 2048 | 4096): number => labKeys[bits].length;

const cache = new Map<string, RsaLabKey>();

/**
 * @param index from 0, below {@link rsaLabKeyCount}: another pair for each.
 * @returns the same pair for the same arguments.
 * @throws MisuseError for any other index.
 */
export function rsaLabKey(bits: 2048 | 4096, index: number): RsaLabKey {
  const id = `${bits}/${index}`;
  const cached = cache.get(id);
  // Copies, so that a caller that writes into a key does not change it for others.
  if (cached) {
    return { privateKey: cached.privateKey.slice(), publicKey: cached.publicKey.slice() };
  }
  const encoded = labKeys[bits][index];
  if (encoded === undefined) {
    const last = rsaLabKeyCount(bits) - 1;
    throw new MisuseError(`RSA lab keys are numbered 0 to ${last}, not ${index}`);
  }
  const privateKey = new Uint8Array(Buffer.from(encoded, "base64"));
  cache.set(id, { privateKey, publicKey: rsaPublicKey(privateKey) });
  return rsaLabKey(bits, index);
}

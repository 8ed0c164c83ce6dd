/**
 * X25519MLKEM768, the hybrid key exchange of TLS 1.3: it holds as long as one of its two halves
 * does. In every value ML-KEM stands first and X25519 second.
 *
 * | value                   | bytes                                       |
 * |-------------------------|---------------------------------------------|
 * | client's private key    | 2432: ML-KEM-768 2400, X25519 32            |
 * | client's share          | 1216: ML-KEM-768 public key 1184, X25519 32 |
 * | server's share          | 1120: ML-KEM-768 ciphertext 1088, X25519 32 |
 * | shared secret           | 64: ML-KEM-768 32, X25519 32                |
 * | seed of the client's    | 96: d and z of FIPS 203, X25519 private key |
 * | seed of the server's    | 64: m of FIPS 203, X25519 private key       |
 *
 * The shared secret is not a key yet: the two halves stand side by side until a key schedule mixes
 * them.
 *
 * @see draft-ietf-tls-ecdhe-mlkem §4
 */
import { concat } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { curvePublicKey, curveSharedSecret } from "./curves.ts";
import {
  mlKemCiphertextBytes,
  mlKemDecapsulate,
  mlKemEncapsulate,
  mlKemKeyPair,
  mlKemKeySeedBytes,
  mlKemPrivateKeyBytes,
  mlKemPublicKeyBytes,
  mlKemSeedBytes,
} from "./ml-kem.ts";

const curveBytes = 32;

export const x25519MlKem768PrivateKeyBytes = mlKemPrivateKeyBytes + curveBytes;
export const x25519MlKem768ClientShareBytes = mlKemPublicKeyBytes + curveBytes;
export const x25519MlKem768ServerShareBytes = mlKemCiphertextBytes + curveBytes;
/** How many random bytes {@link x25519MlKem768KeyPair} needs. */
export const x25519MlKem768KeySeedBytes = mlKemKeySeedBytes + curveBytes;
/** How many random bytes {@link x25519MlKem768Encapsulate} needs. */
export const x25519MlKem768SeedBytes = mlKemSeedBytes + curveBytes;

/**
 * What the client begins with.
 * @param seed {@link x25519MlKem768KeySeedBytes} fresh random bytes.
 * @returns its private key, and as its public key the share that it sends.
 * @throws MisuseError if there are more or fewer.
 */
export function x25519MlKem768KeyPair(seed: Uint8Array): {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
} {
  checkLength("seed", seed, x25519MlKem768KeySeedBytes);
  const [kemSeed, curvePrivate] = parts(seed, mlKemKeySeedBytes);
  const kem = mlKemKeyPair(kemSeed);
  return {
    privateKey: concat(kem.privateKey, curvePrivate),
    publicKey: concat(kem.publicKey, curvePublicKey("x25519", curvePrivate)),
  };
}

/**
 * What the server answers.
 * @param clientShare untrusted. @param seed {@link x25519MlKem768SeedBytes} fresh random bytes.
 * @returns its share and the secret; `undefined` if the client's share has another length, or
 *   either half of it is not valid.
 * @throws MisuseError if the seed has another length.
 */
export function x25519MlKem768Encapsulate(
  clientShare: Uint8Array,
  seed: Uint8Array,
): { readonly serverShare: Uint8Array; readonly sharedSecret: Uint8Array } | undefined {
  checkLength("seed", seed, x25519MlKem768SeedBytes);
  if (clientShare.length !== x25519MlKem768ClientShareBytes) return undefined;
  const [kemSeed, curvePrivate] = parts(seed, mlKemSeedBytes);
  const [kemPublic, curvePeer] = parts(clientShare, mlKemPublicKeyBytes);
  const kem = mlKemEncapsulate(kemPublic, kemSeed);
  const curve = curveSharedSecret("x25519", curvePrivate, curvePeer);
  if (kem === undefined || curve === undefined) return undefined;
  return {
    serverShare: concat(kem.ciphertext, curvePublicKey("x25519", curvePrivate)),
    sharedSecret: concat(kem.sharedSecret, curve),
  };
}

/**
 * What the client makes of the answer. A forged ML-KEM half is not noticed here: see
 * `mlKemDecapsulate`.
 * @param serverShare untrusted.
 * @returns 64 bytes; `undefined` if the server's share has another length, or its X25519 half
 *   would make every secret zero.
 * @throws MisuseError if the private key is none.
 */
export function x25519MlKem768Decapsulate(
  privateKey: Uint8Array,
  serverShare: Uint8Array,
): Uint8Array | undefined {
  checkLength("private key", privateKey, x25519MlKem768PrivateKeyBytes);
  if (serverShare.length !== x25519MlKem768ServerShareBytes) return undefined;
  const [kemPrivate, curvePrivate] = parts(privateKey, mlKemPrivateKeyBytes);
  const [ciphertext, curvePeer] = parts(serverShare, mlKemCiphertextBytes);
  const kem = mlKemDecapsulate(kemPrivate, ciphertext);
  const curve = curveSharedSecret("x25519", curvePrivate, curvePeer);
  return kem && curve && concat(kem, curve);
}

const parts = (bytes: Uint8Array, at: number): readonly [Uint8Array, Uint8Array] => [
  bytes.subarray(0, at),
  bytes.subarray(at),
];

function checkLength(what: string, bytes: Uint8Array, size: number): void {
  if (bytes.length !== size) {
    throw new MisuseError(`this X25519MLKEM768 ${what} has ${size} bytes, not ${bytes.length}`);
  }
}

/**
 * SPAKE2+ (RFC 9383): two ends that share a password agree on a strong key. The suite is
 * P256-SHA256-HKDF-SHA256-HMAC-SHA256; the curve's cofactor is 1 and is left out.
 *
 *     prover                                          verifier
 *     knows w0, w1                                    stores w0, L = w1·P
 *     X = x·P + w0·M                  —— X ——▶        Y = y·P + w0·N
 *     Z = x·(Y − w0·N)                ◀—— Y ——        Z = y·(X − w0·M)
 *     V = w1·(Y − w0·N)                               V = y·L
 *                     K_main = H(context, names, M, N, X, Y, Z, V, w0)
 *                                ◀—— confirmV ——
 *                                —— confirmP ——▶
 *
 * Aims: an eavesdropper learns nothing that a guess could be tested against; an active attacker
 * tests one guess per run; a thief of what the verifier stores can test guesses, but cannot log in
 * with it. No party knows a logarithm of M or N: a verifier that did could test every guess against
 * one run.
 *
 * On the wire a point is compressed; in the transcript and under the MACs it is whole, as the RFC
 * has it.
 */
import { concat, fromHex, uintBytes, utf8 } from "../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../kit/crypto.ts";
import type { PasswordHash } from "../kit/primitives/password.ts";
import { wholePoint } from "../kit/primitives/points.ts";

const group = "p256";
const hash = "sha256";
/** A share on the wire, compressed. */
const shareBytes = 33;
const confirmationBytes = 32;
/** 8 bytes longer than a scalar, so that the remainder shows no bias; w0 first, then w1. */
const wideScalarBytes = 40;

/** RFC 9383 §4: points that were hashed into being. */
const constant = (compressed: string): Uint8Array => fromHex(compressed) ?? new Uint8Array(0);
const pointM = constant("02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f");
const pointN = constant("03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49");
/** Public constants: they are not recorded. */
const wholeM = wholePoint(group, pointM) ?? pointM;
const wholeN = wholePoint(group, pointN) ?? pointN;

/** How much work one guess is. Real ones are for real use; see RFC 9106 §4. */
const passwordHashes = {
  toy: { kind: "argon2id", iterations: 1, memoryKiB: 8, lanes: 1 },
  real: { kind: "argon2id", iterations: 3, memoryKiB: 65_536, lanes: 4 },
  scrypt: { kind: "scrypt", N: 32_768, r: 8, p: 1 },
} as const;
export type PasswordWork = keyof typeof passwordHashes;

/** Who takes part, and where: both ends have to agree on all of it. */
export interface Session {
  /** What the run is for; it holds a value that only this channel has. */
  readonly context: Uint8Array;
  readonly prover: Uint8Array;
  readonly verifier: Uint8Array;
}

/** What the password comes to: 32 bytes each. */
export interface PasswordScalars {
  readonly w0: Uint8Array;
  readonly w1: Uint8Array;
}

/** What the verifier stores: 32 bytes, and 33 for the point. It does not give w1. */
export interface Verifier {
  readonly w0: Uint8Array;
  readonly pointL: Uint8Array;
}

/** The two points that only the ends of the run know, compressed. */
export interface SharedPoints {
  readonly pointZ: Uint8Array;
  readonly pointV: Uint8Array;
}

/** Both shares as they are sent. */
export interface Shares {
  readonly prover: Uint8Array;
  readonly verifier: Uint8Array;
}

/** What comes out, 32 bytes each. `main` is what both ends are to agree on. */
export interface Outcome {
  readonly main: Uint8Array;
  /** What the prover shows, and what the verifier shows. */
  readonly confirmProver: Uint8Array;
  readonly confirmVerifier: Uint8Array;
  /** K_shared: for use only after the other end's confirmation. */
  readonly key: Uint8Array;
}

/** RFC 9383 writes lengths as 8 bytes with the lowest first. */
const withLength = (bytes: Uint8Array): Uint8Array =>
  concat(uintBytes(bytes.length, 8).reverse(), bytes);

/**
 * @param salt 16 bytes.
 * @see RFC 9383 §3.2
 */
export function passwordScalars(
  crypto: CryptoKit,
  work: PasswordWork,
  password: Uint8Array,
  salt: Uint8Array,
  { prover, verifier }: Pick<Session, "prover" | "verifier">,
): PasswordScalars {
  const how: PasswordHash = { ...passwordHashes[work], length: 2 * wideScalarBytes };
  const secret = concat(withLength(password), withLength(prover), withLength(verifier));
  const wide = crypto.passwordHash(how, secret, salt);
  return {
    w0: crypto.reduceScalar(group, wide.slice(0, wideScalarBytes)),
    w1: crypto.reduceScalar(group, wide.slice(wideScalarBytes)),
  };
}

/** What the verifier is given at registration. */
export const verifierOf = (crypto: CryptoKit, { w0, w1 }: PasswordScalars): Verifier => ({
  w0,
  pointL: crypto.publicKey(group, w1),
});

/** A fresh x or y, with its point. */
export const ephemeral = (crypto: CryptoKit): KeyPair => crypto.keyPair(group);

/**
 * @param w0 without it there is no mask: to show what that is for.
 * @returns X, 33 bytes; `undefined` if it is no point, which a fresh key never meets.
 */
export const proverShare = (crypto: CryptoKit, w0: Uint8Array | undefined, own: KeyPair) =>
  w0 === undefined ? own.publicKey : crypto.addToPoint(group, own.publicKey, w0, pointM);

/** @returns Y, likewise. */
export const verifierShare = (crypto: CryptoKit, w0: Uint8Array | undefined, own: KeyPair) =>
  w0 === undefined ? own.publicKey : crypto.addToPoint(group, own.publicKey, w0, pointN);

/**
 * @param share the verifier's: untrusted.
 * @param masked whether there is a mask to take off.
 * @returns `undefined` if it has not 33 bytes, is not on the curve, or hides the point at infinity.
 */
export function proverPoints(
  crypto: CryptoKit,
  { w0, w1 }: PasswordScalars,
  own: KeyPair,
  share: Uint8Array,
  masked = true,
): SharedPoints | undefined {
  const bare = masked ? unmask(crypto, share, w0, pointN) : share;
  const pointZ = bare && crypto.sharedPoint(group, own.privateKey, bare);
  const pointV = bare && crypto.sharedPoint(group, w1, bare);
  return pointZ && pointV && { pointZ, pointV };
}

/** @param share the prover's, likewise. */
export function verifierPoints(
  crypto: CryptoKit,
  { w0, pointL }: Verifier,
  own: KeyPair,
  share: Uint8Array,
  masked = true,
): SharedPoints | undefined {
  const bare = masked ? unmask(crypto, share, w0, pointM) : share;
  const pointZ = bare && crypto.sharedPoint(group, own.privateKey, bare);
  const pointV = bare && crypto.sharedPoint(group, own.privateKey, pointL);
  return pointZ && pointV && { pointZ, pointV };
}

/** Only compressed points are taken, so that a share has one encoding. */
const unmask = (crypto: CryptoKit, share: Uint8Array, w0: Uint8Array, base: Uint8Array) =>
  share.length === shareBytes ? crypto.subtractFromPoint(group, share, w0, base) : undefined;

/**
 * The key schedule, the same at both ends.
 * @returns `undefined` if a share is no point: then there were no shared points, either.
 * @see RFC 9383 §3.3, §3.4
 */
export function outcome(
  crypto: CryptoKit,
  { context, prover, verifier }: Session,
  shares: Shares,
  { pointZ, pointV }: SharedPoints,
  w0: Uint8Array,
): Outcome | undefined {
  const points = [shares.prover, shares.verifier, pointZ, pointV];
  const whole = points.flatMap((point) => crypto.wholePoint(group, point) ?? []);
  const [wholeX, wholeY] = whole;
  if (whole.length !== points.length || wholeX === undefined || wholeY === undefined) return;
  const transcript = [context, prover, verifier, wholeM, wholeN, ...whole, w0].map(withLength);
  const main = crypto.hash(hash, concat(...transcript));
  const derive = (use: string, length: number): Uint8Array =>
    crypto.hkdf({ hash, key: main, info: utf8(use), length });
  const confirm = derive("ConfirmationKeys", 2 * confirmationBytes);
  return {
    main,
    confirmProver: crypto.hmac(hash, confirm.slice(0, confirmationBytes), wholeY),
    confirmVerifier: crypto.hmac(hash, confirm.slice(confirmationBytes), wholeX),
    key: derive("SharedKey", 32),
  };
}

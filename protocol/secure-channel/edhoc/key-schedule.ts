/**
 * The key schedule of EDHOC, as functions of its named values. Every secret is made by one
 * extraction per Diffie–Hellman value and one expansion per use:
 *
 *     PRK_2e   = Extract(TH_2; G_XY)                   the ephemeral keys alone
 *     PRK_3e2m = Extract(SALT_3e2m; G_RX) or PRK_2e    and the responder's static key
 *     PRK_4e3m = Extract(SALT_4e3m; G_IY) or PRK_3e2m  and the initiator's static key
 *     PRK_out  = Expand(PRK_4e3m; 7, TH_4)             and the whole transcript
 *
 * @see RFC 9528 §4.1
 */
import { concat } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { type Aead, hashBytes, hashName, type Suite } from "../suites.ts";
import { encodeItem, sequence } from "./cbor.ts";
import type { Credential } from "./credential.ts";

/** The `info_label`s of RFC 9528 §4.1.2, by what they make. */
const labels = {
  KEYSTREAM_2: 0,
  SALT_3e2m: 1,
  MAC_2: 2,
  K_3: 3,
  IV_3: 4,
  SALT_4e3m: 5,
  MAC_3: 6,
  PRK_out: 7,
  K_4: 8,
  IV_4: 9,
  PRK_exporter: 10,
  PRK_keyUpdate: 11,
} as const;

const empty = new Uint8Array(0);

/** EDHOC_KDF of RFC 9528 §4.1.2. @returns `length` bytes. */
const kdf = (
  crypto: CryptoKit,
  prk: Uint8Array,
  label: number,
  context: Uint8Array,
  length: number,
): Uint8Array => crypto.hkdfExpand(hashName, prk, sequence(label, context, length), length);

/** The transcript so far: a hash over a sequence of CBOR items. @returns 32 bytes. */
const transcript = (crypto: CryptoKit, ...parts: readonly Uint8Array[]): Uint8Array =>
  crypto.hash(hashName, concat(...parts));

/** TH_2 = H(G_Y, H(message_1)), 32 bytes. RFC 9528 §5.3.2. */
export function transcript2(crypto: CryptoKit, gY: Uint8Array, message1: Uint8Array): Uint8Array {
  return transcript(crypto, sequence(gY, crypto.hash(hashName, message1)));
}

/** TH_3 = H(TH_2, PLAINTEXT_2, CRED_R) and TH_4 = H(TH_3, PLAINTEXT_3, CRED_I), 32 bytes. */
export const nextTranscript = (
  crypto: CryptoKit,
  th: Uint8Array,
  plaintext: Uint8Array,
  { credential }: Credential,
): Uint8Array => transcript(crypto, encodeItem(th), plaintext, credential);

/** PRK_2e, 32 bytes. @param gXY the ephemeral–ephemeral secret. RFC 9528 §4.1.1.1. */
export const prk2e = (crypto: CryptoKit, th2: Uint8Array, gXY: Uint8Array): Uint8Array =>
  crypto.hkdfExtract(hashName, gXY, th2);

/** XORed with PLAINTEXT_2, so just as long: there is no tag. RFC 9528 §5.3.2. */
export const keystream2 = (c: CryptoKit, prk: Uint8Array, th2: Uint8Array, length: number) =>
  kdf(c, prk, labels.KEYSTREAM_2, th2, length);

/**
 * Mixes a static Diffie–Hellman secret in: PRK_3e2m from PRK_2e, or PRK_4e3m from PRK_3e2m.
 * @param secret G_RX or G_IY. @returns 32 bytes. RFC 9528 §4.1.1.2 and §4.1.1.3.
 */
export function mixStatic(
  crypto: CryptoKit,
  salt: "SALT_3e2m" | "SALT_4e3m",
  prk: Uint8Array,
  th: Uint8Array,
  secret: Uint8Array,
): Uint8Array {
  const extracted = kdf(crypto, prk, labels[salt], th, hashBytes);
  return crypto.hkdfExtract(hashName, secret, extracted);
}

/** What a MAC covers, besides what its key was made from. */
export interface Covered {
  /** C_R as it is written: MAC_2 only. */
  readonly connection?: Uint8Array;
  readonly th: Uint8Array;
  readonly credential: Credential;
  /** EAD_2 or EAD_3. */
  readonly ead: Uint8Array;
}

/** MAC_2 or MAC_3, `length` bytes. RFC 9528 §5.3.2 and §5.4.2. */
export function mac(
  crypto: CryptoKit,
  which: "MAC_2" | "MAC_3",
  prk: Uint8Array,
  { connection = empty, th, credential, ead }: Covered,
  length: number,
): Uint8Array {
  const { id, credential: cred } = credential;
  return kdf(crypto, prk, labels[which], concat(connection, id, encodeItem(th), cred, ead), length);
}

/** What a party with a signature key signs in place of sending the MAC. RFC 9528 §5.3.2. */
export function toBeSigned({ th, credential, ead }: Covered, macBytes: Uint8Array): Uint8Array {
  const external = concat(encodeItem(th), credential.credential, ead);
  return encodeItem(["Signature1", credential.id, external, macBytes]);
}

/** Key, nonce and associated data of CIPHERTEXT_3 or CIPHERTEXT_4. RFC 9528 §5.4.2, §5.5.2. */
export function messageKey(
  crypto: CryptoKit,
  which: 3 | 4,
  prk: Uint8Array,
  th: Uint8Array,
  { keyBytes, nonceBytes }: Aead,
) {
  const [k, iv] = which === 3 ? (["K_3", "IV_3"] as const) : (["K_4", "IV_4"] as const);
  return {
    key: kdf(crypto, prk, labels[k], th, keyBytes),
    nonce: kdf(crypto, prk, labels[iv], th, nonceBytes),
    associatedData: encodeItem(["Encrypt0", empty, th]),
  };
}

/** PRK_out, 32 bytes: what the whole exchange has settled. RFC 9528 §4.1.3. */
export const prkOut = (crypto: CryptoKit, prk4e3m: Uint8Array, th4: Uint8Array): Uint8Array =>
  kdf(crypto, prk4e3m, labels.PRK_out, th4, hashBytes);

/**
 * EDHOC_Exporter: keys for whatever comes after, by label and context.
 * @see RFC 9528 §4.2.1
 */
export function exporter(
  crypto: CryptoKit,
  out: Uint8Array,
  label: number,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const prk = kdf(crypto, out, labels.PRK_exporter, empty, hashBytes);
  return kdf(crypto, prk, label, context, length);
}

/**
 * EDHOC_KeyUpdate: the next PRK_out. An end that erases the old one can no longer read what came
 * before; an attacker who knows the old one can read what comes after.
 * @see RFC 9528 §4.2.2 and appendix H
 */
export const keyUpdate = (crypto: CryptoKit, out: Uint8Array, context: Uint8Array): Uint8Array =>
  kdf(crypto, out, labels.PRK_keyUpdate, context, hashBytes);

/** MAC_2 or MAC_3 is as long as a hash where it is signed, and never sent. RFC 9528 §5.3.2. */
export const macLength = ({ macBytes }: Suite, signs: boolean): number =>
  signs ? hashBytes : macBytes;

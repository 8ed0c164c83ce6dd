/** What both roles of EDHOC have in common. */
import type { RejectReason } from "../../endpoint.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import type { Defences } from "../settings.ts";
import type { Suite } from "../suites.ts";
import { type Credential, type FindCredential, isSame, type OwnCredential } from "./credential.ts";
import {
  type Covered,
  mac,
  macLength,
  messageKey,
  mixStatic,
  nextTranscript,
  prkOut,
  toBeSigned,
} from "./key-schedule.ts";
import { initiatorSigns, type Method, responderSigns } from "./messages.ts";
import { sharedSecret } from "./shares.ts";

/** Who takes part, and with what. */
export interface Setup {
  readonly crypto: CryptoKit;
  readonly own: OwnCredential;
  /** Finds a credential that was verified before. */
  readonly find: FindCredential;
  readonly defences: Defences;
}

/** What the exchange has come to after messages 1 and 2. */
export interface Half {
  readonly method: Method;
  readonly suite: Suite;
  /** The own ephemeral private key. */
  readonly ephemeral: Uint8Array;
  readonly cI: Uint8Array;
  readonly cR: Uint8Array;
  readonly prk3e2m: Uint8Array;
  readonly th3: Uint8Array;
}

/** The exchange is over, but for message_4. */
export interface Settled {
  readonly suite: Suite;
  readonly cI: Uint8Array;
  readonly cR: Uint8Array;
  readonly peer: Credential;
  readonly prk4e3m: Uint8Array;
  readonly th4: Uint8Array;
  /** PRK_out, 32 bytes: the session's secret. */
  readonly out: Uint8Array;
}

/** Of the responder for message_2, of the initiator for message_3. */
export type Which = "MAC_2" | "MAC_3";
const signs = (which: Which, method: Method): boolean =>
  which === "MAC_2" ? responderSigns(method) : initiatorSigns(method);

/**
 * PRK_3e2m or PRK_4e3m. Only the two ends of the static key's Diffie–Hellman value can make it, so
 * that the MAC under it was made by one of them.
 * @param pair a private key and a share, one of them static and the other ephemeral.
 */
export function authenticationKey(
  { crypto, defences }: Setup,
  which: Which,
  { method, suite }: Pick<Half, "method" | "suite">,
  prk: Uint8Array,
  th: Uint8Array,
  pair: { readonly privateKey: Uint8Array; readonly share: Uint8Array },
): Uint8Array | undefined {
  if (signs(which, method) || !defences["static-keys"]) return prk;
  const secret = sharedSecret(crypto, suite.curve, pair.privateKey, pair.share);
  const salt = which === "MAC_2" ? "SALT_3e2m" : "SALT_4e3m";
  return secret && mixStatic(crypto, salt, prk, th, secret);
}

/** @returns the key of the MAC, of the two before and after the static secret was mixed in. */
export const macKey = ({ defences }: Setup, before: Uint8Array, after: Uint8Array): Uint8Array =>
  defences.macs ? after : before;

/** Signature_or_MAC_2 or Signature_or_MAC_3 of this party: 64 bytes, or as long as the MAC. */
export function prove(
  { crypto, own }: Setup,
  which: Which,
  { method, suite }: Pick<Half, "method" | "suite">,
  prk: Uint8Array,
  covered: Covered,
): Uint8Array {
  const signing = signs(which, method);
  const bytes = mac(crypto, which, prk, covered, macLength(suite, signing));
  return signing ? crypto.sign(own.privateKey, toBeSigned(covered, bytes)) : bytes;
}

/** Undoes {@link prove}. @returns what is wrong with the other party's proof, if anything. */
export function disprove(
  { crypto, own }: Setup,
  which: Which,
  { method, suite }: Pick<Half, "method" | "suite">,
  prk: Uint8Array,
  covered: Covered,
  proof: Uint8Array,
): RejectReason | undefined {
  const { credential: peer } = covered;
  if (isSame(peer, own)) return "unauthorized";
  const signing = signs(which, method);
  const bytes = mac(crypto, which, prk, covered, macLength(suite, signing));
  if (!signing) return crypto.equal(bytes, proof) ? undefined : "bad-tag";
  const genuine = crypto.verify(peer.publicKey, toBeSigned(covered, bytes), proof);
  return genuine ? undefined : "bad-signature";
}

/** TH_4 and PRK_out, once message_3 is made or verified. */
export function settle(
  { crypto }: Setup,
  half: Pick<Half, "suite" | "cI" | "cR" | "th3">,
  prk4e3m: Uint8Array,
  plaintext3: Uint8Array,
  initiator: Credential,
  peer: Credential,
): Settled {
  const th4 = nextTranscript(crypto, half.th3, plaintext3, initiator);
  const out = prkOut(crypto, prk4e3m, th4);
  const { suite, cI, cR } = half;
  return { suite, cI, cR, peer, prk4e3m, th4, out };
}

/** CIPHERTEXT_3 or CIPHERTEXT_4. */
export function sealMessage(
  crypto: CryptoKit,
  which: 3 | 4,
  { aead }: Suite,
  [prk, th]: readonly [Uint8Array, Uint8Array],
  plaintext: Uint8Array,
): Uint8Array {
  const { key, nonce, associatedData } = messageKey(crypto, which, prk, th, aead);
  return crypto.seal(aead.name, key, nonce, plaintext, associatedData);
}

/** Undoes {@link sealMessage}. @returns `undefined` if the tag does not verify. */
export function openMessage(
  crypto: CryptoKit,
  which: 3 | 4,
  { aead }: Suite,
  [prk, th]: readonly [Uint8Array, Uint8Array],
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  const { key, nonce, associatedData } = messageKey(crypto, which, prk, th, aead);
  return crypto.open(aead.name, key, nonce, ciphertext, associatedData);
}

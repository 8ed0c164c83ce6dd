/**
 * Messages that their sender cannot deny: an Ed25519 signature over
 *
 *     domain ‖ sender length 1 ‖ sender ‖ recipient length 1 ‖ recipient
 *            ‖ id 2 ‖ time 6 ‖ SHA-256(message) 32
 *
 * The channel itself proves nothing to a third party, for either end could have made what the other
 * sent. So this is used only where it is asked for. Over the channel go the time and the signature,
 * 70 bytes in two SIG frames: sender and recipient are known there. What a third party gets is the
 * evidence, the same without the domain and with the signature after it; it needs the sender's
 * certificate besides, and the message.
 *
 * The recipient is under the signature, so that a message cannot be passed on as if it had been
 * meant for another recipient; the domain is, so that no other signature of this key fits.
 *
 * @see RFC 8032 §5.1
 */
import type { Millis } from "../endpoint.ts";
import { concat, equalBytes, readUint, uintBytes, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";

const domain = utf8("mallory secure-channel signed message, version 1");
const timeBytes = 6;
const digestBytes = 32;
const signatureBytes = 64;
/** What goes over the channel: a time and a signature. */
export const signedBytes = timeBytes + signatureBytes;

/** What is signed, but for the message. */
export interface Statement {
  /** Names, 0 to 255 bytes each. */
  readonly sender: Uint8Array;
  readonly recipient: Uint8Array;
  /** The number of the message in its session, 1 to 65535. */
  readonly id: number;
  /** By the sender's own clock: a claim like any other. */
  readonly timeMs: Millis;
}

function statementBytes(crypto: CryptoKit, s: Statement, message: Uint8Array): Uint8Array {
  const names = [s.sender, s.recipient].flatMap((name) => [Uint8Array.of(name.length), name]);
  const numbers = [uintBytes(s.id, 2), uintBytes(s.timeMs, timeBytes)];
  return concat(...names, ...numbers, crypto.hash("sha256", message));
}

/**
 * @param privateKey the sender's Ed25519 key, 32 bytes; it signs nothing else.
 * @returns 70 bytes, to be sent beside the message.
 */
export function signMessage(
  crypto: CryptoKit,
  privateKey: Uint8Array,
  statement: Statement,
  message: Uint8Array,
): Uint8Array {
  const statedBytes = statementBytes(crypto, statement, message);
  const signature = crypto.sign(privateKey, concat(domain, statedBytes));
  return concat(uintBytes(statement.timeMs, timeBytes), signature);
}

/**
 * The recipient's check.
 * @param publicKey the sender's, from its certificate.
 * @param stated who sent this to whom, as the channel says; the time comes with the signature.
 * @param signed untrusted, as it came over the channel.
 * @returns the evidence, to be kept; `undefined` if `signed` has not 70 bytes or does not verify.
 */
export function evidenceFrom(
  crypto: CryptoKit,
  publicKey: Uint8Array,
  stated: Omit<Statement, "timeMs">,
  message: Uint8Array,
  signed: Uint8Array,
): Uint8Array | undefined {
  if (signed.length !== signedBytes) return undefined;
  const statement = { ...stated, timeMs: readUint(signed, 0, timeBytes) };
  const statedBytes = statementBytes(crypto, statement, message);
  const signature = signed.slice(timeBytes);
  if (!crypto.verify(publicKey, concat(domain, statedBytes), signature)) return undefined;
  return concat(statedBytes, signature);
}

/**
 * What is no evidence: a MAC under a key of both ends, in the place of the signature. It convinces
 * the recipient, and no third party. It is here to show the difference.
 * @returns 38 bytes.
 */
export function macMessage(
  crypto: CryptoKit,
  key: Uint8Array,
  statement: Statement,
  message: Uint8Array,
): Uint8Array {
  const stated = concat(domain, statementBytes(crypto, statement, message));
  return concat(uintBytes(statement.timeMs, timeBytes), crypto.hmac("sha256", key, stated));
}

/** Like {@link evidenceFrom}, of what {@link macMessage} made. */
export function macFrom(
  crypto: CryptoKit,
  key: Uint8Array,
  stated: Omit<Statement, "timeMs">,
  message: Uint8Array,
  sent: Uint8Array,
): Uint8Array | undefined {
  if (sent.length !== timeBytes + digestBytes) return undefined;
  const statement = { ...stated, timeMs: readUint(sent, 0, timeBytes) };
  const expected = macMessage(crypto, key, statement, message);
  if (!crypto.equal(expected, sent)) return undefined;
  return concat(statementBytes(crypto, statement, message), expected.slice(timeBytes));
}

/**
 * The third party's check.
 * @param evidence untrusted.
 * @param keyOf the Ed25519 key of the principal of that name, from a certificate that the third
 *   party trusts; `undefined` for unknown names.
 * @returns who stated what; `undefined` if the evidence is malformed, is about another message,
 *   or does not verify.
 */
export function verifyEvidence(
  crypto: CryptoKit,
  evidence: Uint8Array,
  message: Uint8Array,
  keyOf: (sender: Uint8Array) => Uint8Array | undefined,
): Statement | undefined {
  const atRecipient = 1 + (evidence[0] ?? 0);
  const atNumbers = atRecipient + 1 + (evidence[atRecipient] ?? 0);
  const atDigest = atNumbers + 2 + timeBytes;
  const atSignature = atDigest + digestBytes;
  if (evidence.length !== atSignature + signatureBytes) return undefined;
  const statement: Statement = {
    sender: evidence.slice(1, atRecipient),
    recipient: evidence.slice(atRecipient + 1, atNumbers),
    id: readUint(evidence, atNumbers, 2),
    timeMs: readUint(evidence, atNumbers + 2, timeBytes),
  };
  const key = keyOf(statement.sender);
  const statedBytes = statementBytes(crypto, statement, message);
  if (key === undefined || !equalBytes(statedBytes, evidence.slice(0, atSignature)))
    return undefined;
  const signature = evidence.slice(atSignature);
  return crypto.verify(key, concat(domain, statedBytes), signature) ? statement : undefined;
}

/**
 * Compact certificates: who has which keys, signed by a root whose key all parties were given. One
 * list in CBOR, 150 bytes and a few for the names:
 *
 *     [subject, curve, static key 32, signing key 32, from, until, serial, issuer, signature 64]
 *
 * The static key is for EDHOC and the signing key for evidence; neither serves for both. Times are
 * seconds of the lab's clock. The signature is Ed25519 over a purpose and the list without it.
 *
 * Both ends hold the certificates of those they may meet, and verify them before the first use.
 * EDHOC names one by its kid, a single byte, and authenticates the whole of it as CRED_x.
 *
 * A device's certificate has a signing key of no bytes, and is signed for another purpose: it is
 * valid for channels alone. A verifier of the one kind never accepts the other: see login/.
 */
import type { Millis, Principal } from "../endpoint.ts";
import type { CryptoKit, KeyPair } from "../kit/crypto.ts";
import { decodeItem, encodeItem } from "./edhoc/cbor.ts";
import { publicKeyBytes, type Suite } from "./suites.ts";

/** The numbers that COSE gives the curves. RFC 9053 §7.1. */
const curves: Readonly<Record<Suite["curve"], number>> = { p256: 1, x25519: 4 };
export const signatureBytes = 64;
const purpose = "secure-channel certificate";
const devicePurpose = "secure-channel device certificate";
const msPerSecond = 1_000;

export interface CertificateBody {
  readonly subject: Principal;
  readonly curve: Suite["curve"];
  /** 32 bytes; of P-256 the x-coordinate. */
  readonly staticKey: Uint8Array;
  /** Ed25519, 32 bytes; none of a device. */
  readonly signingKey: Uint8Array;
  /** The first second in which it holds, and the first in which it does not any more. */
  readonly from: number;
  readonly until: number;
  readonly serial: number;
  readonly issuer: string;
}
export interface Certificate extends CertificateBody {
  /** As it is sent and hashed. */
  readonly bytes: Uint8Array;
}

const fieldsOf = (b: CertificateBody) =>
  [
    b.subject,
    curves[b.curve],
    b.staticKey,
    b.signingKey,
    b.from,
    b.until,
    b.serial,
    b.issuer,
  ] as const;
const isOfDevice = ({ signingKey }: CertificateBody): boolean => signingKey.length === 0;
const toBeSigned = (body: CertificateBody): Uint8Array =>
  encodeItem([isOfDevice(body) ? devicePurpose : purpose, ...fieldsOf(body)]);

export function issue(crypto: CryptoKit, root: KeyPair, body: CertificateBody): Certificate {
  const signature = crypto.sign(root.privateKey, toBeSigned(body));
  return { ...body, bytes: encodeItem([...fieldsOf(body), signature]) };
}

interface Read {
  readonly body: CertificateBody;
  readonly signature: Uint8Array;
}

/** @returns the fields of what claims to be a certificate: nothing is verified yet. */
function read(bytes: Uint8Array): Read | undefined {
  const item = decodeItem(bytes);
  if (!Array.isArray(item) || item.length !== 9) return undefined;
  const [
    subject,
    number,
    staticKey,
    signingKey,
    from,
    until,
    serial,
    issuer,
    signature,
  ]: unknown[] = item;
  const curve = number === curves.x25519 ? "x25519" : number === curves.p256 ? "p256" : undefined;
  if (typeof subject !== "string" || typeof issuer !== "string" || !curve) return undefined;
  if (!isKey(staticKey) || !(signingKey instanceof Uint8Array)) return undefined;
  if (signingKey.length > 0 && !isKey(signingKey)) return undefined;
  if (!(signature instanceof Uint8Array) || signature.length !== signatureBytes) return undefined;
  if (!isNumber(from) || !isNumber(until) || !isNumber(serial)) return undefined;
  const times = { from, until, serial };
  return { body: { subject, curve, staticKey, signingKey, ...times, issuer }, signature };
}

const isKey = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length === publicKeyBytes;
const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/**
 * @param bytes untrusted. @param root the public key of the issuer trusted, and its name;
 *   `devices` if it is trusted for certificates of devices, and for no others.
 * @returns the certificate; `undefined` if it is malformed or not from there.
 */
export function verifyCertificate(
  crypto: CryptoKit,
  root: { readonly name: string; readonly publicKey: Uint8Array; readonly devices?: boolean },
  bytes: Uint8Array,
): Certificate | undefined {
  const found = read(bytes);
  if (found === undefined || found.body.issuer !== root.name) return undefined;
  if (isOfDevice(found.body) !== (root.devices ?? false)) return undefined;
  const genuine = crypto.verify(root.publicKey, toBeSigned(found.body), found.signature);
  return genuine ? { ...found.body, bytes: bytes.slice() } : undefined;
}

export const isCurrent = ({ from, until }: CertificateBody, now: Millis): boolean =>
  now >= from * msPerSecond && now < until * msPerSecond;

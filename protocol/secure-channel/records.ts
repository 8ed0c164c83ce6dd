/**
 * Records: what travels once the handshake is over. 64 bytes always:
 *
 *     flag 1 ‖ counter 1–5 ‖ kid 1 ‖ sealed frames ‖ tag 16 or 8
 *
 * The flag is that of OSCORE's option: 0x08 (a kid follows) and the length of the counter. The
 * counter (Partial IV) is the nonce's; the kid is the sender's identifier, by which the receiver
 * finds the session. Protocol version and epoch are not sent, but the tag covers them.
 *
 * @see RFC 8613 §5 and §6.1
 */
import type { RejectReason } from "../endpoint.ts";
import { concat } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { encodeFrames, type Frame, frameBytes } from "./frames.ts";
import {
  associatedData,
  counterOf,
  type DirectionKeys,
  maxPartialIvBytes,
  nonceOf,
  partialIv,
} from "./oscore.ts";
import type { Defences } from "./settings.ts";
import type { Aead } from "./suites.ts";

/** All datagrams are as long, but for RETRY and ERROR, which are shorter. */
export const datagramBytes = 64;
const protocolVersion = 1;
const kidFlag = 0x08;
const lengthMask = 0x07;
/** Only where acknowledgements are not protected. */
const plainFlag = 0x40;

/** Counters of one epoch stay below this; keys are changed long before. */
export const maxRecords = 2 ** 16;
const mostCounterBytes = 2;

/** Room for frames that every record of an epoch has: 44 bytes, or 52 with tags of 8. */
export const roomBytes = ({ tagBytes }: Aead): number =>
  datagramBytes - 1 - mostCounterBytes - 1 - tagBytes;

/** Taken apart, but not opened. */
export interface SealedRecord {
  readonly counter: number;
  readonly piv: Uint8Array;
  readonly kid: number;
  readonly sealed: Uint8Array;
  /** Not sealed at all: see `ack-authentication`. */
  readonly plain: boolean;
}

export function readRecord(bytes: Uint8Array, d: Defences): SealedRecord | RejectReason {
  const [flag = 0] = bytes;
  const length = flag & lengthMask;
  const plain = (flag & plainFlag) !== 0;
  const known = kidFlag | lengthMask | (d["ack-authentication"] ? 0 : plainFlag);
  if ((flag & kidFlag) === 0 || (flag & ~known) !== 0 || length > maxPartialIvBytes) {
    return "malformed";
  }
  if (bytes.length > datagramBytes) return "too-long";
  if (bytes.length < datagramBytes && d.padding) return "malformed";
  const piv = bytes.slice(1, 1 + length);
  const counter = counterOf(piv);
  const kid = bytes[1 + length];
  if (counter === undefined || kid === undefined) return "malformed";
  return { counter, piv, kid, sealed: bytes.slice(2 + length), plain };
}

/** What is protected, besides the frames: it costs no room. */
const optionsOf = (epoch: number): Uint8Array => Uint8Array.of(protocolVersion, epoch);
/** With one nonce for everything, two texts under one key give away their XOR. */
const nonceFor = (keys: DirectionKeys, piv: Uint8Array, d: Defences): Uint8Array =>
  nonceOf(keys, d.nonces ? piv : partialIv(0));

export interface RecordContent {
  readonly counter: number;
  readonly epoch: number;
  readonly kid: number;
  readonly frames: readonly Frame[];
}

/** @returns 64 bytes, or fewer without padding. */
export function sealRecord(
  crypto: CryptoKit,
  keys: DirectionKeys,
  { counter, epoch, kid, frames }: RecordContent,
  d: Defences,
): Uint8Array {
  const piv = partialIv(counter);
  const plain = !d["ack-authentication"] && frames.every((f) => f.kind === "ack");
  const flag = kidFlag | piv.length | (plain ? plainFlag : 0);
  const header = concat(Uint8Array.of(flag), piv, Uint8Array.of(kid));
  const room = datagramBytes - header.length - keys.aead.tagBytes;
  const needed = frames.reduce((sum, frame) => sum + frameBytes(frame), 0);
  const text = encodeFrames(frames, d.padding ? room : needed);
  if (plain) return concat(header, text, new Uint8Array(keys.aead.tagBytes));
  const nonce = nonceFor(keys, piv, d);
  const bound = associatedData(keys.aead, keys.id, piv, optionsOf(epoch));
  const sealed = d.tag
    ? crypto.seal(keys.aead.name, keys.key, nonce, text, bound)
    : concat(streamed(crypto, keys, nonce, text), new Uint8Array(keys.aead.tagBytes));
  return concat(header, sealed);
}

/** Undoes {@link sealRecord}. @returns the encoded frames; `undefined` for a forgery. */
export function openRecord(
  crypto: CryptoKit,
  keys: DirectionKeys,
  { piv, sealed, plain }: SealedRecord,
  epoch: number,
  d: Defences,
): Uint8Array | undefined {
  const { tagBytes, name } = keys.aead;
  if (sealed.length < tagBytes) return undefined;
  if (plain) return sealed.slice(0, -tagBytes);
  const nonce = nonceFor(keys, piv, d);
  if (!d.tag) return streamed(crypto, keys, nonce, sealed.slice(0, -tagBytes), true);
  const bound = associatedData(keys.aead, keys.id, piv, optionsOf(epoch));
  return crypto.open(name, keys.key, nonce, sealed, bound);
}

/** Encryption without authentication: the same in both directions, but not for the record. */
function streamed(
  crypto: CryptoKit,
  { aead, key }: DirectionKeys,
  nonce: Uint8Array,
  text: Uint8Array,
  backwards = false,
): Uint8Array {
  const mode = aead.name === "chacha20-poly1305" ? "chacha20" : "aes-ctr";
  const iv = mode === "chacha20" ? nonce : concat(nonce, new Uint8Array(16 - nonce.length));
  if (backwards) return crypto.decrypt(mode, key, iv, text) ?? text;
  return crypto.encrypt(mode, key, iv, text);
}

/**
 * The datagrams, 128 bytes each, as types and lengths in bytes; numbers are big-endian. In the
 * handshake every datagram has the same fields and fills in those settled so far, the others with
 * zeros.
 *
 *     1 hello, 2 challenge, 3 proof, 4 welcome:
 *       type 1 ‖ client 17 ‖ nonce 16 ‖ session 6 ‖ time 6 ‖ cookie 32 ‖ zeros 18 ‖ MAC 32
 *     5 data, 6 ack, 7 close:
 *       type 1 ‖ session 6 ‖ counter 6 ‖ sealed(number 6 ‖ length 1 ‖ text 92) ‖ tag 16
 *
 * A text is followed by zeros, which do not count in its length.
 *
 * A client's name is its length in one byte and the name, with zeros after it.
 */
import type { RejectReason } from "../../endpoint.ts";
import { concat, readUint, uintBytes } from "../../kit/bytes.ts";
import type { Defences } from "./defences.ts";

export const datagramBytes = 128;
export const maxTextBytes = 92;
export const maxNameBytes = 16;
export const nonceBytes = 16;
export const cookieBytes = 32;
export const tagBytes = 16;
/** Sessions, times, counters and the numbers of messages stay below 2^48. */
export const numberBytes = 6;
const bodyBytes = 96;
const headerBytes = 1 + 2 * numberBytes;
const atText = numberBytes + 1;

const handshakeKinds = ["hello", "challenge", "proof", "welcome"] as const;
const recordKinds = ["data", "ack", "close"] as const;
const kinds = [...handshakeKinds, ...recordKinds];
export type HandshakeKind = (typeof handshakeKinds)[number];
export type RecordKind = (typeof recordKinds)[number];

/** What the handshake settles. */
export interface Terms {
  /** Name, 1 to 16 bytes. */
  readonly client: Uint8Array;
  /** The client's, 16 bytes. */
  readonly nonce: Uint8Array;
  readonly session: number;
  /** When the server sent the challenge, by its own clock, in milliseconds. */
  readonly time: number;
  /** 32 bytes. */
  readonly cookie: Uint8Array;
}
/** Taken apart, but not verified. `body` is all but the MAC: 96 bytes. */
export interface Handshake extends Terms {
  readonly kind: HandshakeKind;
  readonly body: Uint8Array;
  readonly mac: Uint8Array;
}
/** Taken apart, but not opened. `header` is all that stands before `sealed`: 13 bytes. */
export interface SealedRecord {
  readonly kind: RecordKind;
  readonly session: number;
  readonly counter: number;
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}
/** What is sealed in a record. */
export interface Frame {
  /** Which message it carries or acknowledges. */
  readonly number: number;
  /** At most 92 bytes; empty in `ack` and `close`. */
  readonly text: Uint8Array;
}

const type = (kind: HandshakeKind | RecordKind) => uintBytes(kinds.indexOf(kind) + 1, 1);
const number = (value: number) => uintBytes(value, numberBytes);
function padded(length: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(length);
  out.set(concat(...parts));
  return out;
}
/** @returns 17 bytes. */
export const nameField = (name: Uint8Array): Uint8Array =>
  padded(1 + maxNameBytes, uintBytes(name.length, 1), name);

/** @param instead of the zeros, at most 18 bytes. @returns 96 bytes, to be followed by a MAC. */
export const handshakeBody = (
  kind: HandshakeKind,
  { client, nonce, session, time, cookie }: Terms,
  instead: Uint8Array = new Uint8Array(0),
): Uint8Array => {
  const terms = [nameField(client), nonce, number(session), number(time), cookie];
  return padded(bodyBytes, type(kind), ...terms, instead);
};

export const recordHeader = (kind: RecordKind, session: number, counter: number): Uint8Array =>
  concat(type(kind), number(session), number(counter));

const recordBytes = (d: Defences): number => (d.budget ? datagramBytes : datagramBytes + 32);

/** @returns 99 bytes. */
export function encodeFrame(frame: Frame, d: Defences): Uint8Array {
  const parts = concat(number(frame.number), uintBytes(frame.text.length, 1), frame.text);
  return d.padding ? padded(recordBytes(d) - headerBytes - tagBytes, parts) : parts;
}

export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  const length = bytes[numberBytes] ?? bytes.length;
  if (length > maxTextBytes || atText + length > bytes.length) return undefined;
  return { number: readUint(bytes, 0, numberBytes), text: bytes.slice(atText, atText + length) };
}

/** Takes apart what came from the network. @returns the datagram, or why it is none. */
export function read(bytes: Uint8Array, d: Defences): Handshake | SealedRecord | RejectReason {
  if (bytes.length > recordBytes(d)) return "too-long";
  const kind = kinds[(bytes[0] ?? 0) - 1];
  const datagram =
    kind === "data" || kind === "ack" || kind === "close"
      ? readRecord(kind, bytes, d)
      : kind && readHandshake(kind, bytes);
  if (datagram === undefined && !d.strictness) throw new RangeError("malformed datagram");
  return datagram ?? "malformed";
}

function readHandshake(kind: HandshakeKind, bytes: Uint8Array): Handshake | undefined {
  const nameLength = bytes[1] ?? 0;
  if (bytes.length !== datagramBytes || nameLength < 1 || nameLength > maxNameBytes) {
    return undefined;
  }
  let at = 2 + maxNameBytes;
  const take = (length: number): Uint8Array => {
    at += length;
    return bytes.slice(at - length, at);
  };
  return {
    kind,
    client: bytes.slice(2, 2 + nameLength),
    nonce: take(nonceBytes),
    session: readUint(take(numberBytes)),
    time: readUint(take(numberBytes)),
    cookie: take(cookieBytes),
    body: bytes.slice(0, bodyBytes),
    mac: bytes.slice(bodyBytes),
  };
}

function readRecord(kind: RecordKind, bytes: Uint8Array, d: Defences): SealedRecord | undefined {
  const least = d.padding ? recordBytes(d) : headerBytes + atText + tagBytes;
  if (bytes.length < least) return undefined;
  return {
    kind,
    session: readUint(bytes, 1, numberBytes),
    counter: readUint(bytes, 1 + numberBytes, numberBytes),
    header: bytes.slice(0, headerBytes),
    sealed: bytes.slice(headerBytes),
  };
}

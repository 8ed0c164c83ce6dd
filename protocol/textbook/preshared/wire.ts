/**
 * The datagrams. All have 128 bytes; numbers are big-endian; the first byte is the type.
 *
 *     1 hello      client 17 ‖ nonce 16 ‖ zeros 62 ‖ MAC 32
 *     2 challenge  nonce 16 ‖ session 6 ‖ time 6 ‖ cookie 32 ‖ zeros 35 ‖ MAC 32
 *     3 proof      client 17 ‖ nonce 16 ‖ session 6 ‖ time 6 ‖ cookie 32 ‖ zeros 18 ‖ MAC 32
 *     4 welcome    session 6 ‖ zeros 89 ‖ MAC 32
 *     5 data, 6 ack, 7 close:
 *                  session 6 ‖ counter 6 ‖ sealed(number 6 ‖ length 1 ‖ text and zeros 92) ‖ tag 16
 *
 * A client's name is its length in one byte and the name, with zeros after it.
 */
import { concat, readUint, uintBytes } from "../../kit/bytes.ts";
import type { RejectReason } from "../../endpoint.ts";
import type { Defences } from "./defences.ts";

export const datagramBytes = 128;
export const maxTextBytes = 92;
export const maxNameBytes = 16;
export const nonceBytes = 16;
export const cookieBytes = 32;
export const tagBytes = 16;
/** Counters, times and session numbers stay below 2^48. */
export const numberBytes = 6;
const macBytes = 32;
const bodyBytes = datagramBytes - macBytes;
const headerBytes = 1 + 2 * numberBytes;
const frameBytes = numberBytes + 1;

const kinds = ["hello", "challenge", "proof", "welcome", "data", "ack", "close"] as const;
type Kind = (typeof kinds)[number];
export type RecordKind = "data" | "ack" | "close";

/** What a handshake datagram is authenticated by: `mac` is over `body`. */
interface Authenticated {
  readonly body: Uint8Array;
  readonly mac: Uint8Array;
}
export interface Hello {
  /** 1 to 16 bytes. */
  readonly client: Uint8Array;
  /** 16 bytes. */
  readonly nonce: Uint8Array;
}
export interface Challenge {
  readonly nonce: Uint8Array;
  readonly session: number;
  /** When the server sent it, by the server's clock. */
  readonly time: number;
  /** 32 bytes. */
  readonly cookie: Uint8Array;
}
export type Proof = Hello & Challenge;
export interface DataRecord {
  readonly kind: RecordKind;
  readonly session: number;
  readonly counter: number;
  /** 13 bytes: all that stands before `sealed`. */
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}
export type Datagram =
  | (Hello & Authenticated & { readonly kind: "hello" })
  | (Challenge & Authenticated & { readonly kind: "challenge" })
  | (Proof & Authenticated & { readonly kind: "proof" })
  | (Authenticated & { readonly kind: "welcome"; readonly session: number })
  | DataRecord;

const type = (kind: Kind): Uint8Array => uintBytes(kinds.indexOf(kind) + 1, 1);
const number = (value: number): Uint8Array => uintBytes(value, numberBytes);

function padded(length: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(length);
  out.set(concat(...parts));
  return out;
}

/** @param name at most 16 bytes. @returns 17 bytes. */
export const nameField = (name: Uint8Array): Uint8Array =>
  padded(1 + maxNameBytes, uintBytes(name.length, 1), name);

/** The 60 bytes that a challenge settles: nonce, session, time, cookie. */
export const settled = (c: Challenge): Uint8Array =>
  concat(c.nonce, number(c.session), number(c.time), c.cookie);

/** Bodies of the handshake datagrams: 96 bytes, to be followed by a MAC. */
export const helloBody = (h: Hello): Uint8Array =>
  padded(bodyBytes, type("hello"), nameField(h.client), h.nonce);
export const challengeBody = (c: Challenge): Uint8Array =>
  padded(bodyBytes, type("challenge"), settled(c));
export const proofBody = (p: Proof): Uint8Array =>
  padded(bodyBytes, type("proof"), nameField(p.client), settled(p));
export const welcomeBody = (session: number): Uint8Array =>
  padded(bodyBytes, type("welcome"), number(session));

export const recordHeader = (kind: RecordKind, session: number, counter: number): Uint8Array =>
  concat(type(kind), number(session), number(counter));

const recordBytes = (d: Defences): number => (d.budget ? datagramBytes : datagramBytes + 32);

/** The plain text of a record. */
export interface Frame {
  readonly number: number;
  readonly text: Uint8Array;
}

/** @param frame with at most 92 bytes of text. @returns 99 bytes. */
export function encodeFrame(frame: Frame, d: Defences): Uint8Array {
  const length = recordBytes(d) - headerBytes - tagBytes;
  const parts = [number(frame.number), uintBytes(frame.text.length, 1), frame.text];
  return d.padding ? padded(length, ...parts) : concat(...parts);
}

export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  const length = bytes[numberBytes];
  if (length === undefined || length > maxTextBytes) return undefined;
  const text = bytes.slice(frameBytes, frameBytes + length);
  return text.length === length ? { number: readUint(bytes, 0, numberBytes), text } : undefined;
}

/**
 * Takes apart what came from the network. Nothing in it is authentic yet.
 * @returns the datagram, or why it is none.
 */
export function read(bytes: Uint8Array, d: Defences): Datagram | RejectReason {
  if (bytes.length > recordBytes(d)) return "too-long";
  const datagram = decode(bytes, d);
  if (datagram === undefined && !d.strictness) throw new RangeError("malformed datagram");
  return datagram ?? "malformed";
}

function decode(bytes: Uint8Array, d: Defences): Datagram | undefined {
  const kind = kinds[(bytes[0] ?? 0) - 1];
  if (kind === undefined) return undefined;
  if (kind === "data" || kind === "ack" || kind === "close") {
    const least = d.padding ? recordBytes(d) : headerBytes + frameBytes + tagBytes;
    if (bytes.length < least) return undefined;
    return {
      kind,
      session: readUint(bytes, 1, numberBytes),
      counter: readUint(bytes, 1 + numberBytes, numberBytes),
      header: bytes.slice(0, headerBytes),
      sealed: bytes.slice(headerBytes),
    };
  }
  if (bytes.length !== datagramBytes) return undefined;
  const authenticated = { body: bytes.slice(0, bodyBytes), mac: bytes.slice(bodyBytes) };
  const atName = 1 + 1 + maxNameBytes;
  switch (kind) {
    case "welcome":
      return { kind, session: readUint(bytes, 1, numberBytes), ...authenticated };
    case "challenge":
      return { kind, ...readSettled(bytes, 1), ...authenticated };
    case "hello":
    case "proof": {
      const client = readName(bytes);
      if (client === undefined) return undefined;
      const rest = readSettled(bytes, atName);
      if (kind === "proof") return { kind, client, ...rest, ...authenticated };
      return { kind, client, nonce: rest.nonce, ...authenticated };
    }
  }
}

function readName(bytes: Uint8Array): Uint8Array | undefined {
  const length = bytes[1] ?? 0;
  return length >= 1 && length <= maxNameBytes ? bytes.slice(2, 2 + length) : undefined;
}

function readSettled(bytes: Uint8Array, at: number): Challenge {
  const atSession = at + nonceBytes;
  const atTime = atSession + numberBytes;
  const atCookie = atTime + numberBytes;
  return {
    nonce: bytes.slice(at, atSession),
    session: readUint(bytes, atSession, numberBytes),
    time: readUint(bytes, atTime, numberBytes),
    cookie: bytes.slice(atCookie, atCookie + cookieBytes),
  };
}

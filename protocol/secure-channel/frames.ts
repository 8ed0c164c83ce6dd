/**
 * The frames inside a record, once it is opened. A record holds any number of them; the rest of
 * its room is zeros, so that its length says nothing. Types and lengths in bytes; numbers are
 * big-endian:
 *
 *     0 PAD             the end: only zeros follow
 *     1 DATA            id 2 ‖ length 1 ‖ body                   a message in one piece
 *     2 FRAG            id 2 ‖ index/last 1 ‖ length 1 ‖ body    a piece of a longer one
 *     3 ACK             largest 2 ‖ bitmap 2                     delivered to the application
 *     4 RECEIPT         id 2 ‖ receipt 1                         read, by a person
 *     5 CLOSE           last sent 2 ‖ last received 2 ‖ code 1   so that truncation shows
 *     6 CLOSE_ACK
 *     7 KEYUPDATE       epoch 1
 *     8 PATH_CHALLENGE  token 8
 *     9 PATH_RESPONSE   token 8
 *    10 LOGIN           step 1 ‖ length 1 ‖ body                 login.ts
 *    11 RELAY           peer 2 ‖ port 1 ‖ id 1 ‖ index/last 1 ‖ length 1 ‖ inner
 *                                                                a piece of a datagram: relay/
 *    12 REKEY           length 1 ‖ body
 *    13 SIG             id 2 ‖ index/last 1 ‖ length 1 ‖ body    a piece of evidence: signing.ts
 *
 * `index/last` numbers a piece in its upper half and names the last one in its lower half, both
 * from 0 to 7. Every type but PAD has exactly one encoding: what is decoded and encoded again is
 * the same bytes.
 */
import { MisuseError } from "../endpoint.ts";
import { readUint, uintBytes } from "../kit/bytes.ts";

/** A message, or a signature, is cut into so many pieces at most. */
export const maxPieces = 8;
/** How many messages before the largest one an acknowledgement speaks of. */
export const bitmapBits = 16;
export const tokenBytes = 8;

/** One piece of something longer; `last` is the index of its last piece, at most 7. */
interface Piece {
  readonly index: number;
  readonly last: number;
}
/** Numbers count from 1 in each direction; 0 stands for "none yet". */
export type DataFrame = { readonly kind: "data"; readonly id: number; readonly body: Uint8Array };
export type FragmentFrame = Piece & {
  readonly kind: "fragment";
  readonly id: number;
  readonly body: Uint8Array;
};
/** Bit i, from the lowest, says that message `largest - 1 - i` was delivered. */
export type AckFrame = {
  readonly kind: "ack";
  readonly largest: number;
  readonly bitmap: number;
};
export type LoginFrame = {
  readonly kind: "login";
  readonly step: number;
  readonly body: Uint8Array;
};
/** `peer` is the receiver on the way to the relay, and the sender on the way from there. */
export type RelayFrame = Piece & {
  readonly kind: "relay";
  readonly peer: number;
  readonly port: number;
  readonly id: number;
  readonly inner: Uint8Array;
};
export type SignatureFrame = Piece & {
  readonly kind: "signature";
  readonly id: number;
  readonly body: Uint8Array;
};
export type Frame =
  | DataFrame
  | FragmentFrame
  | AckFrame
  | { readonly kind: "receipt"; readonly id: number; readonly receipt: number }
  | {
      readonly kind: "close";
      readonly lastSent: number;
      readonly lastReceived: number;
      readonly code: number;
    }
  | { readonly kind: "close-ack" }
  | { readonly kind: "key-update"; readonly epoch: number }
  | { readonly kind: "path-challenge" | "path-response"; readonly token: Uint8Array }
  | LoginFrame
  | RelayFrame
  | { readonly kind: "rekey"; readonly body: Uint8Array }
  | SignatureFrame;
export type FrameKind = Frame["kind"];

/** `1`, `2`: a number of so many bytes. `piece`: index/last. `body`: a length and as many bytes. */
type Shape = 1 | 2 | "piece" | "token" | "body";
type Layout = readonly (readonly [field: string, shape: Shape])[];

const piece: Layout = [
  ["id", 2],
  ["index", "piece"],
  ["body", "body"],
];
/** In the order of their types, from 1. */
const layouts: Readonly<Record<FrameKind, Layout>> = {
  data: [
    ["id", 2],
    ["body", "body"],
  ],
  fragment: piece,
  ack: [
    ["largest", 2],
    ["bitmap", 2],
  ],
  receipt: [
    ["id", 2],
    ["receipt", 1],
  ],
  close: [
    ["lastSent", 2],
    ["lastReceived", 2],
    ["code", 1],
  ],
  "close-ack": [],
  "key-update": [["epoch", 1]],
  "path-challenge": [["token", "token"]],
  "path-response": [["token", "token"]],
  login: [
    ["step", 1],
    ["body", "body"],
  ],
  relay: [
    ["peer", 2],
    ["port", 1],
    ["id", 1],
    ["index", "piece"],
    ["inner", "body"],
  ],
  rekey: [["body", "body"]],
  signature: piece,
};
export const frameKinds = Object.keys(layouts) as readonly FrameKind[];

/** The fields of a frame, by name; {@link layouts} says which there are. */
interface Fields {
  last?: number;
  [name: string]: number | Uint8Array | undefined;
}
const fieldsOf = (frame: Frame): Fields => frame as unknown as Fields;

function encodeField(fields: Fields, name: string, shape: Shape): Uint8Array {
  const value = fields[name] ?? 0;
  if (value instanceof Uint8Array) {
    const length = shape === "token" ? tokenBytes : value.length;
    if (value.length !== length || length > 255) {
      throw new MisuseError(`${name} has ${value.length} bytes`);
    }
    if (shape === "token") return value;
    const out = new Uint8Array(1 + length);
    out[0] = length;
    out.set(value, 1);
    return out;
  }
  if (shape === "piece") {
    const last = fields.last ?? 0;
    if (!isPiece(value, last)) throw new MisuseError(`there is no piece ${value} of 0–${last}`);
    return Uint8Array.of((value << 4) | last);
  }
  const size = shape === 2 ? 2 : 1;
  if (!(Number.isInteger(value) && value >= 0 && value < 256 ** size)) {
    throw new MisuseError(`${name} is ${value}, which has not ${size} bytes`);
  }
  return uintBytes(value, size);
}

const isPiece = (index: number, last: number): boolean =>
  Number.isInteger(index) && index >= 0 && index <= last && last < maxPieces;

/** @returns how many bytes the frame takes in a record, its type among them. */
export function frameBytes(frame: Frame): number {
  let length = 1;
  for (const [name, shape] of layouts[frame.kind]) {
    const value = fieldsOf(frame)[name];
    if (shape === "body" && value instanceof Uint8Array) length += 1 + value.length;
    else length += shape === "token" ? tokenBytes : shape === 2 ? 2 : 1;
  }
  return length;
}

/**
 * @param room how many bytes the record has for its frames.
 * @returns the frames in this order, followed by zeros: exactly `room` bytes.
 * @throws MisuseError if they do not fit, or if a field is out of its range.
 */
export function encodeFrames(frames: readonly Frame[], room: number): Uint8Array {
  const needed = frames.reduce((sum, frame) => sum + frameBytes(frame), 0);
  if (needed > room) throw new MisuseError(`${needed} bytes of frames do not fit in ${room}`);
  const out = new Uint8Array(room);
  let at = 0;
  for (const frame of frames) {
    out[at++] = frameKinds.indexOf(frame.kind) + 1;
    for (const [name, shape] of layouts[frame.kind]) {
      const field = encodeField(fieldsOf(frame), name, shape);
      out.set(field, at);
      at += field.length;
    }
  }
  return out;
}

/**
 * Takes the content of a record apart. Its sender is authentic, but may be malicious or broken.
 * @returns the frames; `undefined` if a type is unknown, a frame runs over the end, a piece is
 *   numbered beyond the last one, or the padding is not zero. It never throws.
 */
export function decodeFrames(bytes: Uint8Array): readonly Frame[] | undefined {
  const frames: Frame[] = [];
  let at = 0;
  while (at < bytes.length) {
    const type = bytes[at++] ?? 0;
    if (type === 0) return bytes.subarray(at).every((byte) => byte === 0) ? frames : undefined;
    const kind = frameKinds[type - 1];
    if (kind === undefined) return undefined;
    const fields: Fields = {};
    for (const [name, shape] of layouts[kind]) {
      const field = decodeField(bytes, at, shape);
      if (field === undefined || at + field.length > bytes.length) return undefined;
      fields[name] = field.value;
      if (field.last !== undefined) fields.last = field.last;
      at += field.length;
    }
    frames.push({ kind, ...fields } as unknown as Frame);
  }
  return frames;
}

interface Field {
  readonly value: number | Uint8Array;
  readonly last?: number;
  /** How many bytes it takes; they may run over the end. */
  readonly length: number;
}

function decodeField(bytes: Uint8Array, at: number, shape: Shape): Field | undefined {
  switch (shape) {
    case "body": {
      const length = 1 + (bytes[at] ?? 0);
      return { value: bytes.slice(at + 1, at + length), length };
    }
    case "token":
      return { value: bytes.slice(at, at + tokenBytes), length: tokenBytes };
    case "piece": {
      const byte = bytes[at] ?? 0;
      const [index, last] = [byte >> 4, byte & 15];
      return isPiece(index, last) ? { value: index, last, length: 1 } : undefined;
    }
    default:
      return { value: readUint(bytes, at, shape), length: shape };
  }
}

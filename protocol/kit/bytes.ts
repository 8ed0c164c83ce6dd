/** Small helpers for byte strings. Nothing here is cryptography, and nothing is recorded. */

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossyDecoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** A byte string as a JavaScript string, one character (U+0000–U+00FF) per byte. */
export type Latin1 = string;

/** Up to this length a loop over plain ASCII is faster than the encoder. */
const shortText = 48;

export function utf8(text: string): Uint8Array {
  const { length } = text;
  if (length > shortText) return encoder.encode(text);
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return encoder.encode(text);
    out[i] = code;
  }
  return out;
}

/** @returns the text, or `undefined` if the bytes are not valid UTF-8. */
export function text(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Text for people: invalid bytes become U+FFFD. */
export const lossyText = (bytes: Uint8Array): string => lossyDecoder.decode(bytes);

const latin1Slice = Buffer.prototype.latin1Slice as (
  this: Uint8Array,
  start: number,
  end: number,
) => string;

/** Bytes as a key for maps and for substring search. */
export const latin1 = (bytes: Uint8Array): Latin1 => latin1Slice.call(bytes, 0, bytes.length);

/** The same of the first `length` bytes. */
export const latin1Head = (bytes: Uint8Array, length: number): Latin1 =>
  latin1Slice.call(bytes, 0, length);

export function fromLatin1(value: Latin1): Uint8Array {
  const out = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i++) out[i] = value.charCodeAt(i);
  return out;
}

/** Up to this length, a loop is faster than the built-in copy. */
const shortCopy = 40;

/** Writes `part` into `out`, from `at`. */
export function copyInto(out: Uint8Array, part: Uint8Array, at: number): void {
  const { length } = part;
  if (length > shortCopy) out.set(part, at);
  else for (let i = 0; i < length; i++) out[at + i] = part[i] as number;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    copyInto(out, part, at);
    at += part.length;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** @returns the bytes, or `undefined` if `value` is not an even number of hex digits. */
export function fromHex(value: string): Uint8Array | undefined {
  if (value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value)) return undefined;
  return new Uint8Array(Buffer.from(value, "hex"));
}

/** @param size how many bytes, big-endian; `value` must fit. */
export function uintBytes(value: number, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let rest = value;
  for (let i = size - 1; i >= 0; i--) {
    out[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return out;
}

/** Reads a big-endian number of at most 6 bytes. */
export function readUint(bytes: Uint8Array, at = 0, size = bytes.length - at): number {
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

/** Big-endian, without leading zeros beyond `size` bytes (default: as many as needed, ≥ 1). */
export function bigintBytes(value: bigint, size?: number): Uint8Array {
  let digits = value.toString(16);
  if (digits.length % 2 !== 0) digits = `0${digits}`;
  const bytes = new Uint8Array(Buffer.from(digits, "hex"));
  if (size === undefined || bytes.length >= size) return bytes;
  const out = new Uint8Array(size);
  out.set(bytes, size - bytes.length);
  return out;
}

export const bytesBigint = (bytes: Uint8Array): bigint =>
  bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes)}`);

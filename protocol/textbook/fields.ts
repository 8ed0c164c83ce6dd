/** Fields of the textbook's messages. Nothing here is cryptography, and nothing is recorded. */
import { concat, readUint, uintBytes } from "../kit/bytes.ts";

const lengthBytes = 2;
/** A field of any length; see {@link unpack}. */
export const any = -1;

/** Each field behind its length in two bytes, but the last, which takes what is left. */
export function pack(...fields: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const last = fields.length - 1;
  for (let i = 0; i <= last; i++) {
    const field = fields[i] as Uint8Array;
    // Nothing comes behind the last one: its length is clear.
    if (i < last) parts.push(uintBytes(field.length, lengthBytes));
    parts.push(field);
  }
  return concat(...parts);
}

/**
 * Takes apart what {@link pack} joined.
 * @param lengths in bytes, one for each field; {@link any} where every length will do.
 * @returns `undefined` if the bytes are not these fields.
 */
export function unpack<const L extends readonly number[]>(
  bytes: Uint8Array,
  ...lengths: L
): { readonly [I in keyof L]: Uint8Array } | undefined {
  const fields: Uint8Array[] = [];
  let at = 0;
  for (const [i, wanted] of lengths.entries()) {
    const last = i === lengths.length - 1;
    const stated = last ? bytes.length - at : readUint(bytes, at, lengthBytes);
    const start = last ? at : at + lengthBytes;
    if (start + stated > bytes.length || (wanted !== any && wanted !== stated)) return undefined;
    fields.push(bytes.slice(start, start + stated));
    at = start + stated;
  }
  return fields as { readonly [I in keyof L]: Uint8Array };
}

/** A message: its number within the protocol in one byte, then its fields. */
export const message = (number: number, ...fields: readonly Uint8Array[]): Uint8Array =>
  concat(uintBytes(number, 1), pack(...fields));

/** @returns the fields of a message with that number, or `undefined` if it is none. */
export const readMessage = <const L extends readonly number[]>(
  bytes: Uint8Array,
  number: number,
  ...lengths: L
) => (bytes[0] === number ? unpack(bytes.slice(1), ...lengths) : undefined);

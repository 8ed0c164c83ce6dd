/**
 * CBOR, deterministically encoded (RFC 8949 §4.2.1), and sequences of it (RFC 8742).
 *
 * What is read must be what we would have written: then no two byte strings mean the same, and
 * hashing what was received is as good as hashing what was meant. RFC 9528 §3.1 demands it too.
 */
import { decodeFirst, encode, rfc8949EncodeOptions } from "cborg";
import { concat, equalBytes } from "../../kit/bytes.ts";

/** Integers, text, bytes, lists and maps. We write `null`, but read no simple value at all. */
export type CborItem =
  | null
  | number
  | string
  | Uint8Array
  | readonly CborItem[]
  | ReadonlyMap<number | string, CborItem>;

const decodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowBigInt: false,
  allowInfinity: false,
  allowNaN: false,
  useMaps: true,
  rejectDuplicateMapKeys: true,
};

export const encodeItem = (item: CborItem): Uint8Array => encode(item, rfc8949EncodeOptions);

/** A CBOR sequence: the items one after the other, with nothing around them. RFC 8742 §2. */
export const sequence = (...items: readonly CborItem[]): Uint8Array =>
  concat(...items.map(encodeItem));

export interface ReadItem {
  readonly item: CborItem;
  /** The encoding of `item`. */
  readonly raw: Uint8Array;
  /** What follows it. */
  readonly rest: Uint8Array;
}

/** @returns the first item of a sequence; `undefined` if there is none, or none of ours. */
export function readItem(bytes: Uint8Array): ReadItem | undefined {
  try {
    const [item, rest] = decodeFirst(bytes, decodeOptions) as [unknown, Uint8Array];
    const raw = bytes.slice(0, bytes.length - rest.length);
    if (!isItem(item) || !equalBytes(encodeItem(item), raw)) return undefined;
    return { item, raw, rest: rest.slice() };
  } catch {
    // Not CBOR, or nested more deeply than anything of ours.
    return undefined;
  }
}

function isItem(value: unknown): value is CborItem {
  if (typeof value === "string" || value instanceof Uint8Array) return true;
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (Array.isArray(value)) return value.every(isItem);
  if (!(value instanceof Map)) return false;
  return [...value].every(
    ([k, v]) => (typeof k === "string" || Number.isSafeInteger(k)) && isItem(v),
  );
}

/** @returns the one item that `bytes` are, and nothing else. */
export function decodeItem(bytes: Uint8Array): CborItem | undefined {
  const read = readItem(bytes);
  return read === undefined || read.rest.length > 0 ? undefined : read.item;
}

/** @returns all items of a sequence, or `undefined` if one of them is none of ours. */
export function decodeSequence(bytes: Uint8Array): readonly ReadItem[] | undefined {
  const items: ReadItem[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const read = readItem(rest);
    if (read === undefined) return undefined;
    items.push(read);
    rest = read.rest;
  }
  return items;
}

/** Is it the encoding of an integer from -24 to 23, which takes one byte? RFC 9528 §3.3.2. */
const isOneByteInteger = (id: Uint8Array): boolean => {
  const [byte] = id;
  return id.length === 1 && byte !== undefined && (byte <= 0x17 || (byte >= 0x20 && byte <= 0x37));
};

/**
 * Connection identifiers and key identifiers are byte strings, but are written as the integer
 * whose encoding they are, where there is one.
 * @returns one byte for such an `id`, otherwise one more than its length (up to 23).
 */
export const encodeId = (id: Uint8Array): Uint8Array =>
  isOneByteInteger(id) ? id.slice() : encodeItem(id);

/** Undoes {@link encodeId}. @returns `undefined` if it is not how `encodeId` would write it. */
export function idOf({ item, raw }: ReadItem): Uint8Array | undefined {
  if (typeof item === "number") return isOneByteInteger(raw) ? raw : undefined;
  if (!(item instanceof Uint8Array) || isOneByteInteger(item)) return undefined;
  return item.slice();
}

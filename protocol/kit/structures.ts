/**
 * Structured messages whose contents the lab can follow. Where bytes stand in a message as they
 * are (CBOR, pickle from protocol 2 on, type–length–value), they are found there, and nothing has
 * to be done. JSON has bytes in base64 and escapes in its strings: written and read by these
 * functions, both are on record like any other encoding, wherever the JSON itself is put.
 */
import { concat, readUint, text, uintBytes, utf8 } from "./bytes.ts";
import type { SymmetricKit } from "./crypto.ts";
import { MisuseError } from "./errors.ts";

type Encoder = Pick<SymmetricKit, "encode">;
type Decoder = Pick<SymmetricKit, "decode">;

/** Byte strings become base64. */
export type Json =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Json[]
  | { readonly [name: string]: Json };

/**
 * @returns what `JSON.stringify` would write, in UTF-8.
 * @throws MisuseError for numbers that JSON has not.
 */
export function writeJson(crypto: Encoder, value: Json): Uint8Array {
  if (value instanceof Uint8Array) return quoted(crypto.encode("base64", value));
  if (typeof value === "string") return quoted(crypto.encode("json", utf8(value)));
  if (Array.isArray(value)) {
    return enclosed(
      "[",
      (value as readonly Json[]).map((item) => writeJson(crypto, item)),
      "]",
    );
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([name, member]) =>
      concat(utf8(`${JSON.stringify(name)}:`), writeJson(crypto, member)),
    );
    return enclosed("{", members, "}");
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new MisuseError(`JSON has no number ${value}`);
  }
  return utf8(JSON.stringify(value));
}

const quoted = (content: Uint8Array): Uint8Array => concat(utf8('"'), content, utf8('"'));
const enclosed = (open: string, items: readonly Uint8Array[], close: string): Uint8Array =>
  concat(
    utf8(open),
    ...items.flatMap((item, i) => (i === 0 ? [item] : [utf8(","), item])),
    utf8(close),
  );

/** What is read: bytes are still base64 in strings; see {@link bytesIn}. */
export type ReadJson =
  | null
  | boolean
  | number
  | string
  | readonly ReadJson[]
  | { readonly [name: string]: ReadJson };

/**
 * Reads JSON from the network. Names that mean something to JavaScript itself (`__proto__`) are
 * names like others.
 * @returns `undefined` if it is none, or not in UTF-8.
 */
export function readJson(crypto: Decoder, bytes: Uint8Array): ReadJson | undefined {
  try {
    return noted(crypto, JSON.parse(text(bytes) ?? "") as ReadJson);
  } catch {
    return undefined;
  }
}

/** Puts every string on record that stands otherwise in JSON than in memory. */
function noted(crypto: Decoder, value: ReadJson): ReadJson {
  if (typeof value === "string") {
    const escaped = JSON.stringify(value).slice(1, -1);
    if (escaped !== value) crypto.decode("json", utf8(escaped));
    return value;
  }
  if (Array.isArray(value)) return (value as readonly ReadJson[]).map((v) => noted(crypto, v));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, v]) => [name, noted(crypto, v)] as const);
  return Object.assign(Object.create(null), Object.fromEntries(members));
}

/** @returns the bytes that a string has in base64; `undefined` if it is no canonical base64. */
export const bytesIn = (crypto: Decoder, value: ReadJson | undefined): Uint8Array | undefined =>
  typeof value === "string" ? crypto.decode("base64", utf8(value)) : undefined;

const lengthBytes = 2;
/** One element of {@link writeElements}. */
export interface Element {
  /** From 0 to 255. */
  readonly type: number;
  /** At most 65,535 bytes. */
  readonly value: Uint8Array;
}

/** Type (1 byte), length (2 bytes, big-endian), value; one after the other. */
export function writeElements(...elements: readonly Element[]): Uint8Array {
  return concat(
    ...elements.flatMap(({ type, value }) => {
      const fits = Number.isInteger(type) && type >= 0 && type <= 0xff && value.length <= 0xffff;
      if (!fits) throw new MisuseError(`type ${type}, ${value.length} bytes: no element`);
      return [uintBytes(type, 1), uintBytes(value.length, lengthBytes), value];
    }),
  );
}

/** @returns `undefined` if the bytes do not end with an element. */
export function readElements(bytes: Uint8Array): readonly Element[] | undefined {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + 1 + lengthBytes;
    if (start > bytes.length) return undefined;
    const end = start + readUint(bytes, at + 1, lengthBytes);
    if (end > bytes.length) return undefined;
    elements.push({ type: bytes[at] as number, value: bytes.slice(start, end) });
    at = end;
  }
  return elements;
}

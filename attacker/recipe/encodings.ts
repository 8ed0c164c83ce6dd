/** Bytes that programs write as text by themselves, without an operation that is recorded. */
import { fromLatin1, type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { decodeText, encodeText } from "../../protocol/kit/primitives/encodings.ts";

/** As they are tried. Of a number, leading zeros are lost. */
export const encodings = ["hex", "base64", "base64url-unpadded", "base64url", "decimal"] as const;
export type Encoded = (typeof encodings)[number];

/** Shorter ones are words. */
const leastToken = 16;

/** @returns what is written so; `undefined` if nothing is. */
export function decoded(encoding: Encoded, token: Latin1): Latin1 | undefined {
  const bytes = decodeText(encoding, fromLatin1(token));
  return bytes && latin1(bytes);
}

export const encoded = (encoding: Encoded, bytes: Latin1): Latin1 =>
  latin1(encodeText(encoding, fromLatin1(bytes)));

/** Letters, digits, and what else base64 has. */
const isTokenChar = (c: number): boolean =>
  (c >= 0x30 && c <= 0x39) ||
  (c >= 0x41 && c <= 0x5a) ||
  (c >= 0x61 && c <= 0x7a) ||
  c === 0x2b ||
  c === 0x2f ||
  c === 0x2d ||
  c === 0x5f ||
  c === 0x3d;

/** @returns the run of such characters that begins there; `undefined` if it is a short one. */
export function tokenAt(bytes: Latin1, i: number): Latin1 | undefined {
  if (i > 0 && isTokenChar(bytes.charCodeAt(i - 1))) return undefined;
  let end = i;
  while (end < bytes.length && isTokenChar(bytes.charCodeAt(end))) end++;
  return end - i < leastToken ? undefined : bytes.substring(i, end);
}

/** @returns what is written in a message in any encoding, and what is written in that. */
export function writtenIn(message: Latin1, depth = 3): readonly Latin1[] {
  if (depth === 0) return [];
  return tokensOf(message).flatMap((token) =>
    encodings.flatMap((encoding) => {
      const inside = decoded(encoding, token);
      return inside === undefined ? [] : [inside, ...writtenIn(inside, depth - 1)];
    }),
  );
}

function tokensOf(message: Latin1): readonly Latin1[] {
  const tokens: Latin1[] = [];
  for (let i = 0; i < message.length; i++) {
    const token = tokenAt(message, i);
    if (token === undefined) continue;
    tokens.push(token);
    i += token.length;
  }
  return tokens;
}

/**
 * Most texts could be of several encodings; a program has one.
 * @returns all, those first that fit most of the texts in these messages.
 */
export function usualEncodings(messages: readonly Latin1[]): readonly Encoded[] {
  const fits = new Map<Encoded, number>();
  for (const message of messages) {
    for (const token of tokensOf(message)) {
      for (const e of encodings) {
        if (decoded(e, token) !== undefined) fits.set(e, (fits.get(e) ?? 0) + 1);
      }
    }
  }
  const [hex, ...others] = encodings;
  return [hex, ...others.toSorted((a, b) => (fits.get(b) ?? 0) - (fits.get(a) ?? 0))];
}

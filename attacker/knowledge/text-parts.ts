/** What byte strings consist of, apart from recorded values. */
import { fromLatin1, type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { fieldsOf, openField } from "../fields.ts";
import { declaredFromBytes, guessableBelowBytes } from "./lengths.ts";
import { encodedWords, unescapedTexts } from "./text-readings.ts";

const innerCache = new Map<Latin1, readonly Latin1[]>();
const innerCacheLimit = 50_000;

/** What a string contains once its text encodings are undone; cached by content. */
export function decodedParts(value: Latin1): readonly Latin1[] {
  let parts = innerCache.get(value);
  if (parts === undefined) {
    const bytes = fromLatin1(value);
    const fields = fieldsOf(bytes)
      .filter((path) => path.some((step) => !step.startsWith("split:")))
      .map((path) => latin1(openField(bytes, path)?.inner ?? new Uint8Array(0)));
    const read = [...fields, ...unescapedTexts(value), ...encodedWords(value).map((w) => w.inner)];
    parts = [...new Set(read)].filter((inner) => inner.length >= declaredFromBytes);
    if (innerCache.size >= innerCacheLimit) innerCache.clear();
    innerCache.set(value, parts);
  }
  return parts;
}

/** The stretches of `value` that none of `parts` covers, long enough to matter. */
export function without(value: Latin1, parts: readonly Latin1[]): readonly Latin1[] {
  if (parts.length === 0) return [value];
  const covered = new Uint8Array(value.length);
  for (const part of parts) {
    for (let i = value.indexOf(part); i >= 0; i = value.indexOf(part, i + 1)) {
      covered.fill(1, i, i + part.length);
    }
  }
  const rest: Latin1[] = [];
  for (let start = covered.indexOf(0); start >= 0; ) {
    const next = covered.indexOf(1, start);
    const end = next < 0 ? value.length : next;
    if (end - start >= guessableBelowBytes) rest.push(value.slice(start, end));
    start = next < 0 ? -1 : covered.indexOf(0, end);
  }
  return rest;
}

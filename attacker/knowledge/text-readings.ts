/**
 * Text inside text: what a reader finds who undoes percent-encoding, escapes and encoded words
 * wherever they stand, without knowing the format around them (query strings, headers, cookies,
 * forms, JSON, lines of base64). The adversary reads this way, and bytes are followed this way:
 * whatever explains bytes is also read by the adversary.
 */
import {
  bigintBytes,
  fromLatin1,
  type Latin1,
  latin1,
  text,
  utf8,
} from "../../protocol/kit/bytes.ts";

/** A run of characters that may be an encoding of bytes. */
export interface EncodedWord {
  readonly at: number;
  readonly length: number;
  readonly encoding: "hex" | "decimal" | "base64";
  readonly inner: Latin1;
}

/** Shorter ones look like hex, base64 or numbers by accident too often. */
const words = /(?:[A-Za-z0-9+/]{16,}\r?\n)+[A-Za-z0-9+/]+={0,2}|[A-Za-z0-9+/_-]{8,}={0,2}/g;
const hexWord = /^(?:[0-9a-f]{2})+$/i;
const decimalWord = /^[1-9][0-9]{9,2000}$/;
/** What everyday words look like, and encoded bytes hardly ever. */
const plainWord = /^(?:[A-Z]?[a-z]+|[A-Z]+)$/;

/** @returns every run of characters in `value` that hex, decimal or base64 would read. */
export function encodedWords(value: Latin1): readonly EncodedWord[] {
  const found: EncodedWord[] = [];
  for (const match of value.matchAll(words)) {
    const [word] = match;
    // A name may be glued to it: "key-0a1b…"; or binary bytes that happen to be letters.
    const isAfterBinary = /[^\t\n\r\x20-\x7e]/.test(value[match.index - 1] ?? "");
    for (const start of [...startsOf(word), ...(isAfterBinary ? otherPhases : [])]) {
      const [encoding, inner] = opened(word.slice(start)) ?? [];
      if (encoding === undefined || inner === undefined || inner.length < 4) continue;
      found.push({ at: match.index + start, length: word.length - start, encoding, inner });
    }
  }
  return found;
}

const longestGlued = 12;
/** Base64 is read in groups of four characters. */
const otherPhases = [1, 2, 3];

function startsOf(word: string): readonly number[] {
  const starts = [0];
  for (const glue of word.matchAll(/[-_/+]/g)) {
    if (glue.index > longestGlued) break;
    if (word.length - glue.index > 8) starts.push(glue.index + 1);
  }
  return starts;
}

function opened(word: string): readonly [EncodedWord["encoding"], Latin1] | undefined {
  if (hexWord.test(word)) return ["hex", Buffer.from(word, "hex").toString("latin1")];
  if (decimalWord.test(word)) return ["decimal", latin1(bigintBytes(BigInt(word)))];
  const body = word.replace(/[\r\n]/g, "");
  if (body.replace(/=+$/, "").length % 4 === 1 || plainWord.test(body)) return undefined;
  // Node's decoder takes both alphabets.
  return ["base64", Buffer.from(body, "base64").toString("latin1")];
}

const escapes = {
  percent: /%[0-9a-f]{2}/i,
  json: /\\(?:["\\/bfnrt]|u[0-9a-f]{4})/i,
  xml: /&(?:amp|lt|gt|quot|apos|#[0-9]{1,5}|#x[0-9a-f]{1,4});/i,
};
const xmlNames: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/** @returns what `value` says with its escapes undone, a text for each way to do that. */
export function unescapedTexts(value: Latin1): readonly Latin1[] {
  const found: Latin1[] = [];
  const percent = escapes.percent.test(value);
  if (percent) found.push(undoPercent(value));
  if (/\w\+\w/.test(value) && /[=&]/.test(value)) {
    found.push(undoPercent(value.replaceAll("+", " ")));
  }
  if (value.includes("\\") && escapes.json.test(value)) found.push(undoJson(value));
  if (value.includes("&") && escapes.xml.test(value)) found.push(undoXml(value));
  if (/[\xc2\xc3][\x80-\xbf]/.test(value)) {
    const narrow = narrowed(value);
    if (narrow !== undefined) found.push(narrow);
  }
  return found.filter((reading) => reading !== value);
}

const character = (code: number): Latin1 => latin1(utf8(String.fromCodePoint(code)));

const undoPercent = (value: Latin1): Latin1 =>
  value.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );

/** Escapes that follow each other are read together: a character may be made of two. */
const undoJson = (value: Latin1): Latin1 =>
  value.replace(/(?:\\(?:["\\/bfnrt]|u[0-9a-f]{4}))+/gi, (run) => {
    try {
      return latin1(utf8(JSON.parse(`"${run}"`)));
    } catch {
      return run;
    }
  });

const undoXml = (value: Latin1): Latin1 =>
  value.replace(/&(?:#x([0-9a-f]{1,4})|#([0-9]{1,5})|(\w{2,4}));/gi, (whole, h, d, name) => {
    const code = h === undefined ? Number(d) : Number.parseInt(h, 16);
    if (name !== undefined) return xmlNames[String(name).toLowerCase()] ?? whole;
    return code > 0 && code < 0xd800 ? character(code) : whole;
  });

/** Bytes that were written as characters of Latin-1, and those in UTF-8. */
function narrowed(value: Latin1): Latin1 | undefined {
  const wide = text(fromLatin1(value));
  return wide === undefined || /[^\x00-\xff]/.test(wide) ? undefined : wide;
}

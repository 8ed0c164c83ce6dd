/**
 * Fields inside packets: how to open an encoding, change what is in it, and pack it up again, so
 * that a base64 field stays base64 and a JSON document stays JSON. What a packet consists of is
 * read off its bytes; no protocol has to describe its format.
 */
import {
  bigintBytes,
  bytesBigint,
  fromLatin1,
  type Latin1,
  latin1,
  text,
  utf8,
} from "../protocol/kit/bytes.ts";
import { decodeText, encodeText } from "../protocol/kit/primitives/encodings.ts";
import type { FieldPath } from "./move.ts";

interface Opened {
  readonly inner: Uint8Array;
  /** The whole again, with `inner` replaced. */
  readonly close: (inner: Uint8Array) => Uint8Array;
}

const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const base64urlText = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}(?:==)?|[A-Za-z0-9_-]{3}=?)?$/;
const hexText = /^(?:[0-9a-f]{2})+$/i;
const decimalText = /^(?:0|[1-9][0-9]*)$/;
/** Shorter texts look like base64 or numbers by accident too often. */
const shortestEncodedText = 4;
const separators = ["&", ",", ":", ";", "|", " ", "\t", "\n", "\u0000"];

function openBase64(bytes: Uint8Array, alphabet: "base64" | "base64url"): Opened | undefined {
  const chars = latin1(bytes);
  const form = alphabet === "base64" ? base64Text : base64urlText;
  if (chars.length < shortestEncodedText || !form.test(chars)) return undefined;
  const padded = chars.endsWith("=");
  return {
    inner: new Uint8Array(Buffer.from(chars, alphabet)),
    close: (inner) => {
      const out = Buffer.from(inner).toString(alphabet);
      const missing = alphabet === "base64url" && padded ? (4 - (out.length % 4)) % 4 : 0;
      return utf8(out + "=".repeat(missing));
    },
  };
}

/** Base64 in lines (RFC 2045 §6.8), perhaps between the armour lines of PEM (RFC 7468). */
const wrappedText =
  /^(-----BEGIN [^\n]+\n)?((?:[A-Za-z0-9+/]+\n)*[A-Za-z0-9+/]+=*)(\n(?:-----END .+)?)$/;

function openWrapped(bytes: Uint8Array): Opened | undefined {
  const [, head = "", body = "", tail = ""] = wrappedText.exec(latin1(bytes)) ?? [];
  const opened = openBase64(utf8(body.replaceAll("\n", "")), "base64");
  const lines = new RegExp(`.{1,${`${body}\n`.indexOf("\n") || 1}}`, "g");
  const wrap = (packed: Uint8Array): string => latin1(packed).replace(lines, "\n$&").slice(1);
  return opened && { ...opened, close: (inner) => utf8(head + wrap(opened.close(inner)) + tail) };
}

function openHex(bytes: Uint8Array): Opened | undefined {
  const chars = latin1(bytes);
  if (chars.length < shortestEncodedText || !hexText.test(chars)) return undefined;
  const upper = chars === chars.toUpperCase() && chars !== chars.toLowerCase();
  return {
    inner: new Uint8Array(Buffer.from(chars, "hex")),
    close: (inner) => {
      const out = Buffer.from(inner).toString("hex");
      return utf8(upper ? out.toUpperCase() : out);
    },
  };
}

function openDecimal(bytes: Uint8Array): Opened | undefined {
  const chars = latin1(bytes);
  if (!decimalText.test(chars)) return undefined;
  return {
    inner: bigintBytes(BigInt(chars)),
    close: (inner) => utf8(bytesBigint(inner).toString()),
  };
}

function openPem(bytes: Uint8Array): Opened | undefined {
  const inner = decodeText("pem", bytes);
  return inner && { inner, close: (changed) => encodeText("pem", changed) };
}

const percentText = /^(?:[\x20-\x24\x26-\x7e]|%[0-9a-f]{2})*%[0-9a-f]{2}/i;

/** Written again, what stood escaped is escaped, and what stood as it is stays so. */
function openPercent(bytes: Uint8Array): Opened | undefined {
  const chars = latin1(bytes);
  if (!percentText.test(chars)) return undefined;
  const plain = new Set(chars.replace(/%[0-9a-f]{2}/gi, ""));
  const inner = chars.replace(/%([0-9a-f]{2})/gi, (_, digits) => latin1(fromHexByte(digits)));
  const write = (value: Latin1): Latin1 =>
    value.replace(/[^A-Za-z0-9._~-]/g, (c) =>
      plain.has(c) && c !== "%" ? c : latin1(encodeText("percent", fromLatin1(c))),
    );
  if (write(inner) !== chars) return undefined;
  return { inner: fromLatin1(inner), close: (changed) => fromLatin1(write(latin1(changed))) };
}

const fromHexByte = (digits: string): Uint8Array => Uint8Array.of(Number.parseInt(digits, 16));

/** Beyond this, what can be read could not be written again. */
const deepestJson = 200;

/** @returns a list or an object; `undefined` for all else. */
function parseJson(source: string | undefined): object | undefined {
  if (source === undefined || !/^\s*[[{]/.test(source)) return undefined;
  let depth = 0;
  for (const c of source) {
    if (c === "[" || c === "{") depth++;
    else if (c === "]" || c === "}") depth--;
    if (depth > deepestJson) return undefined;
  }
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

/** Own members only, and not the length of a list. */
const isMember = (value: object, name: string): boolean =>
  Object.prototype.propertyIsEnumerable.call(value, name);

/** Text that may be a JSON document. Most packets are ruled out by their first byte. */
function jsonText(bytes: Uint8Array): string | undefined {
  const first = bytes.find(
    (byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d,
  );
  return first === 0x5b || first === 0x7b ? text(bytes) : undefined;
}

function openJson(bytes: Uint8Array, pointer: string): Opened | undefined {
  const source = jsonText(bytes);
  const document = parseJson(source);
  if (source === undefined || document === undefined) return undefined;
  const steps = pointer.split("/").slice(1).map(unescapePointer);
  let holder: unknown;
  let value: unknown = document;
  for (const step of steps) {
    if (typeof value !== "object" || value === null || !isMember(value, step)) return undefined;
    holder = value;
    value = (value as Record<string, unknown>)[step];
  }
  const last = steps.at(-1);
  if (holder === undefined || last === undefined) return undefined;
  const isText = typeof value === "string";
  if (!isText && typeof value !== "number" && typeof value !== "boolean") return undefined;
  return {
    inner: utf8(String(value)),
    close: (inner) => {
      const changed = text(inner) ?? latin1(inner);
      const asNumber = isText ? Number.NaN : Number(changed);
      const keepsType = Number.isFinite(asNumber) && changed === String(asNumber);
      const next = keepsType ? asNumber : changed;
      (holder as Record<string, unknown>)[last] = changed === String(value) ? value : next;
      const out = utf8(JSON.stringify(document));
      (holder as Record<string, unknown>)[last] = value;
      // A terminator after the document (a blank line, say) belongs to the framing: keep it.
      const tail = /\s*$/.exec(source)?.[0] ?? "";
      return new Uint8Array([...out, ...utf8(tail)]);
    },
  };
}

const unescapePointer = (step: string): string => step.replaceAll("~1", "/").replaceAll("~0", "~");
const escapePointer = (step: string): string => step.replaceAll("~", "~0").replaceAll("/", "~1");

function openSplit(bytes: Uint8Array, separator: string, index: number): Opened | undefined {
  const parts = latin1(bytes).split(separator);
  const part = parts[index];
  if (part === undefined || parts.length < 2) return undefined;
  return {
    inner: fromLatin1(part),
    close: (inner) => {
      const changed = [...parts];
      changed[index] = latin1(inner);
      return fromLatin1(changed.join(separator));
    },
  };
}

function openSlice(bytes: Uint8Array, start: number, end: number): Opened | undefined {
  if (start < 0 || end <= start || end > bytes.length) return undefined;
  return {
    inner: bytes.slice(start, end),
    close: (inner) => new Uint8Array([...bytes.slice(0, start), ...inner, ...bytes.slice(end)]),
  };
}

function openStep(bytes: Uint8Array, step: string): Opened | undefined {
  if (step === "base64" || step === "base64url") return openBase64(bytes, step);
  if (step === "base64-lines") return openWrapped(bytes);
  if (step === "hex") return openHex(bytes);
  if (step === "decimal") return openDecimal(bytes);
  if (step === "pem") return openPem(bytes);
  if (step === "percent") return openPercent(bytes);
  if (step.startsWith("json:")) return openJson(bytes, step.slice(5));
  const split = /^split:(.):(\d+)$/s.exec(step);
  if (split !== null) return openSplit(bytes, split[1] as string, Number(split[2]));
  const slice = /^bytes:(\d+)-(\d+)$/.exec(step);
  if (slice !== null) return openSlice(bytes, Number(slice[1]), Number(slice[2]));
  return undefined;
}

/** @returns the field at `path`, or `undefined` if the bytes have no such field. */
export function openField(bytes: Uint8Array, path: FieldPath): Opened | undefined {
  let inner = bytes;
  const closers: Opened["close"][] = [];
  for (const step of path) {
    const opened = openStep(inner, step);
    if (opened === undefined) return undefined;
    closers.push(opened.close);
    inner = opened.inner;
  }
  return {
    inner,
    close: (changed) => closers.reduceRight((value, close) => close(value), changed),
  };
}

/** @returns what is in the field at `path`: nothing if the bytes have no such field. */
export const innerOf = (bytes: Uint8Array, path: FieldPath): Uint8Array =>
  openField(bytes, path)?.inner ?? new Uint8Array(0);

/** Is it the outer field itself, or in it? */
export const isWithin = (path: FieldPath, outer: FieldPath): boolean =>
  outer.every((step, i) => path[i] === step);

/** Says of an edit that it is made there; the whole packet needs no word. */
export const inField = (path: FieldPath): { inside?: string[] } =>
  path.length === 0 ? {} : { inside: [...path] };

/** Nothing real is packed deeper, and hostile input must not be. */
const deepest = 5;
const mostFields = 64;

/**
 * Every field that can be read off the bytes, the whole packet (an empty path) first.
 */
export function fieldsOf(bytes: Uint8Array): readonly FieldPath[] {
  const found: FieldPath[] = [];
  const visit = (value: Uint8Array, path: FieldPath): void => {
    if (found.length >= mostFields) return;
    found.push(path);
    if (path.length >= deepest) return;
    for (const step of stepsInto(value, path.at(-1))) {
      const opened = openStep(value, step);
      if (opened !== undefined) visit(opened.inner, [...path, step]);
    }
  };
  visit(bytes, []);
  return found;
}

function stepsInto(bytes: Uint8Array, last: string | undefined): readonly string[] {
  const chars = latin1(bytes);
  if (chars.length === 0) return [];
  const json = jsonPointers(bytes);
  if (json.length > 0) return json.map((pointer) => `json:${pointer}`);
  if (decimalText.test(chars) && chars.length > 1) return ["decimal"];
  if (chars.length >= shortestEncodedText && hexText.test(chars)) return ["hex"];
  const encoded = chars.length >= 2 * shortestEncodedText;
  if (encoded && base64Text.test(chars)) return ["base64"];
  if (openPem(bytes) !== undefined) return ["pem"];
  if (encoded && base64urlText.test(chars)) return ["base64url"];
  if (openWrapped(bytes) !== undefined) return ["base64-lines"];
  if (last?.startsWith("split:&:") && /^[^=]+=[^=]/.test(chars)) return ["split:=:1"];
  if (!/[&\n]/.test(chars) && openPercent(bytes) !== undefined) return ["percent"];
  const isPart = last?.startsWith("split:") === true && !last.startsWith("split:\n:");
  if (isPart || !/^[\x00\x09\x0a\x0d\x20-\x7e]*$/.test(chars)) return [];
  const separator = separatorOf(chars);
  if (separator === undefined) return [];
  const count = chars.split(separator).length;
  return Array.from({ length: Math.min(count, 16) }, (_, i) => `split:${separator}:${i}`);
}

/** Lines come first, and what separates within them after; those of PEM are no lines of a text. */
function separatorOf(chars: string): string | undefined {
  if (chars.includes("\n") && !chars.includes("-----BEGIN ")) return "\n";
  return separators.find((s) => chars.includes(s) && !isPunctuation(chars, s));
}

/** In “200: 77” it is the space that separates. */
const isPunctuation = (chars: string, separator: string): boolean =>
  separator === ":" && chars.split(":").every((part, i) => i === 0 || part.startsWith(" "));

function jsonPointers(bytes: Uint8Array): readonly string[] {
  const source = jsonText(bytes);
  const document = parseJson(source);
  if (document === undefined) return [];
  const found: string[] = [];
  const visit = (value: unknown, pointer: string, depth: number): void => {
    if (found.length >= mostFields) return;
    if (typeof value === "object" && value !== null) {
      if (depth >= deepest) return;
      for (const [key, member] of Object.entries(value)) {
        visit(member, `${pointer}/${escapePointer(key)}`, depth + 1);
      }
    } else if (value !== null) found.push(pointer);
  };
  visit(document, "", 0);
  return found;
}

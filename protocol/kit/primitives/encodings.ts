/**
 * Bytes as ASCII text. Each encoding has one canonical form, and the decoders take nothing else:
 * two texts for the same bytes would let an attacker slip a replay past a comparison of texts.
 */
import { bigintBytes, bytesBigint, equalBytes, fromLatin1, latin1, text, utf8 } from "../bytes.ts";
import { MisuseError } from "../errors.ts";

/**
 * `base64` and `base64url` are padded (RFC 4648 §4, §5), `base64url-unpadded` is not (RFC 7515 §2),
 * `hex` is lower case (§8), and `decimal` is the data read as one big-endian number, so that it
 * forgets leading zero bytes. `pem` is a public key: base64 in lines of 64 between two labels
 * (RFC 7468 §13). `json` is what stands between the quotation marks of a JSON string (RFC 8259 §7),
 * with no more escapes than it needs. `percent` leaves unreserved characters as they are
 * (RFC 3986 §2), and `form` is what a form's values become: a space is `+` (URL Standard §5.2).
 */
export type Encoding =
  | "base64"
  | "base64url"
  | "base64url-unpadded"
  | "hex"
  | "decimal"
  | "pem"
  | "json"
  | "percent"
  | "form";

/**
 * @returns ASCII text, one byte per character; the empty string as `decimal` is `0`. In `json`
 *   other characters than those of ASCII stand as they are.
 * @throws MisuseError for `json` of what is no UTF-8.
 */
export function encodeText(encoding: Encoding, data: Uint8Array): Uint8Array {
  switch (encoding) {
    case "base64":
      return fromLatin1(base64(data));
    case "base64url":
      return fromLatin1(base64(data).replaceAll("+", "-").replaceAll("/", "_"));
    case "base64url-unpadded":
      return fromLatin1(viewOf(data).toString("base64url"));
    case "percent":
      return fromLatin1(escaped(data, unreserved));
    case "form":
      return fromLatin1(escaped(data, plainInForms).replaceAll("%20", "+"));
    case "hex":
      return fromLatin1(viewOf(data).toString("hex"));
    case "decimal":
      return fromLatin1(bytesBigint(data).toString());
    case "json":
      return jsonText(data);
    case "pem":
      return fromLatin1(`${pemHead}${base64(data).replace(/.{1,64}/g, "$&\n")}${pemTail}`);
  }
}

/**
 * @param ascii untrusted.
 * @returns the bytes, or `undefined` if {@link encodeText} would never give this text. A `decimal`
 *   gives the fewest bytes that hold the number; `0` gives one zero byte.
 */
export function decodeText(encoding: Encoding, ascii: Uint8Array): Uint8Array | undefined {
  const bytes = encoding === "json" ? jsonBytes(ascii) : decodeLoosely(encoding, latin1(ascii));
  // Whatever a lenient decoder lets through by mistake does not survive being encoded again.
  return bytes && equalBytes(encodeText(encoding, bytes), ascii) ? bytes : undefined;
}

const pemHead = "-----BEGIN PUBLIC KEY-----\n";
const pemTail = "-----END PUBLIC KEY-----\n";

function jsonText(data: Uint8Array): Uint8Array {
  const words = text(data);
  if (words === undefined) throw new MisuseError("only UTF-8 can stand in a JSON string");
  return utf8(JSON.stringify(words).slice(1, -1));
}

function jsonBytes(escaped: Uint8Array): Uint8Array | undefined {
  try {
    const words: unknown = JSON.parse(`"${text(escaped) ?? '"'}"`);
    return typeof words === "string" ? utf8(words) : undefined;
  } catch {
    return undefined;
  }
}

function decodeLoosely(encoding: Exclude<Encoding, "json">, text: string): Uint8Array | undefined {
  if (encoding === "pem") {
    if (!(text.startsWith(pemHead) && text.endsWith(pemTail))) return undefined;
    const body = text.slice(pemHead.length, -pemTail.length);
    return new Uint8Array(Buffer.from(body.replaceAll("\n", ""), "base64"));
  }
  if (encoding === "percent") return fromLatin1(unescaped(text));
  if (encoding === "form") return fromLatin1(unescaped(text.replaceAll("+", " ")));
  if (encoding === "base64url-unpadded") return new Uint8Array(Buffer.from(text, "base64url"));
  if (encoding !== "decimal") return new Uint8Array(Buffer.from(text, encoding));
  return /^[0-9]+$/.test(text) ? bigintBytes(BigInt(text)) : undefined;
}

const unreserved = /[A-Za-z0-9._~-]/;
const plainInForms = /[A-Za-z0-9*._-]/;

const escaped = (data: Uint8Array, plain: RegExp): string =>
  latin1(data).replace(/[\s\S]/g, (c) => (plain.test(c) ? c : `%${hexOf(c)}`));
const hexOf = (c: string): string => c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
const unescaped = (text: string): string =>
  text.replace(/%([0-9A-F]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );

const viewOf = (data: Uint8Array): Buffer =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength);

const base64 = (data: Uint8Array): string => viewOf(data).toString("base64");

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const base64Digits = new Map([...base64Alphabet].map((c, value) => [c.charCodeAt(0), value]));
const equalsSign = 0x3d;

/**
 * What Python's `base64.b64decode(ascii)` does, whose `validate` is `False` unless told otherwise:
 * characters outside the alphabet are skipped, and all that follows complete padding is ignored.
 * Programs that rely on it take many texts for the same bytes.
 * @returns the bytes, or `undefined` where Python raises `binascii.Error`.
 * @see CPython 3.11, function `binascii.a2b_base64`
 */
export function pythonB64decode(ascii: Uint8Array): Uint8Array | undefined {
  const digits: number[] = [];
  let equalsSigns = 0;
  for (const byte of ascii) {
    const inGroup = digits.length % 4;
    if (byte === equalsSign) {
      // Padding counts once two digits of a group are there; before that it is skipped.
      if (inGroup >= 2 && inGroup + ++equalsSigns >= 4) return joinDigits(digits);
      continue;
    }
    const digit = base64Digits.get(byte);
    if (digit === undefined) continue;
    digits.push(digit);
    // A digit behind padding makes the padding void.
    equalsSigns = 0;
  }
  return digits.length % 4 === 0 ? joinDigits(digits) : undefined;
}

/** Packs digits of six bits; bits short of a byte are dropped. */
function joinDigits(digits: readonly number[]): Uint8Array {
  const out = new Uint8Array(Math.floor((digits.length * 6) / 8));
  for (let i = 0; i < out.length; i++) {
    const first = Math.floor((i * 8) / 6);
    const pair = ((digits[first] ?? 0) << 6) | (digits[first + 1] ?? 0);
    out[i] = pair >> (4 - ((i * 8) % 6));
  }
  return out;
}

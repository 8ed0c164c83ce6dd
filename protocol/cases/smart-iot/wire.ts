/** How both programs write and read: Python 2 byte strings, PEM files, base64 in lines. */
import type { Output, OutputBody } from "../../endpoint.ts";
import { fromLatin1, type Latin1, latin1 } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { pythonB64decode } from "../../kit/primitives/encodings.ts";
import type { KeyFiles } from "./settings.ts";

const pemWidth = 64;
const mimeWidth = 76;
const empty = new Uint8Array(0);

/** What ends the program: a Python exception that nothing catches. */
export class Uncaught extends Error {}

const linesOf = (text: Latin1, width: number): readonly Latin1[] => {
  const lines: Latin1[] = [];
  for (let at = 0; at < text.length; at += width) lines.push(text.slice(at, at + width));
  return lines;
};

/** PEM without a newline at its end: 799 bytes for an RSA-4096 public key (550 of DER). */
export function pemOf(crypto: CryptoKit, kind: "PUBLIC" | "PRIVATE", der: Uint8Array): Latin1 {
  const body = linesOf(latin1(crypto.encode("base64", der)), pemWidth).join("\n");
  return `-----BEGIN ${kind} KEY-----\n${body}\n-----END ${kind} KEY-----`;
}

/**
 * Reads a public key out of PEM.
 * @param known PEM texts that hold private keys, with their public halves.
 * @returns SPKI DER. @throws Uncaught if it is no RSA key.
 */
export function importKey(
  crypto: CryptoKit,
  pem: Latin1,
  known: ReadonlyMap<Latin1, Uint8Array>,
): Uint8Array {
  const published = known.get(pem);
  if (published !== undefined) return published;
  const lines = pem.startsWith("-----") ? pem.replaceAll(" ", "").split(/\s+/) : [];
  const der = unbase64(crypto, lines.slice(1, -1).join(""));
  // Whether it is a key shows when something is encrypted under it; nothing of that is sent.
  if (der === undefined || crypto.rsaEncrypt("sha1", der, empty) === undefined) {
    throw new Uncaught("ValueError: RSA key format is not supported");
  }
  return der;
}

/** The first decoder is the recorded one; the second takes what only Python takes. */
function unbase64(crypto: CryptoKit, text: Latin1): Uint8Array | undefined {
  const ascii = fromLatin1(text.replaceAll("\n", ""));
  return crypto.decode("base64", ascii) ?? pythonB64decode(ascii);
}

/**
 * Encrypts one text: RSA-OAEP with SHA-1, then base64 in lines of 76 with a newline after each.
 *
 * @param key SPKI DER. @param text at most 470 bytes for 4096 bits.
 * @returns 693 bytes for 4096 bits, whatever the text. @throws Uncaught if the text is too long.
 */
export function encryptRsa(crypto: CryptoKit, key: Uint8Array, text: Latin1): Uint8Array {
  const block = crypto.rsaEncrypt("sha1", key, fromLatin1(text));
  if (block === undefined) throw new Uncaught("ValueError: Plaintext is too long.");
  const lines = linesOf(latin1(crypto.encode("base64", block)), mimeWidth);
  return fromLatin1(lines.map((line) => `${line}\n`).join(""));
}

/** What one datagram held. */
export interface Opened {
  readonly text: Latin1;
  /** 512 bytes. */
  readonly block: Uint8Array;
}

/** @throws Uncaught for whatever is not base64 of a block for this key. */
export function decryptRsa(crypto: CryptoKit, files: KeyFiles, datagram: Uint8Array): Opened {
  const block = unbase64(crypto, latin1(datagram));
  if (block === undefined) throw new Uncaught("TypeError: Incorrect padding");
  if (files.privateKey === undefined) throw new Uncaught("TypeError: No private key");
  const text = crypto.rsaDecrypt("sha1", files.privateKey, block);
  if (text === undefined) throw new Uncaught("ValueError: Incorrect decryption.");
  return { text: latin1(text), block };
}

/** `COMMAND:a,b,c` as its parts; `undefined` without a colon. */
export function parseMessage(text: Latin1): readonly Latin1[] | undefined {
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  return [text.slice(0, colon), ...text.slice(colon + 1).split(",")];
}

/** The parts before and behind the last comma; `undefined` without one. */
export function splitLast(text: Latin1): readonly [Latin1, Latin1] | undefined {
  const comma = text.lastIndexOf(",");
  return comma < 0 ? undefined : [text.slice(0, comma), text.slice(comma + 1)];
}

/** What Python's `int` makes of a text; `undefined` where it raises ValueError. */
export const pythonInt = (text: Latin1): bigint | undefined =>
  /^\s*[+-]?\d+\s*$/.test(text) ? BigInt(text.trim().replace(/^\+/, "")) : undefined;

/** @throws Uncaught like {@link pythonInt} does not. */
export function intOrCrash(text: Latin1): bigint {
  const value = pythonInt(text);
  if (value === undefined) throw new Uncaught("ValueError: invalid literal for int()");
  return value;
}

/** With `fields=checked`: nothing that is printed may start a line or steer the terminal. */
export const printable = (text: Latin1): Latin1 =>
  text.replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);

export const log = (line: string): OutputBody & Output => ({ kind: "log", line });
export const rejected = (
  reason: Extract<Output, { kind: "reject" }>["reason"],
): OutputBody & Output => ({ kind: "reject", reason });

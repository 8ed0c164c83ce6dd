/**
 * How a text and its confirmation travel.
 *
 *     layout=in       Fernet(hash ‖ date ‖ text)      hash over date ‖ text
 *     layout=inText   Fernet(date ‖ hash ‖ text)      hash over the text
 *     layout=out      date ‖ hash ‖ Fernet(text)      hash over the text
 *     confirmation    Fernet(hash)
 *
 * `hash` is SHA-512 without a key, 64 bytes; `date` 26 characters, on a whole second 19. A token
 * around an empty text has 204 characters, a confirmation 184.
 *
 * What the fixes add stands at the front of what is encrypted: with `fresh=sequence` a letter for
 * the direction and a number of 4 bytes, with `sign=bob` a signature of 64 bytes over those and
 * the hash. A padded text begins with its length, 2 bytes.
 */
import type { Millis } from "../../endpoint.ts";
import { concat, equalBytes, readUint, uintBytes, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { fernetDecrypt, fernetEncrypt } from "../../kit/fernet.ts";
import { dateBytes, dateText, unixSeconds } from "./clock.ts";
import type { Settings } from "./settings.ts";

const hashBytes = 64;
const signatureBytes = 64;
const paddingBytes = 256;
const lengthBytes = 2;
const fromBob = utf8("B");
const fromAlice = utf8("A");
const labelBytes = 5;

export interface Sending {
  /** 44 characters of base64url. */
  readonly key: Uint8Array;
  readonly now: Millis;
  readonly text: Uint8Array;
  /** Counts messages from 1; sent only with `fresh=sequence`. */
  readonly number: number;
  /** Bob's, with `sign=bob`. */
  readonly signingKey: Uint8Array | undefined;
}

export interface Sealed {
  readonly wire: Uint8Array;
  /** The bytes that a right confirmation consists of. */
  readonly expects: Uint8Array;
}

/** A message taken apart. Every part may be too short: nothing has been checked but the token. */
export interface Opened {
  readonly date: Uint8Array;
  readonly hash: Uint8Array;
  readonly text: Uint8Array;
  /** What the hash should be. */
  readonly expectedHash: Uint8Array;
  /** `undefined` without `fresh=sequence`, and if the direction is wrong. */
  readonly number: number | undefined;
  readonly signature: Uint8Array;
  /** What a signature has to cover. */
  readonly signed: Uint8Array;
}

const label = (settings: Settings, direction: Uint8Array, number: number): Uint8Array =>
  settings.fresh === "sequence" ? concat(direction, uintBytes(number, 4)) : new Uint8Array(0);

const hashOf = (kit: CryptoKit, settings: Settings, date: Uint8Array, content: Uint8Array) =>
  kit.hash("sha512", settings.layout === "in" ? concat(date, content) : content);

export function sealMessage(kit: CryptoKit, settings: Settings, sending: Sending): Sealed {
  const { key, now, number, signingKey } = sending;
  const date = utf8(dateText(now));
  const content = settings.padded ? padded(sending.text) : sending.text;
  const hash = hashOf(kit, settings, date, content);
  const numbered = label(settings, fromBob, number);
  const signature =
    signingKey === undefined ? new Uint8Array(0) : kit.sign(signingKey, concat(numbered, hash));
  const token = (...parts: readonly Uint8Array[]): Uint8Array =>
    fernetEncrypt(kit, key, unixSeconds(now), concat(numbered, signature, ...parts));
  const expects = concat(label(settings, fromAlice, number), hash);
  switch (settings.layout) {
    case "in":
      return { wire: token(hash, date, content), expects };
    case "inText":
      return { wire: token(date, hash, content), expects };
    case "out":
      return { wire: concat(date, hash, token(content)), expects };
  }
}

/** @returns `undefined` if the token does not open: forged, spoilt, or none at all. */
export function openMessage(
  kit: CryptoKit,
  settings: Settings,
  key: Uint8Array,
  wire: Uint8Array,
): Opened | undefined {
  const outside = settings.layout === "out" ? dateBytes + hashBytes : 0;
  const plaintext = openToken(kit, key, wire.slice(outside));
  if (plaintext === undefined) return undefined;
  const numberAt = settings.fresh === "sequence" ? labelBytes : 0;
  const frontAt = numberAt + (settings.signed ? signatureBytes : 0);
  const numbered = plaintext.slice(0, numberAt);
  const body = concat(wire.slice(0, outside), plaintext.slice(frontAt));
  const hashFirst = settings.layout === "in";
  const [hashAt, dateAt] = hashFirst ? [0, hashBytes] : [dateBytes, 0];
  const hash = body.slice(hashAt, hashAt + hashBytes);
  const date = body.slice(dateAt, dateAt + dateBytes);
  const content = body.slice(hashBytes + dateBytes);
  return {
    date,
    hash,
    text: settings.padded ? unpadded(content) : content,
    expectedHash: hashOf(kit, settings, date, content),
    number: numberIn(numbered),
    signature: plaintext.slice(numberAt, frontAt),
    signed: concat(numbered, hash),
  };
}

const numberIn = (numbered: Uint8Array): number | undefined =>
  numbered.length === labelBytes && equalBytes(numbered.slice(0, 1), fromBob)
    ? readUint(numbered, 1)
    : undefined;

/** Confirms a message by the hash that came with it, right or wrong. */
export function sealAck(
  kit: CryptoKit,
  settings: Settings,
  ack: Pick<Sending, "key" | "now" | "number"> & { readonly hash: Uint8Array },
): Uint8Array {
  const { key, now, number, hash } = ack;
  const content = concat(label(settings, fromAlice, number), hash);
  return fernetEncrypt(kit, key, unixSeconds(now), content);
}

/** @returns what a token holds; its age is never looked at. Reads base64 as Python does. */
export const openToken = (
  kit: CryptoKit,
  key: Uint8Array,
  token: Uint8Array,
): Uint8Array | undefined => fernetDecrypt(kit, key, token, { pythonBase64: true })?.plaintext;

function padded(text: Uint8Array): Uint8Array {
  const size = Math.ceil((lengthBytes + text.length) / paddingBytes) * paddingBytes;
  const out = new Uint8Array(size);
  out.set(uintBytes(text.length, lengthBytes));
  out.set(text, lengthBytes);
  return out;
}

const unpadded = (content: Uint8Array): Uint8Array =>
  content.slice(lengthBytes, lengthBytes + readUint(content, 0, lengthBytes));

/**
 * What the four messages of EDHOC and its error message look like.
 *
 *     message_1   = METHOD, SUITES_I, G_X, C_I, ? EAD_1
 *     message_2   = bytes(G_Y ‖ CIPHERTEXT_2)
 *     message_3   = bytes(CIPHERTEXT_3)
 *     message_4   = bytes(CIPHERTEXT_4)
 *     error       = ERR_CODE, ERR_INFO
 *
 *     PLAINTEXT_2 = C_R, ID_CRED_R, Signature_or_MAC_2, ? EAD_2
 *     PLAINTEXT_3 = ID_CRED_I, Signature_or_MAC_3, ? EAD_3
 *     PLAINTEXT_4 = ? EAD_4
 *
 * @see RFC 9528 §3.8 and §5
 */
import { concat } from "../../kit/bytes.ts";
import { publicKeyBytes } from "../suites.ts";
import {
  type CborItem,
  decodeSequence,
  encodeId,
  encodeItem,
  idOf,
  type ReadItem,
} from "./cbor.ts";
import { credentialIdOf, encodeCredentialId } from "./credential.ts";

/** How initiator and responder authenticate: 0 is signatures, 3 static Diffie–Hellman. §3.2. */
export type Method = 0 | 1 | 2 | 3;
const isMethod = (value: CborItem | undefined): value is Method =>
  value === 0 || value === 1 || value === 2 || value === 3;
export const initiatorSigns = (method: Method): boolean => method === 0 || method === 1;
export const responderSigns = (method: Method): boolean => method === 0 || method === 2;

export interface Message1 {
  readonly method: Method;
  /** What the initiator has, in order of preference, up to the one it selected: the last. */
  readonly suites: readonly number[];
  /** 32 bytes in the suites that we have; other suites have other lengths. */
  readonly gX: Uint8Array;
  readonly cI: Uint8Array;
  /** External authorization data, encoded: {@link padding}, or nothing. */
  readonly ead: Uint8Array;
}

const empty = new Uint8Array(0);
const longestList = 16;

export function encodeMessage1({ method, suites, gX, cI, ead }: Message1): Uint8Array {
  const [only] = suites;
  const list = suites.length === 1 && only !== undefined ? only : suites;
  const [head, key] = [concat(encodeItem(method), encodeItem(list)), encodeItem(gX)];
  return concat(head, key, encodeId(cI), ead);
}

/** @returns `undefined` for anything that {@link encodeMessage1} would not have written. */
export function decodeMessage1(bytes: Uint8Array): Message1 | undefined {
  const items = decodeSequence(bytes);
  if (items === undefined) return undefined;
  const [method, list, gX, cI, ...rest] = items;
  const suites = suitesOf(list?.item);
  const id = cI && idOf(cI);
  const ead = readEad(rest);
  if (!isMethod(method?.item) || suites === undefined || id === undefined) return undefined;
  if (!(gX?.item instanceof Uint8Array) || ead === undefined) return undefined;
  return { method: method.item, suites, gX: gX.item.slice(), cI: id, ead };
}

/** A list of one is no list: there is one encoding for each. */
function suitesOf(item: CborItem | undefined): readonly number[] | undefined {
  if (typeof item === "number") return [item];
  if (!Array.isArray(item) || item.length < 2 || item.length > longestList) return undefined;
  const suites = (item as readonly CborItem[]).filter((s): s is number => typeof s === "number");
  return suites.length === item.length ? suites : undefined;
}

export const encodeMessage2 = (gY: Uint8Array, ciphertext: Uint8Array): Uint8Array =>
  encodeItem(concat(gY, ciphertext));

export function decodeMessage2(
  bytes: Uint8Array,
): { readonly gY: Uint8Array; readonly ciphertext: Uint8Array } | undefined {
  const body = decodeCiphertext(bytes);
  if (body === undefined || body.length <= publicKeyBytes) return undefined;
  return { gY: body.slice(0, publicKeyBytes), ciphertext: body.slice(publicKeyBytes) };
}

/** message_3 and message_4. */
export const encodeCiphertext = (ciphertext: Uint8Array): Uint8Array => encodeItem(ciphertext);
export function decodeCiphertext(bytes: Uint8Array): Uint8Array | undefined {
  const [item, ...more] = decodeSequence(bytes) ?? [];
  return item?.item instanceof Uint8Array && more.length === 0 ? item.item.slice() : undefined;
}

/** PLAINTEXT_2 and PLAINTEXT_3, which has no C_R. */
export interface AuthenticationPlaintext {
  readonly cR?: Uint8Array;
  /** ID_CRED_x: a CBOR map. */
  readonly id: Uint8Array;
  readonly signatureOrMac: Uint8Array;
  readonly ead: Uint8Array;
}

export const encodePlaintext = (p: AuthenticationPlaintext): Uint8Array =>
  concat(
    p.cR === undefined ? empty : encodeId(p.cR),
    encodeCredentialId(p.id),
    encodeItem(p.signatureOrMac),
    p.ead,
  );

export function decodePlaintext(
  bytes: Uint8Array,
  withConnection: boolean,
): AuthenticationPlaintext | undefined {
  const items = decodeSequence(bytes);
  if (items === undefined) return undefined;
  const [first, ...others] = items;
  const [credential, proof, ...rest] = withConnection ? others : items;
  const cR = withConnection && first !== undefined ? idOf(first) : empty;
  const id = credential && credentialIdOf(credential);
  const ead = readEad(rest);
  if (cR === undefined || id === undefined || ead === undefined) return undefined;
  if (!(proof?.item instanceof Uint8Array)) return undefined;
  const signatureOrMac = proof.item.slice();
  return { ...(withConnection ? { cR } : {}), id, signatureOrMac, ead };
}

/**
 * External authorization data: labels, each perhaps with bytes. A negative label is critical, and
 * we know of none; what is not critical is passed over. RFC 9528 §3.8.
 * @returns it as it was encoded, or `undefined`.
 */
function readEad(items: readonly ReadItem[]): Uint8Array | undefined {
  let mayHaveValue = false;
  for (const { item } of items) {
    if (typeof item === "number" && item >= 0) mayHaveValue = true;
    else if (item instanceof Uint8Array && mayHaveValue) mayHaveValue = false;
    else return undefined;
  }
  return concat(...items.map(({ raw }) => raw));
}

/** @returns EAD_4, or `undefined` if it is none. */
export function decodeEad(bytes: Uint8Array): Uint8Array | undefined {
  const items = decodeSequence(bytes);
  return items && readEad(items);
}

const longestShortValue = 23;
/** Padding is EAD with the label 0. @returns exactly `length` bytes. RFC 9528 §3.8.1. */
export function padding(length: number): Uint8Array {
  if (length <= 0) return empty;
  const value = Math.min(length - 2, longestShortValue);
  if (value < 0) return encodeItem(0);
  const item = concat(encodeItem(0), encodeItem(new Uint8Array(value)));
  return concat(item, padding(length - item.length));
}

/** ERR_CODE 2: none of the suites selected would do; these would. RFC 9528 §6.3. */
const wrongSuite = 2;

export const encodeSuitesError = (suites: readonly number[]): Uint8Array => {
  const [only] = suites;
  const list = suites.length === 1 && only !== undefined ? only : suites;
  return concat(encodeItem(wrongSuite), encodeItem(list));
};

/** @returns SUITES_R of an error of that kind. It is not authenticated: a mere hint. */
export function decodeSuitesError(bytes: Uint8Array): readonly number[] | undefined {
  const [code, list, ...more] = decodeSequence(bytes) ?? [];
  return code?.item === wrongSuite && more.length === 0 ? suitesOf(list?.item) : undefined;
}

/**
 * The datagrams of the handshake. Their first byte is 0x80 or above, which no record's is.
 *
 *     80 M1     mac1 8 ‖ cookie 12 ‖ message_1 43     client to server, 64 bytes
 *     81 RETRY  mac1 8 ‖ cookie 12                    server to client, 21
 *     82 M2     C_I 1 ‖ message_2 62                  server to client, 64
 *     83 M3     C_R 1 ‖ message_3 62                  client to server, 64
 *     84 M4     C_I 1 ‖ message_4 62                  server to client, 64
 *     85 ERROR  mac1 8 ‖ EDHOC error                  server to client, 11 to 27
 *
 * The messages of EDHOC fill their datagrams: padding in their external authorization data makes
 * up for what differs by suite and identifier. So no answer is longer than its question, and
 * lengths say nothing. `mac1` in an answer is that of the M1 that it answers.
 */
import { concat } from "../kit/bytes.ts";
import { cookieBytes, mac1Bytes } from "./cookie.ts";
import { encodeId, encodeItem } from "./edhoc/cbor.ts";
import { encodeCredentialId } from "./edhoc/credential.ts";
import { padding } from "./edhoc/messages.ts";
import { datagramBytes } from "./records.ts";
import { publicKeyBytes, type Suite } from "./suites.ts";

const firstType = 0x80;
const kinds = ["m1", "retry", "m2", "m3", "m4", "error"] as const;
const message1Bytes = datagramBytes - 1 - mac1Bytes - cookieBytes;
/** Of a byte string between 24 and 255 bytes, before its content. */
const bytesHeader = 2;
/** What is in the byte string that message_2, message_3 or message_4 is. */
const contentBytes = datagramBytes - 2 - bytesHeader;
const longestErrorBytes = 18;

/** `id` is the receiver's connection identifier: one byte. */
export interface MessageDatagram {
  readonly kind: "m2" | "m3" | "m4";
  readonly id: number;
  readonly message: Uint8Array;
}
export type HandshakeDatagram =
  | {
      readonly kind: "m1";
      readonly mac1: Uint8Array;
      readonly cookie: Uint8Array;
      readonly message: Uint8Array;
    }
  | { readonly kind: "retry"; readonly mac1: Uint8Array; readonly cookie: Uint8Array }
  | MessageDatagram
  | { readonly kind: "error"; readonly mac1: Uint8Array; readonly message: Uint8Array };

export const isHandshake = (bytes: Uint8Array): boolean => (bytes[0] ?? 0) >= firstType;

export function encodeDatagram(d: HandshakeDatagram): Uint8Array {
  const type = Uint8Array.of(firstType + kinds.indexOf(d.kind));
  switch (d.kind) {
    case "m1":
      return concat(type, d.mac1, d.cookie, d.message);
    case "retry":
      return concat(type, d.mac1, d.cookie);
    case "error":
      return concat(type, d.mac1, d.message);
    default:
      return concat(type, Uint8Array.of(d.id), d.message);
  }
}

/** @returns `undefined` for what has the wrong length or an unknown type. */
export function decodeDatagram(bytes: Uint8Array): HandshakeDatagram | undefined {
  const kind = kinds[(bytes[0] ?? 0) - firstType];
  const mac1 = bytes.slice(1, 1 + mac1Bytes);
  const afterMac1 = 1 + mac1Bytes;
  const cookie = bytes.slice(afterMac1, afterMac1 + cookieBytes);
  switch (kind) {
    case undefined:
      return undefined;
    case "m1": {
      const message = bytes.slice(-message1Bytes);
      return bytes.length === datagramBytes ? { kind, mac1, cookie, message } : undefined;
    }
    case "retry":
      return bytes.length === afterMac1 + cookieBytes ? { kind, mac1, cookie } : undefined;
    case "error": {
      const message = bytes.slice(afterMac1);
      const fits = message.length > 0 && message.length <= longestErrorBytes;
      return fits ? { kind, mac1, message } : undefined;
    }
    default:
      if (bytes.length !== datagramBytes) return undefined;
      return { kind, id: bytes[1] ?? 0, message: bytes.slice(2) };
  }
}

/** EAD_1 that makes message_1 fill its datagram. */
export function padding1(method: number, suites: readonly number[], cI: Uint8Array): Uint8Array {
  const [only] = suites;
  const list = encodeItem(suites.length === 1 && only !== undefined ? only : suites);
  const key = bytesHeader + publicKeyBytes;
  const used = encodeItem(method).length + list.length + key + encodeId(cI).length;
  return padding(message1Bytes - used);
}

/** A credential's reference, and a MAC as a byte string of at most 23 bytes. */
const proofBytes = ({ macBytes }: Suite, id: Uint8Array): number =>
  encodeCredentialId(id).length + 1 + macBytes;

/** EAD_2 that makes message_2 fill its datagram. @param id ID_CRED_R. */
export const padding2 = (suite: Suite, cR: Uint8Array, id: Uint8Array): Uint8Array =>
  padding(contentBytes - publicKeyBytes - encodeId(cR).length - proofBytes(suite, id));

/** EAD_3 that makes message_3 fill its datagram. @param id ID_CRED_I. */
export const padding3 = (suite: Suite, id: Uint8Array): Uint8Array =>
  padding(contentBytes - proofBytes(suite, id) - suite.aead.tagBytes);

/** EAD_4 that makes message_4 fill its datagram. */
export const padding4 = ({ aead }: Suite): Uint8Array => padding(contentBytes - aead.tagBytes);

/**
 * After a login, a device has its key certified, so that its next session takes no password:
 *
 *     LOGIN frame   client → server        server → client
 *     step 5        static key 32          index/last 1 ‖ piece of the certificate 1–40
 *
 * The key is for X25519. The certificate is that of ../certificate.ts for a device: signed by the
 * server with a key of its own, about 130 bytes, and thus in four pieces as a rule. The client
 * repeats the question until it has all of them, and each time all of them come again.
 *
 * In the next session message_3 names the certificate by its kid: 6 bytes, its serial number. Both
 * ends have the whole of it, and MAC_3 covers it. So no proof of possession is needed here: a user
 * who has another's key certified has a certificate without its private key.
 */
import { concat, uintBytes } from "../../kit/bytes.ts";
import { kidCredential } from "../edhoc/credential.ts";
import type { LoginFrame } from "../frames.ts";
import { cut, type Place } from "../pieces.ts";

/** The steps before are those of ../login.ts. There is one attempt: its upper half is 0. */
export const certifyStep = 5;
/** 30 days. */
export const deviceSeconds = 2_592_000;
export const kidBytes = 6;
export const curve = "x25519";
const pieceBytes = 40;

/** @returns ID_CRED_I of a device. */
export const deviceId = (serial: number): Uint8Array => kidCredential(uintBytes(serial, kidBytes));

/** @param key 32 bytes. */
export const questionFrame = (key: Uint8Array): LoginFrame => ({
  kind: "login",
  step: certifyStep,
  body: key,
});

export const answerFrames = (certificate: Uint8Array): readonly LoginFrame[] =>
  cut(certificate, pieceBytes).map(({ index, last, body }) => {
    const place = Uint8Array.of((index << 4) | last);
    return { kind: "login", step: certifyStep, body: concat(place, body) };
  });

/** @returns what an answer's body holds; `undefined` if it is empty. */
export function readAnswer(body: Uint8Array): { place: Place; piece: Uint8Array } | undefined {
  const [first] = body;
  if (first === undefined || body.length === 1) return undefined;
  return { place: { index: first >> 4, last: first & 15 }, piece: body.slice(1) };
}

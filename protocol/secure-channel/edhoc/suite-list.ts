/** How message_1 enters the transcript: whole, and with it the list of suites. */
import { concat } from "../../kit/bytes.ts";
import type { Defences } from "../settings.ts";
import { decodeSequence } from "./cbor.ts";

/** @param message1 well formed. @returns what H(message_1) is made from. */
export function boundMessage1(message1: Uint8Array, defences: Defences): Uint8Array {
  if (defences["suite-list"]) return message1;
  // METHOD, then SUITES_I: without the list, and without the padding that depends on its length.
  const [method, , gX, cI] = decodeSequence(message1) ?? [];
  return concat(...[method, gX, cI].map((item) => item?.raw ?? new Uint8Array(0)));
}

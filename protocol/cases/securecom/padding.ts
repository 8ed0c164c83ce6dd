/** Texts are filled up, so that their lengths do not show. */
import { concat, readUint, uintBytes } from "../../kit/bytes.ts";

const blockBytes = 256;

/** @returns two bytes of length, the text, and zeros up to a multiple of 256 bytes. */
export function padded(text: Uint8Array): Uint8Array {
  const used = 2 + text.length;
  const rest = (blockBytes - (used % blockBytes)) % blockBytes;
  return concat(uintBytes(text.length, 2), text, new Uint8Array(rest));
}

/** @returns the text; `undefined` if there is less of it than its length says. */
export function unpadded(bytes: Uint8Array): Uint8Array | undefined {
  const length = readUint(bytes, 0, 2);
  return bytes.length < 2 + length ? undefined : bytes.slice(2, 2 + length);
}

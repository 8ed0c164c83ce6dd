import type { Latin1 } from "../protocol/kit/bytes.ts";

/** Of how many symbols such text is made. */
export function symbolsIn(text: Latin1): number {
  if (/^[0-9]*$/.test(text)) return 10;
  if (/^[0-9a-f]*$/i.test(text)) return 16;
  if (/^(?:[a-z]*|[A-Z]*)$/.test(text)) return 26;
  if (/^(?:[a-z2-9]*|[A-Z2-9]*)$/.test(text)) return 32;
  return /^[\w+/-]*$/.test(text) ? 64 : 256;
}

import { utf8 } from "../protocol/kit/bytes.ts";

/**
 * What a puppet says once it has a session: no honest party says this; then it in two lines; and
 * something once more, when those have come who were not there before.
 */
export const forgedMessages: readonly Uint8Array[] = [
  "mallory was here",
  "mallory\nwas here",
  "mallory is still here",
].map(utf8);

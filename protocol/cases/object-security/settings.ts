/** What both ends know before they start. */
import type { OptionValues } from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import type { CipherMode } from "../../kit/primitives/aes-modes.ts";

export interface Settings {
  readonly mode: CipherMode;
  readonly loop: boolean;
}

export const settingsOf = (options: OptionValues): Settings => ({
  mode: options.seg === "128" ? "aes-cfb128" : "aes-cfb8",
  loop: options.loop === "true",
});

export const greeting = utf8("Hello");
/** 25 and 27 bytes, which base64 turns into 36 either way. */
export const loginGranted = utf8("Successful authentication");
export const loginRefused = utf8("Unsuccessful authentication");

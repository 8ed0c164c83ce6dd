/** What both ends know before they start, and the values of the options. */
import type { OptionSpecs, OptionValues } from "../../endpoint.ts";
import { concat, utf8 } from "../../kit/bytes.ts";
import type { CipherMode } from "../../kit/primitives/aes-modes.ts";

export interface Settings {
  readonly mode: CipherMode;
  readonly loop: boolean;
  /** The repairs, all off by default. */
  readonly signed: boolean;
  readonly sealed: boolean;
  readonly discards: boolean;
  readonly fullGreeting: boolean;
  readonly refusesLong: boolean;
  readonly padded: boolean;
  readonly escaped: boolean;
}

export const options: OptionSpecs = {
  seg: {
    default: "8",
    values: ["8", "128"],
    about: "bits per CFB segment: 8 is the library's default, the text names no number",
  },
  loop: {
    default: "false",
    values: ["false", "true"],
    about: "many messages per session, by the while loop that the text proposes",
  },
  keys: {
    default: "bare",
    values: ["bare", "signed"],
    about: "repair: the server signs both points; clients know its signing key beforehand",
  },
  cipher: {
    default: "cfb",
    values: ["cfb", "gcm"],
    about:
      "repair: AES-256-GCM with a key for each direction; the nonce is the number of the text and " +
      "is not sent, so that a text takes one datagram and 16 bytes more than it has",
  },
  errors: {
    default: "crash",
    values: ["crash", "discard"],
    about:
      "repair: what cannot be used is discarded, the server tells its clients apart by address, " +
      "and neither a refused login nor the end of a session ends it",
  },
  greeting: {
    default: "any",
    values: ["any", "full"],
    about: "repair: a greeting has 64 bytes, more than the server's answer to it",
  },
  length: {
    default: "cut",
    values: ["cut", "refused"],
    about: "repair: the client refuses to send what the receiver would cut",
  },
  padding: {
    default: "none",
    values: ["none", "blocks"],
    about: "repair: texts are filled up to 48 bytes",
  },
  console: {
    default: "raw",
    values: ["raw", "escaped"],
    about: "repair: received texts are logged with their line breaks escaped",
  },
};

export const settingsOf = (values: OptionValues): Settings => ({
  mode: values.seg === "128" ? "aes-cfb128" : "aes-cfb8",
  loop: values.loop === "true",
  signed: values.keys === "signed",
  sealed: values.cipher === "gcm",
  discards: values.errors === "discard",
  fullGreeting: values.greeting === "full",
  refusesLong: values.length === "refused",
  padded: values.padding === "blocks",
  escaped: values.console === "escaped",
});

export const receiveBufferBytes = 64;
/** What base64 turns into the 64 bytes of the receive buffer; with a tag instead, the same. */
export const mostTextBytes = 48;

export const greeting = utf8("Hello");
/** 64 bytes, more than the answer: a spoofed greeting amplifies nothing. */
export const fullGreeting = concat(greeting, new Uint8Array(receiveBufferBytes - greeting.length));
/** 25 and 27 bytes, which base64 turns into 36 either way. */
export const loginGranted = utf8("Successful authentication");
export const loginRefused = utf8("Unsuccessful authentication");

/** A received text in a line of the log. */
export const printed = (settings: Settings, value: string): string =>
  settings.escaped ? JSON.stringify(value) : value;

/** What both ends know before they start, and the values of the options. */
import type { OptionSpecs, OptionValues } from "../../endpoint.ts";
import type { KeyPair } from "../../kit/crypto.ts";

export interface Settings {
  readonly key: "clear" | "secret" | "agreed";
  readonly layout: "in" | "inText" | "out";
  readonly fresh: "both" | "mono" | "window" | "sequence";
  readonly alarm: "warn" | "drop";
  readonly resend: "same" | "new";
  readonly ack: "strict" | "warn";
  readonly severed: "success" | "fail";
  readonly log: "everything" | "dates";
  readonly framed: boolean;
  readonly signed: boolean;
  readonly padded: boolean;
}

/** Long-term keys; the faithful protocol has none at all. */
export interface Dealt {
  /** 32 bytes, with `key=secret`. */
  readonly shared?: Uint8Array;
  /** Ed25519 pairs whose public halves both ends know, with `key=agreed` or `sign=bob`. */
  readonly alice?: KeyPair;
  readonly bob?: KeyPair;
}

export const alice = "alice";
export const bob = "bob";

/** What one call of `recv` takes at most: the original passes its port number as the size. */
export const port = 1024;

/** The first values are what the report shows; where it is silent, dossier and case decide. */
export const optionSpecs = {
  key: {
    default: "clear",
    values: ["clear", "secret", "agreed"],
    about:
      "the session key crosses the wire in clear, comes of a secret that only both ends have " +
      "(as the text assumes), or of a signed Diffie–Hellman exchange (fixed)",
  },
  layout: {
    default: "in",
    values: ["in", "inText", "out"],
    about:
      "where hash and time stand: in = Fernet(hash, time, text), inText = Fernet(time, hash, " +
      "text) with a hash of the text alone, out = time, hash, Fernet(text)",
  },
  fresh: {
    default: "both",
    values: ["both", "mono", "window", "sequence"],
    about:
      "a message is fresh if it is newer than the last (mono, a figure), younger than 3 s " +
      "(window, the text), both, or the next in number (sequence, fixed)",
  },
  alarm: {
    default: "warn",
    values: ["warn", "drop"],
    about: "what becomes of a message that raised an alarm: it is taken all the same, or not",
  },
  resend: {
    default: "same",
    values: ["same", "new"],
    about: "what goes out again after 10 s: the same bytes, or the text with a new time",
  },
  ack: {
    default: "strict",
    values: ["strict", "warn"],
    about: "a wrong confirmation is refused, or complained about and taken",
  },
  severed: {
    default: "success",
    values: ["success", "fail"],
    about: "what the user is told when the connection ends before the confirmation",
  },
  log: {
    default: "everything",
    values: ["everything", "dates"],
    about: "the log file holds keys and texts, or only when messages were confirmed (fixed)",
  },
  framing: {
    default: "none",
    values: ["none", "lengths"],
    about:
      "what one recv yields is one message and nothing is caught, or lengths go first, bad " +
      "messages are skipped and callers are served side by side (fixed)",
  },
  sign: {
    default: "none",
    values: ["none", "bob"],
    about: "whether Bob signs his messages (fixed)",
  },
  pad: {
    default: "none",
    values: ["none", "256"],
    about: "texts are filled up to a multiple of so many bytes (fixed)",
  },
} as const satisfies OptionSpecs;

type OptionName = keyof typeof optionSpecs;
type ValueOf<Name extends OptionName> = (typeof optionSpecs)[Name]["values"][number];

export function settingsOf(options: OptionValues): Settings {
  const of = <Name extends OptionName>(name: Name): ValueOf<Name> => {
    const { values, default: usual } = optionSpecs[name];
    return (values as readonly ValueOf<Name>[]).find((v) => v === options[name]) ?? usual;
  };
  return {
    key: of("key"),
    layout: of("layout"),
    fresh: of("fresh"),
    alarm: of("alarm"),
    resend: of("resend"),
    ack: of("ack"),
    severed: of("severed"),
    log: of("log"),
    framed: of("framing") === "lengths",
    signed: of("sign") === "bob",
    padded: of("pad") === "256",
  };
}

/**
 * The defences of `preshared`, each with a switch. Switched off, a defence takes with it the
 * guarantees listed as `carries`, and no others.
 */
import type { OptionSpecs, OptionValues } from "../../endpoint.ts";

interface Defence {
  /** What is different with the value `off`. */
  readonly off: string;
  /** Ids of the guarantees that fall with it. */
  readonly carries: readonly string[];
}

const table = {
  encryption: {
    off: "records are authenticated, but travel as plain text",
    carries: ["confidentiality"],
  },
  // Flipping bits changes the text, and also the number beside it: a message then passes for
  // another one, is delivered twice or not at all, and acknowledges what never arrived.
  authentication: {
    off: "records are encrypted with ChaCha20 alone, without a tag",
    carries: [
      "integrity",
      "origin",
      "replay",
      "ordering",
      "delivery",
      "honest-acknowledgement",
    ],
  },
  // What comes a second time also comes out of its turn.
  window: {
    off: "nobody remembers which records and which messages came before",
    carries: ["replay", "ordering"],
  },
  order: {
    off: "messages are delivered as they arrive",
    carries: ["ordering"],
  },
  // A session that comes to life again is one the client never ran (client-authentication); the
  // server sends in it under the old keys, counting from 1 again (nonce-uniqueness).
  freshness: {
    off: "a proof is good for ever, and a finished session is forgotten at once",
    carries: ["replay-across-sessions", "client-authentication", "nonce-uniqueness"],
  },
  retransmission: {
    off: "everything is sent once",
    carries: ["delivery"],
  },
  // Whoever drops a message and acknowledges it himself also keeps it from being sent again.
  "ack-authentication": {
    off: "acknowledgements are plain text without a tag",
    carries: ["honest-acknowledgement", "delivery"],
  },
  padding: {
    off: "a record is as long as its message",
    carries: ["length-hiding"],
  },
  // A party takes its own records for its peer's: messages (origin; the peer's own message of
  // that number is then lost) and acknowledgements. Both ends count their nonces from 1.
  directions: {
    off: "both ends send under the same key",
    carries: ["origin", "nonce-uniqueness", "honest-acknowledgement", "delivery"],
  },
  // Really it would be everything: two records give away the XOR of their texts and the key of
  // the tag. The lab judges the cause, not what follows from it by algebra.
  nonces: {
    off: "every record is sealed with the nonce zero",
    carries: ["nonce-uniqueness"],
  },
  // A server that has crashed has lost its sessions, and with them what was under way.
  strictness: {
    off: "malformed datagrams throw",
    carries: ["robustness", "delivery"],
  },
  cookie: {
    off: "the server keeps an entry for every hello",
    carries: ["bounded-state"],
  },
  "log-escaping": {
    off: "names go into the log as they come from the network",
    carries: ["safe-parsing"],
  },
  budget: {
    off: "records are padded beyond the limit on datagrams",
    carries: ["message-budget"],
  },
} as const satisfies Readonly<Record<string, Defence>>;

export type Defences = Readonly<Record<keyof typeof table, boolean>>;

const entries = Object.entries(table) as [keyof Defences, Defence][];

export const defenceOptions: OptionSpecs = Object.fromEntries(
  entries.map(([name, { off, carries }]) => [
    name,
    { default: "on", values: ["on", "off"], about: `off: ${off}`, weakens: { off: carries } },
  ]),
);

export const defencesOf = (options: OptionValues): Defences =>
  Object.fromEntries(entries.map(([name]) => [name, options[name] !== "off"])) as Defences;

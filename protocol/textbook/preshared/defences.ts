/**
 * The defences of `preshared`, each with a switch. Switched off, a defence takes with it the
 * guarantees listed as `carries`, and no others.
 */
import type { OptionSpecs, OptionValues } from "../../endpoint.ts";

const table = {
  encryption: {
    off: "records are authenticated, but travel as plain text",
    carries: ["confidentiality", "indistinguishability"],
  },
  // Flipped bits also change numbers: a message passes for another one and is delivered twice,
  // or out of its turn; an acknowledgement passes for that of what never arrived.
  authentication: {
    off: "records are encrypted with ChaCha20 alone, without a tag",
    carries: ["integrity", "origin", "replay", "ordering", "honest-acknowledgement"],
  },
  // What comes a second time also comes out of its turn.
  window: {
    off: "nobody remembers which records and which messages came before",
    carries: ["replay", "ordering"],
  },
  order: { off: "messages are delivered as they arrive", carries: ["ordering"] },
  // A session that comes to life again is one that its client does not run; the server counts its
  // nonces from 1 again, under the old keys.
  freshness: {
    off: "a proof is good for ever, and a finished session is forgotten at once",
    carries: ["replay-across-sessions", "client-authentication", "nonce-uniqueness"],
  },
  // What proof and welcome confirm is the key, and with it that the other is there.
  confirmation: {
    off: "the MACs of proof and welcome are not looked at",
    carries: ["key-agreement", "client-authentication", "server-authentication"],
  },
  "key-log": {
    off: "the welcome shows the exported key to whoever watches",
    carries: ["key-secrecy"],
  },
  retransmission: { off: "everything is sent once", carries: ["delivery"] },
  "ack-authentication": {
    off: "acknowledgements are plain text without a tag",
    carries: ["honest-acknowledgement"],
  },
  padding: { off: "a record is as long as its message", carries: ["length-hiding"] },
  // A party takes its own records for its peer's, both messages and acknowledgements.
  directions: {
    off: "both ends send under the same key",
    carries: ["origin", "nonce-uniqueness", "indistinguishability", "honest-acknowledgement"],
  },
  // Really everything falls: two records give away the XOR of their texts and the key of their
  // tags. The lab judges the cause, not what follows from it by algebra.
  nonces: {
    off: "every record is sealed with the nonce zero",
    carries: ["nonce-uniqueness", "indistinguishability"],
  },
  strictness: { off: "malformed datagrams throw", carries: ["robustness"] },
  cookie: { off: "the server keeps an entry for every hello", carries: ["bounded-state"] },
  "log-escaping": {
    off: "names go into the log as they come from the network",
    carries: ["safe-parsing"],
  },
  budget: { off: "records are 32 bytes longer than the limit", carries: ["message-budget"] },
} as const;

type Name = keyof typeof table;
/** Which defences are up; `key-log` is the one that is up while the option is `off`. */
export type Defences = Readonly<Record<Name, boolean>>;

const names = Object.keys(table) as Name[];
const weakValue = (name: Name): string => (name === "key-log" ? "on" : "off");

export const defenceOptions: OptionSpecs = Object.fromEntries(
  names.map((name) => {
    const { off, carries } = table[name];
    const weak = weakValue(name);
    const safe = weak === "on" ? "off" : "on";
    const about = `${weak}: ${off}`;
    return [name, { default: safe, values: [safe, weak], about, weakens: { [weak]: carries } }];
  }),
);

export const defencesOf = (options: OptionValues): Defences =>
  Object.fromEntries(names.map((n) => [n, options[n] !== weakValue(n)])) as Defences;

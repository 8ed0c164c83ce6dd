/**
 * What can be set: the suites, and the defences of the channel, each with a switch. Switched off,
 * a defence takes with it the guarantees listed as `carries`, and no others.
 */
import type { OptionSpecs, OptionValues } from "../endpoint.ts";

const table = {
  // An impersonator reads, says and acknowledges what it likes, and agrees to any suite.
  "static-keys": {
    off: "static keys do not enter the key schedule: a secret shared with nobody in particular",
    carries: [
      "server-authentication",
      "client-authentication",
      "kci",
      "key-agreement",
      "key-secrecy",
      "confidentiality",
      "integrity",
      "origin",
      "downgrade",
      "honest-acknowledgement",
    ],
  },
  // The session that Mallory opens as Alice, with a worse suite perhaps, is of no use to it until
  // it has her key, which may be later.
  macs: {
    off: "MAC_2 and MAC_3 are made with keys that anybody has who sent the ephemeral one",
    carries: ["client-authentication", "kci", "downgrade", "forward-secrecy"],
  },
  confirmation: {
    off: "the client believes to have finished before message_4 has come, and does not look at it",
    carries: ["server-authentication", "kci"],
  },
  "suite-list": {
    off: "nothing binds the list of suites, and the server takes any that it has",
    carries: ["downgrade"],
  },
  "ephemeral-keys": {
    off: "each party has one ephemeral key, for all sessions, on its disk",
    carries: ["forward-secrecy", "kci"],
  },
  cookie: { off: "the server keeps an entry for every message_1", carries: ["bounded-state"] },
  // What comes a second time also comes out of its turn.
  window: {
    off: "nobody remembers which records and which messages came before",
    carries: ["replay", "ordering"],
  },
  deduplication: {
    off: "a message that is sent again is delivered again",
    carries: ["replay", "ordering"],
  },
  order: { off: "messages are delivered as they arrive", carries: ["ordering"] },
  // Flipped bits also change numbers: a message passes for another one, and so does what is
  // acknowledged.
  tag: {
    off: "records are encrypted, but their tags are not looked at",
    carries: ["integrity", "origin", "replay", "ordering", "honest-acknowledgement"],
  },
  "ack-authentication": {
    off: "acknowledgements are plain text without a tag",
    carries: ["honest-acknowledgement"],
  },
  // A party takes its own records for its peer's, both messages and acknowledgements.
  directions: {
    off: "both ends send under the same key and identifier",
    carries: [
      "origin",
      "nonce-uniqueness",
      "key-separation",
      "indistinguishability",
      "honest-acknowledgement",
    ],
  },
  nonces: {
    off: "every record is sealed with the same nonce",
    carries: ["nonce-uniqueness", "indistinguishability"],
  },
  padding: { off: "a record is as long as its frames", carries: ["length-hiding"] },
  pieces: {
    // Messages within the stated limit take one record even so: nothing is at stake for them.
    on: "messages beyond the limit are cut into up to 8 pieces, which can be counted",
    carries: [],
  },
  // It protects no guarantee; without it less is said about which server is called.
  "scan-filter": {
    off: "mac1 is keyed with nothing: strangers are answered, and it tells nobody who is called",
    carries: [],
  },
  retransmission: { off: "everything is sent once", carries: ["delivery"] },
  strictness: { off: "malformed datagrams throw", carries: ["robustness"] },
} as const;

type Name = keyof typeof table;
/** Which defences are up; `pieces` is the one that is up while its option is `off`. */
export type Defences = Readonly<Record<Name, boolean>>;

const names = Object.keys(table) as Name[];
const weakOf = (name: Name): readonly [value: string, about: string] => {
  const entry: { readonly on?: string; readonly off?: string } = table[name];
  return entry.on === undefined ? ["off", entry.off ?? ""] : ["on", entry.on];
};

export const defencesOf = (options: OptionValues): Defences =>
  Object.fromEntries(names.map((n) => [n, options[n] !== weakOf(n)[0]])) as Defences;

/** Everything is up. */
export const allDefences: Defences = defencesOf({});

/** What both parties have, best first, by the value of the option. A certificate fits one curve. */
const suiteLists: Readonly<Record<string, readonly number[]>> = {
  "4": [4, 6, 0],
  "6": [6, 0],
  "0": [0],
  "2": [2],
};
export const suitesOf = ({ suite: chosen }: OptionValues): readonly number[] =>
  suiteLists[chosen ?? "4"] ?? [4];

/** With cover traffic, a record goes out so often. */
const beatMs = 250;
export const coverOf = ({ cover }: OptionValues): number | undefined =>
  cover === "on" ? beatMs : undefined;

export const options: OptionSpecs = {
  cover: {
    default: "off",
    values: ["off", "on"],
    about: "on: each end sends a record every quarter of a second, whether it has anything to say",
  },
  suite: {
    default: "4",
    values: Object.keys(suiteLists).toSorted((a, b) => "4602".indexOf(a) - "4602".indexOf(b)),
    about: "4: ChaCha20-Poly1305; 6: AES-GCM; 0: AES-CCM with tags of 8 bytes; 2: that, on P-256",
  },
  ...Object.fromEntries(
    names.map((name) => {
      const [weak, about] = weakOf(name);
      const safe = weak === "off" ? "on" : "off";
      const { carries } = table[name];
      const values = { default: safe, values: [safe, weak], about: `${weak}: ${about}` };
      return [name, carries.length === 0 ? values : { ...values, weakens: { [weak]: carries } }];
    }),
  ),
};

/**
 * The secure channel twice: users reach each other through a relay, and trust it with nothing but
 * its work. Read it in this order: this file, user.ts, inner-channels.ts, mail.ts, relay.ts; then
 * fetching.ts.
 *
 * Aims. What the secure channel promises two parties who can reach each other, it promises two
 * who meet at a relay; and the relay is one more hostile network. It can drop, delay, repeat and
 * change what it carries, and misattribute it; it can read and forge nothing.
 *
 * Why each part is there:
 *
 * - The outer channel, from each user to the relay, hides from all others who talks to whom, and
 *   keeps outsiders from having anything carried.
 * - The inner channel, from user to user, is the same protocol once more, in RELAY frames. Each
 *   end is known by its certificate. The sender that the relay names decides only where an answer
 *   goes: what is delivered is from the subject of the certificate.
 * - The same keys serve both layers. What keeps them apart is the peer that a client accepts:
 *   outside only the relay, and inside only the user whom the message is for.
 * - An inner datagram takes two pieces. What is lost inner channels repeat, so that the relay needs
 *   no memory: a record comes in, a record goes out. What is repeated goes out in four copies, and
 *   so does its answer, for a datagram and its answer need eight records to arrive: see mail.ts.
 * - Each direction has an inner channel of its own, opened by the sender: two who begin at once
 *   need not agree on anything.
 * - A message to several goes to each in a channel of its own. The acknowledgement of an inner
 *   channel says that it was delivered; that of the relay would say nothing, and there is none. A
 *   receipt, where users send them, says that it was read.
 * - With `certificates=fetched` users hold no certificates of others, and ask the relay for them
 *   when they need one. They believe the root that signed it, not the relay that had it.
 *
 * Known weaknesses: the relay knows who talks to whom, when, and how often, and by their silence
 * who is there. It can stop everything, or hold it back. A conversation that lost a message ends,
 * and so does all when the relay forgets a user: users have to begin again. Four copies at once are
 * no help where a network loses because there is too much of everything; and a user who marks what
 * it sends as repeated gets four answers. Users know beforehand which names there are. What is said
 * of secure-channel holds in both layers.
 */
import type {
  DeployEnv,
  Deployment,
  Env,
  OptionSpecs,
  OptionValues,
  PlannedMessage,
  Principal,
  Protocol,
  Workload,
} from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import { sharePair } from "../edhoc/shares.ts";
import type { Identity } from "../identity.ts";
import { datagramBytes, roomBytes } from "../records.ts";
import { Acquaintances, Fetching } from "./fetching.ts";
import { FirstUseDirectory, Introductions, unsigned } from "./first-use-directory.ts";
import type { Inner } from "./inner.ts";
import { InnerChannels } from "./inner-channels.ts";
import type { MailAddresses } from "./mail.ts";
import { applicationAead, curve, dealParties, type Parties } from "./parties.ts";
import { PlainLetters } from "./plain-letters.ts";
import { Relay, type Store } from "./relay.ts";
import { User } from "./user.ts";

const flow = `
A → R: M1, mac1, cookie, METHOD, SUITES, G^x, Ci          R: the relay; each user as with a server
R → A: M2, Ci, G^y, {Cr, IDr, MAC2}xy
A → R: M3, Cr, {IDa, MAC3}K3
R → A: M4, Ci, {}K4                                       K, K': of A and R; L, L': of R and B
A → R → B: {B, piece of M1'}K, {A, piece of M1'}L         two pieces for each inner datagram
B → R → A: {A, piece of M2'}L', {B, piece of M2'}K'       IDb, MAC2' with the key of CERTb
A → R → B: {B, piece of M3'}K, {A, piece of M3'}L         IDa, MAC3' with the key of CERTa
B → R → A: {A, piece of M4'}L', {B, piece of M4'}K'       N, N': of A and B, end to end
A → R → B: {B, piece of {data, id, text}N}K, {A, piece of {data, id, text}N}L
B → R → A: {A, piece of {ack, id}N'}L', {B, piece of {ack, id}N'}K'
`.trim();

const claims = {
  confidentiality: "Messages are sealed under keys that only the two users have.",
  integrity: "What the relay changes, the inner channel discards.",
  origin: "A message is from whoever the inner certificate says, not from whoever the relay says.",
  replay: "Both layers accept a record once, and a message is delivered once.",
  "replay-across-sessions": "Both ends bring a fresh key to each channel, in both layers.",
  ordering: "What one user says to another goes through one channel, and is delivered in order.",
  "server-authentication": "MAC_2 of the outer channel needs the relay's static key.",
  "client-authentication": "MAC_2 and MAC_3 of inner channels need the users' static keys.",
  "key-agreement": "Keys depend on all messages and on both certificates.",
  "key-secrecy": "Inner keys come from secrets that the two users share, and the relay does not.",
  "forward-secrecy":
    "Nothing that lasts is enough to compute keys: not the users', not the relay's.",
  kci: "To pose as somebody takes the static key of that one, whoever else's is known.",
  downgrade: "The transcript has the list of suites, in both layers.",
  delivery: "Inner channels repeat what is lost, on whichever hop, in several copies.",
  "honest-acknowledgement": "The receiving user acknowledges, inside the inner channel.",
  robustness: "What is malformed or forged is discarded, and the state is as before.",
  "bounded-state": "The relay keeps nothing of what it carries; users keep a few pieces a sender.",
  "nonce-uniqueness":
    "Nonces are made from identifier and counter, and no two channels share a key.",
  "message-budget": "No datagram has more than 64 bytes, whichever layer it carries.",
  "length-hiding": "All inner datagrams that depend on messages have 64 bytes, in two pieces.",
  "safe-parsing": "Nothing from the network is logged but numbers.",
};

const options: OptionSpecs = {
  inner: {
    default: "on",
    values: ["on", "off"],
    about: "off: messages are sealed from user to relay and from relay to user, and not between",
    weakens: {
      off: [
        "confidentiality",
        "integrity",
        "origin",
        "replay",
        "replay-across-sessions",
        "ordering",
        "honest-acknowledgement",
      ],
    },
  },
  directory: {
    default: "certificates",
    values: ["certificates", "relay"],
    about: "relay: users take each other's keys from the relay, and not from certificates",
    weakens: {
      relay: [
        "confidentiality",
        "integrity",
        "origin",
        "client-authentication",
        "key-secrecy",
        "honest-acknowledgement",
      ],
    },
  },
  certificates: {
    default: "held",
    values: ["held", "fetched"],
    about: "fetched: users ask the relay for certificates that they do not have, and verify them",
  },
  receipts: {
    default: "off",
    values: ["off", "on"],
    about: "on: users say what they have read, which is as soon as they have it",
  },
};

export const relayName = "rita";
const users = ["alice", "bob", "carol"] as const;
/** In the smallest room for frames, after the header of a DATA frame. */
const messageBytes = 40;
const port = 5_684;

function deploy(about: DeployEnv): Deployment {
  const parties = dealParties(about);
  const { all, root, book } = parties;
  // The certificates of the relay and of the attacker are public.
  const known = all.filter((p) => p.name === relayName || p.name === "mallory");
  const hidden = all.filter((p) => !known.includes(p));
  return {
    open(role, env) {
      const { options: chosen } = about;
      if (role === "relay") return new Relay(env, parties.identity(env), book, storeOf(chosen));
      if (storeOf(chosen) === "certificates") return newcomer(chosen, parties, env);
      const identity = parties.identity(env);
      return new User(env, identity, innerOf(chosen, book, env, identity), book);
    },
    longTermSecrets(principal) {
      const own = all.find((p) => p.name === principal);
      if (own === undefined) return [];
      // A compromise of the relay also discloses the certificates of its users.
      const met = principal === relayName ? all : [own];
      const certificates = met.map((p) => p.listed.bytes);
      return [own.statics.privateKey, own.signing.privateKey, ...certificates];
    },
    publicValues: [root.publicKey, ...known.flatMap((p) => [p.listed.bytes, p.statics.publicKey])],
    identities: hidden.flatMap((p) => [
      p.listed.bytes,
      p.statics.publicKey,
      p.signing.publicKey,
      ...(p.name.length >= 4 ? [utf8(p.name)] : []),
    ]),
  };
}

/** What users ask the relay for. */
function storeOf({ inner, directory, certificates }: OptionValues): Store {
  if (inner === "off") return "nothing";
  if (directory === "relay") return "keys";
  return certificates === "fetched" ? "certificates" : "nothing";
}

/** A user who holds no certificates but its own and that of the relay. */
function newcomer(given: OptionValues, parties: Parties, env: Env): User {
  const { all, root, book } = parties;
  const held = all.filter((p) => p.name === env.self || p.name === relayName);
  const listed = held.map((p) => p.listed);
  const directory = new Acquaintances(env.crypto, root, listed, book);
  const identity = parties.identity(env, directory);
  const inner = new InnerChannels(env, identity, given.receipts === "on");
  return new User(env, identity, new Fetching(book, directory, inner), book);
}

function innerOf(given: OptionValues, book: MailAddresses, env: Env, identity: Identity): Inner {
  if (given.inner === "off") return new PlainLetters(roomBytes(applicationAead));
  const receipts = given.receipts === "on";
  if (given.directory !== "relay") return new InnerChannels(env, identity, receipts);
  const pair = sharePair(env.crypto, curve);
  const directory = new FirstUseDirectory(env.crypto, book);
  const own = unsigned(env.self, book.kidOf(env.self) ?? 0, pair);
  const inner = new InnerChannels(env, { ...identity, own, directory }, receipts);
  return new Introductions(env.self, pair.publicKey, directory, inner);
}

const say = (from: Principal, to: Principal, words: string): PlannedMessage => ({
  from,
  to,
  message: utf8(words),
});

/** The first session is what attacks are tried on, over and over: it is as short as it can be. */
const workload: Workload = {
  sessions: [
    { start: 0, messages: [say("alice", "bob", "the committee meets at nine")] },
    {
      start: "after-previous",
      messages: [
        // To both of the others: one message, two channels.
        say("alice", "bob", "then let us say at ten"),
        say("alice", "carol", "then let us say at ten"),
        say("bob", "alice", "nine is too early for me"),
        say("bob", "alice", "and bring the minutes"),
      ],
    },
  ],
};

export const secureChannelRelay: Protocol = {
  name: "secure-channel-relay",
  title: "The reference, from end to end through a relay that is not trusted",
  flow,
  transport: "datagram",
  roles: [
    { name: "user", principals: users, process: "session", peer: "relay" },
    { name: "relay", principals: [relayName], process: "service", port },
  ],
  options,
  claims: Object.entries(claims).map(([guarantee, says]) => ({ guarantee, says })),
  notApplicable: {
    "non-repudiation": "no evidence is offered: with method 3, either end could have made it all",
    "password-protection": "there are no passwords: parties have keys and certificates",
  },
  limits: { datagramBytes, messageBytes },
  registration: true,
  deploy,
  workload: () => workload,
};

/**
 * A small sound protocol: a pre-shared key, authenticated encryption, counters with a window, and
 * acknowledgements, over datagrams. It is the lab's green example, meant to be read in ten
 * minutes: this file, then wire.ts, keys.ts, client.ts, server.ts, channel.ts.
 *
 * Aims. Two parties who share a key of 32 random bytes exchange short messages both ways: secret,
 * unchanged, once, in order, each either confirmed or given up, against an attacker that controls
 * the network.
 *
 * Why each part is there:
 *
 * - Na is the client's freshness; the session number s and the cookie C are the server's. All go
 *   into the session key S, so that no two sessions share one, not even across restarts.
 * - C is a MAC under a key that only the server process has, over the client, its address, Na, s
 *   and the time t. It keeps what the server need not: there is no state before the proof.
 * - A proof is accepted once: it expires two minutes after its challenge, and until then its
 *   session is remembered, finished or not. Repeated early, it is answered with the same welcome.
 * - Hello and challenge are authenticated together with the client's address. Otherwise an
 *   attacker could repeat a hello from elsewhere and hand the client a challenge whose cookie is
 *   good only there: a few packets would stop a session for good.
 * - Proof and welcome are MACs under a key from S: each end knows, before it uses the keys, that
 *   the other has them too. Keys are bound to both names, and differ by direction and use.
 * - All datagrams have one length, and how many there are does not depend on what they carry.
 * - A message has a number, a record a counter. What is sent again is a new record, so that the
 *   window can discard every repeated one, while the number says what was delivered already.
 * - An acknowledgement is a record like any other, sent when the application has the message. Where
 *   none comes, the message is given up: whether it was delivered is unknown. The session ends
 *   then, because whatever followed would leave a gap.
 *
 * Known weaknesses: the client's name and the kinds of records are in the clear; a pre-shared key
 * that leaks later opens everything recorded before; a key stolen from one end serves to
 * impersonate the other to it; and address translation between the two stops the handshake.
 */

import { MisuseError, type Principal, type Protocol, type Workload } from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import { fill, say } from "../../kit/workload.ts";
import { Client } from "./client.ts";
import { defenceOptions, defencesOf } from "./defences.ts";
import type { Pair } from "./keys.ts";
import { Server } from "./server.ts";
import { datagramBytes, maxNameBytes, maxTextBytes } from "./wire.ts";

const flow = `
A → B: hello, A, Na, MAC(H, ·, address)
B → A: challenge, A, Na, s, t, C, MAC(H, ·, address)   C = MAC(B's own; A, Na, s, t, address)
A → B: proof, A, Na, s, t, C, MAC(F, ·)                S = Extract(K; proof)
B → A: welcome, A, Na, s, t, C, MAC(F, ·)              F, K1, K2 = Expand(S; use, A, B)
A → B: data, s, counter, {number, text}K1
B → A: ack, s, counter, {number}K2                     and likewise from B to A, under K2 and K1
`.trim();

const claims = {
  confidentiality: "Texts are sealed under keys of the session.",
  integrity: "What does not verify is discarded; texts are never cut.",
  origin: "Each pair of parties and each direction has a key of its own.",
  replay: "A record is accepted once, and a message delivered once.",
  "replay-across-sessions": "A proof opens one session, and each session has its own keys.",
  ordering: "A message waits until the one before it is delivered.",
  "server-authentication": "The welcome needs the session's key.",
  "client-authentication": "The proof needs the session's key and a fresh cookie.",
  "key-agreement": "Proof and welcome confirm the key, which is bound to both names.",
  "key-secrecy": "The key is made from one that only the two have.",
  delivery: "A message is sent up to twelve times, until it is acknowledged.",
  "honest-acknowledgement": "Acknowledgements are sealed, and sent after the delivery.",
  robustness: "What is malformed or forged is discarded, and the state is as before.",
  "bounded-state": "No state before the proof, and no answer longer than its question.",
  "nonce-uniqueness": "The nonce is the counter, and no two sessions share a key.",
  "message-budget": "All datagrams have 128 bytes.",
  "length-hiding": "All datagrams have 128 bytes, and their number depends on no length.",
  indistinguishability: "What listeners and strangers see depends on no text.",
  "safe-parsing": "Names from the network are escaped before they are logged.",
};

/** One key for each who may ask and each who may answer. */
function deal(principals: readonly Principal[], key: () => Uint8Array): readonly Pair[] {
  const long = principals.find((name) => utf8(name).length > maxNameBytes);
  if (long !== undefined) throw new MisuseError(`the name "${long}" is over 16 bytes long`);
  return principals.flatMap((client) =>
    principals.filter((p) => p !== client).map((server) => ({ client, server, psk: key() })),
  );
}

const workload: Workload = {
  sessions: [
    {
      start: 0,
      messages: [
        ...say("client", "alice asks bob for the keys of the boat house", "boat #41"),
        ...say("client", fill("alice repeats the list of guests", maxTextBytes)),
        ...say("client", fill("alice says more than fits", maxTextBytes + 1)),
        ...say("server", "bob wants to know who comes along"),
        ...say("server", fill("bob reads out the rules of the house", maxTextBytes), "bob agrees"),
      ],
    },
    {
      start: 35,
      principals: { client: "carol" },
      messages: [
        ...say("client", "carol brings the lanterns tonight", "carol will be late by an hour"),
        ...say("server", "bob leaves the back door open for carol"),
      ],
    },
    {
      start: "after-previous",
      messages: [
        ...say("client", "alice has locked the boat house", "alice left the keys with dave", ""),
        ...say("server", "bob thanks alice and says good night", "bob has found them", ""),
      ],
    },
  ],
};

export const preshared: Protocol = {
  name: "preshared",
  title: "Pre-shared key, AEAD, counter, window, acknowledgement",
  flow,
  transport: "datagram",
  roles: [
    { name: "client", principals: ["alice"], process: "session", peer: "server" },
    { name: "server", principals: ["bob"], process: "service", port: 7000 },
  ],
  options: defenceOptions,
  claims: Object.entries(claims).map(([guarantee, says]) => ({ guarantee, says })),
  notApplicable: {
    "non-repudiation": "no evidence is offered: either end could have made every record",
    downgrade: "there is one suite, and nothing is negotiated",
    "password-protection": "there are no passwords: the shared key is 32 random bytes",
  },
  limits: { datagramBytes, messageBytes: maxTextBytes },
  deploy({ crypto, options, principals }) {
    const defences = defencesOf(options);
    const pairs = deal(principals, () => crypto.random(32));
    return {
      open(role, env) {
        if (role === "server") {
          const own = pairs.filter((p) => p.server === env.self);
          return new Server(env, new Map(own.map((p) => [p.client, p])), defences);
        }
        const pair = pairs.find((p) => p.client === env.self && p.server === env.peer);
        if (pair === undefined) {
          throw new MisuseError(`${env.self} shares no key with ${env.peer ?? "anybody"}`);
        }
        return new Client(env, pair, defences);
      },
      longTermSecrets: (principal) =>
        pairs.filter((p) => p.client === principal || p.server === principal).map((p) => p.psk),
      identities: principals.map(utf8).filter((name) => name.length >= 4),
    };
  },
  workload: () => workload,
};

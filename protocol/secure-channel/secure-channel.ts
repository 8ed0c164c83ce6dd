/**
 * The reference: a protocol that keeps all the promises the case studies make. EDHOC (RFC 9528,
 * method 3) agrees on keys, OSCORE's cryptography (RFC 8613) protects records, both over plain
 * datagrams of 64 bytes. Read it in this order: this file, handshake-datagrams.ts, client.ts,
 * server.ts, channel.ts, records.ts; then edhoc/, for the cryptography.
 *
 * Aims. Two parties with certificates of a common root exchange short messages both ways: secret,
 * also if their keys become known later; unchanged, once, in order; each confirmed or given up,
 * never falsely. An attacker who controls the network can delay that, and nothing else.
 *
 * Why each part is there:
 *
 * - Both ephemeral keys go into every key: sessions cannot be repeated, and old ones not be opened
 *   with keys that are found out afterwards.
 * - Only the owner of the responder's static key can make MAC_2, and of the initiator's, MAC_3. A
 *   stolen key can therefore not be used to impersonate others to its owner.
 * - Both MACs and all keys depend on the transcript: the list of suites, both certificates with
 *   their names. message_4 shows that the responder has come to the same end.
 * - mac1 makes scans go unanswered. The cookie shows that a client is where it says, before the
 *   server remembers anything; no answer is longer than its question.
 * - RETRY and ERROR are not authenticated. They add an attempt, and take none away.
 * - A record's counter is its nonce and recognises repetition, in a window that moves only for
 *   what is genuine. A message's number says what was delivered. Sending again makes a new record.
 * - A session goes with its client to another address once the client has answered from there: a
 *   record alone may be a copy that an attacker was first to send.
 * - Acknowledgements are records like others, made when the application has the message. Where none
 *   comes, the message is given up: whether it was delivered is unknown.
 * - All datagrams that depend on anything have 64 bytes, with one frame each. With `cover=on` they
 *   also go out at a steady pace, so that neither when nor how much is said can be seen.
 *
 * Known weaknesses: the server shows its identity to any client that connects, before the client
 * does; and an eavesdropper who has its public key can tell from mac1 which server is called. With
 * `scan-filter=off` an eavesdropper cannot, and scans are answered. Connection identifiers and
 * counters are visible. A delayed message is as good as a fresh one. An attacker who steals the
 * keys of a running session can follow it for up to an hour, until both ends make new ephemeral
 * keys (rekey.ts).
 */

import {
  type DeployEnv,
  type Deployment,
  MisuseError,
  type Principal,
  type Protocol,
  type Workload,
} from "../endpoint.ts";
import type { KeyPair } from "../kit/crypto.ts";
import { fill, say } from "../kit/workload.ts";
import { issue, signatureBytes } from "./certificate.ts";
import { Client } from "./client.ts";
import { Directory, type Listed } from "./directory.ts";
import { kidCredential } from "./edhoc/credential.ts";
import { sharePair } from "./edhoc/shares.ts";
import type { Identity } from "./identity.ts";
import { datagramBytes } from "./records.ts";
import { Server } from "./server.ts";
import { coverOf, defencesOf, options as optionSpecs, suitesOf } from "./settings.ts";
import { bestSuite } from "./suites.ts";

const flow = `
C → S: M1, mac1, cookie, METHOD, SUITES, G^x, Ci          mac1 = MAC(H(server key); message_1)
S → C: RETRY, mac1, cookie                                cookie = MAC(S's own; address, message_1)
C → S: M1, mac1, cookie, METHOD, SUITES, G^x, Ci
S → C: M2, Ci, G^y, {Cr, IDs, MAC2}xy                     MAC2 under K(xy, xS), over CERTs, TH2
C → S: M3, Cr, {IDc, MAC3}K3                              MAC3 under K(xy, xS, yC), over CERTc, TH3
S → C: M4, Ci, {}K4                                       K4, K, K' from K(xy, xS, yC) and TH4
C → S: counter, Cr, {data, id, text}K
S → C: counter, Ci, {ack, id}K'                           likewise from S to C, under K' and K
C ↔ S: counter, {key-update, epoch}K                      K, K' = Expand(the secret before; epoch)
C → S: counter, Cr, {rekey, message_1}K                   and message_2, message_3: every hour
C → S: counter, Cr, {close, last sent, last received}K
S → C: counter, Ci, {close-ack}K'
`.trim();

const claims = {
  confidentiality: "Messages are sealed under keys that only the two ends have.",
  integrity: "What does not verify is discarded; messages are never cut short.",
  origin: "Each session and each direction has a key of its own.",
  replay: "A record is accepted once, and a message delivered once.",
  "replay-across-sessions": "Both ends bring a fresh key to each session.",
  ordering: "A message waits until the one before it is delivered.",
  "server-authentication": "MAC_2 needs the server's static key, and message_4 the session's.",
  "client-authentication": "MAC_3 needs the client's static key.",
  "key-agreement": "Keys depend on all messages and on both certificates.",
  "key-secrecy": "Keys are made from three Diffie-Hellman secrets that only the two ends share.",
  "forward-secrecy": "Nothing that lasts is enough to compute a session's keys.",
  "known-key": "No key of a session says anything about another session's.",
  "post-compromise": "Each session's keys are made from fresh key pairs of both ends.",
  kci: "To pose as somebody takes the static key of that one, whoever else's is known.",
  downgrade: "The transcript has the list of suites, and the server refuses a worse one.",
  "identity-hiding":
    "The client's identity is sealed in message_3, after the server has shown its.",
  delivery: "A message is sent up to seven times, until it is acknowledged.",
  "honest-acknowledgement": "Acknowledgements are sealed, and made after the delivery.",
  robustness: "What is malformed or forged is discarded, and the state is as before.",
  "bounded-state":
    "No state before the cookie; then 64 entries, and no answer longer than its question.",
  "nonce-uniqueness":
    "Nonces are made from identifier and counter, and no two sessions share a key.",
  "key-separation": "Each direction and each purpose has a key of its own.",
  "message-budget": "No datagram has more than 64 bytes.",
  "length-hiding": "All records have 64 bytes, and their number depends on no length.",
  indistinguishability: "What listeners and strangers see depends on no message and on no name.",
  "safe-parsing": "Nothing from the network is logged, and what is read has one encoding.",
};

const issuer = "mallory lab root";
/** Ten years. */
const validitySeconds = 315_360_000;
const firstSerial = 0x10_00_01;
/** In the smallest room for frames, after the header of a DATA frame. */
const messageBytes = 40;
const port = 5_683;

interface Party {
  readonly name: Principal;
  readonly kid: number;
  readonly statics: KeyPair;
  readonly signing: KeyPair;
  readonly kept: KeyPair;
  readonly certificate: Uint8Array;
}

function deploy({ crypto, options, principals }: DeployEnv): Deployment {
  const defences = defencesOf(options);
  const suites = suitesOf(options);
  const { curve } = bestSuite(suites);
  if (principals.length > 256) throw new MisuseError("a kid has one byte");
  const root = crypto.signingKeyPair();
  const parties = principals.map((name, kid): Party => {
    const [statics, signing] = [sharePair(crypto, curve), crypto.signingKeyPair()];
    const keys = { curve, staticKey: statics.publicKey, signingKey: signing.publicKey };
    const serial = firstSerial + kid;
    const body = { subject: name, ...keys, from: 0, until: validitySeconds, serial, issuer };
    const certificate = issue(crypto, root, body).bytes;
    return { name, kid, statics, signing, kept: sharePair(crypto, curve), certificate };
  });
  const trusted = { name: issuer, publicKey: root.publicKey };
  const listed: readonly Listed[] = parties.map((p) => ({ kid: p.kid, bytes: p.certificate }));
  const partyOf = (name: Principal): Party => {
    const party = parties.find((p) => p.name === name);
    if (party === undefined) throw new MisuseError(`${name} has no certificate`);
    return party;
  };
  const shown = parties.filter((p) => p.name !== unknown);
  const hidden = parties.filter((p) => p.name === unknown);
  return {
    open(role, env) {
      const { kid, certificate, statics, kept } = partyOf(env.self);
      const own = {
        id: kidCredential(Uint8Array.of(kid)),
        credential: certificate,
        ...statics,
      };
      const directory = new Directory(env.crypto, trusted, listed);
      const coverMs = coverOf(options);
      const chosen = { own, directory, defences, suites };
      const identity: Identity = { ...chosen, ...(coverMs !== undefined && { coverMs }) };
      const complete = defences["ephemeral-keys"] ? identity : { ...identity, kept };
      return role === "server" ? new Server(env, complete) : new Client(env, complete);
    },
    longTermSecrets(principal) {
      const own = parties.find((p) => p.name === principal);
      if (own === undefined) return [];
      const keys = [own.statics, own.signing, ...(defences["ephemeral-keys"] ? [] : [own.kept])];
      return keys.map((k) => k.privateKey);
    },
    publicValues: [root.publicKey, ...shown.flatMap((p) => [p.certificate, p.statics.publicKey])],
    identities: hidden.flatMap((p) => [
      p.statics.publicKey,
      p.signing.publicKey,
      // What is hers alone in her certificate; the rest is much like others.
      p.certificate.slice(-signatureBytes),
    ]),
  };
}

/**
 * Only the server has seen her certificate, so that hiding it is worth something. Those of all
 * others are public: attackers should lack nothing to impersonate them.
 */
const unknown: Principal = "carol";

const workload: Workload = {
  sessions: [
    {
      start: 0,
      messages: [
        ...say("client", "alice opens the north gate", "gate 4"),
        ...say("client", fill("alice counts the crates", messageBytes)),
        ...say("client", fill("alice says more than fits", messageBytes + 1)),
        ...say("server", "bob asks who has the other key"),
        ...say("server", fill("bob reads the list", messageBytes), "bob agrees"),
      ],
    },
    {
      start: 35,
      principals: { client: "carol" },
      messages: [
        ...say("client", "carol reports the cellar dry", "carol goes home at nine"),
        ...say("server", "bob takes carol off the list"),
      ],
    },
    {
      start: "after-previous",
      messages: [
        ...say("client", "alice locks the north gate", "alice keeps the key tonight", ""),
        ...say("server", "bob wishes alice good night", "bob has seen the light", ""),
      ],
    },
  ],
};

export const secureChannel: Protocol = {
  name: "secure-channel",
  title: "The reference: EDHOC and OSCORE's records in 64-byte datagrams",
  flow,
  transport: "datagram",
  roles: [
    { name: "client", principals: ["alice"], process: "session", peer: "server" },
    { name: "server", principals: ["bob"], process: "service", port },
  ],
  options: optionSpecs,
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

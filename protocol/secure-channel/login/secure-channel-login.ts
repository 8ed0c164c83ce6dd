/**
 * The secure channel for people: they bring a password instead of a certificate, and the server
 * keeps evidence of what they said. Read it in this order: this file, login-user.ts,
 * login-host.ts, what-follows.ts; then ../login.ts, ../spake2plus.ts and ../signing.ts. For
 * certified devices: certification.ts, device.ts, device-register.ts and refusal.ts.
 *
 * Aims. What the secure channel promises two parties with certificates, it promises a server with
 * one and a user with a password. The password is shown to no other party, not even to the server;
 * an attacker, passive or active, cannot test guesses but by logging in. What a user said, the
 * server can show to others, and could not have made.
 *
 * Why each part is there:
 *
 * - The channel opens with a key pair that all parties have, the guest's. It authenticates the
 *   server, and says nothing of the client. So a user's name goes to the server only.
 * - SPAKE2+ turns the password into a strong key at both ends. The server has a verifier: with it
 *   guesses can be tested, but it is not enough to log in.
 * - The login is made for this channel: it depends on a value that only its two ends have. What an
 *   attacker in the middle carries from one channel to another fails.
 * - Its key goes into the channel's next keys. From then on, only the ends of the login can open a
 *   record. The server follows the client's first record under them: if the last answer of the
 *   login gets lost, the client can ask again under the old ones.
 * - Users who do not exist are answered like others. Guesses are counted for each user and host.
 * - Messages of users are signed, with a key that the root has certified for nothing else. The
 *   server cannot be the one who says whose key it is: it could make evidence of its own. Without
 *   a good signature, a message is neither delivered nor acknowledged.
 * - The server's journal is a chain of hashes, and has neither names nor keys nor messages in it.
 *
 * With `device=certified`, the server certifies a key of the device after a login, for 30 days.
 * With that certificate, in the place of the guest's, the device opens its next session: message_3
 * says whose it is, and there is no login. If the server does not know the certificate, it says so
 * in a way that only it can, and the device comes as a guest. What this means for the claims:
 *
 * - client-authentication, key-agreement: MAC_3 needs the device's key, as the login needs the
 *   password, and covers the whole certificate.
 * - kci: the server keeps the certificates that it has issued. An attacker who has stolen all of
 *   its keys can make others, but it takes none from the network. So impersonating a user to it
 *   still takes what only the user has.
 * - forward-secrecy: the device's key is one more long-term key. It authenticates, and is not
 *   enough to compute a session's keys.
 * - identity-hiding: message_3 is sealed for the server alone. The number in it is drawn at random,
 *   and the certificate itself travels once, in the channel that it was asked for in.
 * - password-protection: without a login there is nothing to guess at, nor to keep a user out of.
 * - non-repudiation: the certificate has no key to sign with. What users say is signed as before,
 *   with the key that the root has certified: a server that certifies devices makes no evidence.
 * - bounded-state: a certificate takes a login. Each user has 8 at most, and the oldest goes.
 *
 * Known weaknesses: an attacker who guesses a user's password locks that user out for a minute at a
 * time. An attacker who has the server's verifiers can test guesses offline, at the price of a
 * password hash each. Only what users say is signed. By default devices are not certified, and each
 * session takes a login. If they are, an attacker who has read a device's store is let in as its
 * user, and reads what the server says to that user, until the certificate ends or the server
 * restarts, but signs nothing; the number of datagrams tells whether there was a login; and a
 * session goes on without its certificate until its next whole rekey. What is said of
 * secure-channel holds here, too.
 */

import type { DeployEnv, Deployment, PlannedSession, Protocol } from "../../endpoint.ts";
import { say } from "../../kit/workload.ts";
import { datagramBytes } from "../records.ts";
import { deviceKeyIn, deviceStore } from "./device.ts";
import { dealAccounts, serverName } from "./enrolment.ts";
import { LoginHost } from "./login-host.ts";
import { LoginUser } from "./login-user.ts";
import { options, settingsOf } from "./what-follows.ts";

const flow = `
C → S: M1, mac1, cookie, METHOD, SUITES, G^x, Ci          as in secure-channel, with a RETRY
S → C: M2, Ci, G^y, {Cr, IDs, MAC2}xy
C → S: M3, Cr, {ID0, MAC3}K3                              ID0: the guest, whose key is published
S → C: M4, Ci, {}K4                                       K, K': of the channel; E = Export(K)
C → S: counter, Cr, {login, user}K
S → C: counter, Ci, {login, salt}K'                       w0, w1 = Hash(password; salt, user, S)
C → S: counter, Cr, {login, X}K                           X = g^a M^w0
S → C: counter, Ci, {login, Y}K'                          Y = g^b N^w0; H from E, names, X, Y, g^ab,
C → S: counter, Cr, {login}K                              g^(b w1) and w0
S → C: counter, Ci, {login, MAC_S(X)}K'                   under keys from H
C → S: counter, Cr, {login, MAC_C(Y)}K
S → C: counter, Ci, {login, accepted}K'                   L, L' = Expand(K; H)
C → S: counter, Cr, {path-challenge}L
S → C: counter, Ci, {path-response}L'
C → S: counter, Cr, {data, id, text}L
C → S: counter, Cr, {sig, id, time, SigC(C, S, id, time, Hash(text))}L                two pieces
S → C: counter, Ci, {ack, id}L'
S → C: counter, Ci, {data, id, text}L'                    and {ack, id}L back
`.trim();

const claims = {
  confidentiality: "Messages are sealed under keys that only the two ends have.",
  integrity: "What does not verify is discarded; messages are never cut short.",
  origin: "Nothing is delivered before the login, and what follows is sealed with its key.",
  replay: "A record is accepted once, and a message delivered once.",
  "replay-across-sessions": "Both ends bring a fresh key to each session, and to each login.",
  ordering: "A message waits until the one before it is delivered.",
  "server-authentication": "MAC_2 needs the server's static key, and the login its verifier.",
  "client-authentication": "The login's confirmation needs the user's password.",
  "key-agreement": "Keys depend on all messages, on the server's certificate and on the login.",
  "key-secrecy": "Keys are made from the channel's secrets and the login's.",
  "forward-secrecy": "Nothing that lasts, and no password, is enough to compute a session's keys.",
  kci: "To pose as a user takes the password, and what the server stores is not enough.",
  downgrade: "The transcript has the list of suites, and the server refuses a worse one.",
  "identity-hiding": "A user's name is sealed, and sent to the server alone.",
  delivery: "Every step of the login, and every message, is sent again until it is answered.",
  "honest-acknowledgement": "Acknowledgements are sealed, and made after the delivery.",
  robustness: "What is malformed or forged is discarded, and the state is as before.",
  "bounded-state": "No state before the cookie; then 64 guests, 8 from one host.",
  "non-repudiation": "Users sign what they say, with keys that the server does not have.",
  "nonce-uniqueness":
    "Nonces are made from identifier and counter, and no two sessions share a key.",
  "key-separation": "Each direction and each purpose has a key of its own.",
  "message-budget": "No datagram has more than 64 bytes.",
  "length-hiding": "All records have 64 bytes, and their number depends on no length.",
  indistinguishability: "Strangers who try a name are answered as if there were an account.",
  "password-protection": "SPAKE2+ shows nothing that a guess could be tested against.",
  "safe-parsing": "Nothing from the network is logged, and what is read has one encoding.",
};

/** In the smallest room for frames, after the header of a DATA frame. */
const messageBytes = 40;
const port = 5_685;

/** Only the server knows this name, so that hiding it is worth something. */
const unknown = "carol";

function deploy(about: DeployEnv): Deployment {
  const settings = settingsOf(about.options);
  const dealt = dealAccounts(about);
  const { server, users } = dealt;
  const known = users.filter((u) => u.principal !== unknown);
  return {
    open(role, env) {
      if (role === "server") return new LoginHost(env, { ...dealt.host(env), settings });
      return new LoginUser(env, { ...dealt.user(env), settings });
    },
    longTermSecrets(principal) {
      const { devices } = settings;
      if (principal === serverName) {
        return devices ? [...server.secrets, server.issuingKey] : server.secrets;
      }
      const own = users.filter((u) => u.principal === principal);
      const stored = devices ? about.store(principal, deviceStore(serverName)).read() : undefined;
      const deviceKey = stored && deviceKeyIn(stored);
      return [
        ...own.flatMap((u) => [u.password, u.signing.privateKey]),
        ...(deviceKey === undefined ? [] : [deviceKey]),
      ];
    },
    publicValues: [...dealt.publicValues, ...known.map((u) => u.user)],
    credentials: users,
    identities: [
      ...users.map((u) => u.signing.publicKey),
      ...users.flatMap((u) => (u.principal === unknown ? [u.user] : [])),
    ],
  };
}

/** Each login takes 17 datagrams, and attacks are tried on every one: few words are enough. */
const first: PlannedSession = {
  start: 0,
  messages: [
    ...say("client", "alice orders twelve crates"),
    ...say("server", "bob has eleven crates left"),
  ],
};
const second: PlannedSession = {
  start: "after-previous",
  principals: { client: unknown },
  messages: say("client", "carol orders all of the rest"),
};
/** With a certificate that the server has given in the first one. */
const again: PlannedSession = {
  start: "after-previous",
  messages: [
    ...say("client", "alice orders the other two"),
    ...say("server", "bob is out of crates now"),
  ],
};

export const secureChannelLogin: Protocol = {
  name: "secure-channel-login",
  title: "The reference, for users with passwords who sign what they say",
  flow,
  transport: "datagram",
  roles: [
    { name: "client", principals: ["alice"], process: "session", peer: "server" },
    { name: "server", principals: [serverName], process: "service", port },
  ],
  options,
  claims: Object.entries(claims).map(([guarantee, says]) => ({ guarantee, says })),
  limits: { datagramBytes, messageBytes },
  deploy,
  workload: ({ users, device }) => ({
    sessions: [
      first,
      ...(users === "two" ? [second] : []),
      ...(device === "certified" ? [again] : []),
    ],
  }),
};

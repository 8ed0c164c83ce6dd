/**
 * Case study: a student project for instant messaging through a relay, modelled with its flaws.
 *
 * ```
 * M1  C → S      connect 1: name, id, ciphers                                in the clear
 * M2  S → C      connect 2: public key of S (PEM, 451 bytes), common ciphers in the clear
 *                the user sees the key's fingerprint, and accepts it or not
 * M3  C → S      connect 3: base64(OAEP(public key of S; pickle[K, IV]))
 * M4  C ↔ S      secure: base64(AES-CBC(K, IV; pickle(object))), HMAC         carries M5, M6, M7
 * M5  A → S → E  client-connect 1: src, dst, ciphers, public key of A
 * M6  E → S → A  client-connect 2: src, dst, base64(OAEP(public key of A; pickle[K', IV']))
 * M7  A ↔ S ↔ E  client-com: src, dst, base64(AES-CBC(K', IV'; pickle(text))), HMAC
 * ```
 *
 * Every frame is a JSON object that a blank line ends. Keys have 32 or 16 bytes, as the suite says.
 *
 * Aims of its authors: users talk to each other through a server that passes messages on and
 * cannot read them; keys are new for each session; a MAC tells of every change.
 *
 * Known weaknesses:
 * - Only the server's key can be looked at. Users are not authenticated: a name belongs to the
 *   client that registered it last, and M5 and M6 are accepted from any sender. So an outsider gets
 *   what is meant for another user, and so does the relay, by substituting public keys.
 * - The MAC covers a ciphertext and nothing else: frames can be repeated and sent back.
 * - The key of a session depends on M3 alone. The same M1 and M3 open it again.
 * - One IV serves a whole session, in both directions.
 * - The list of ciphers is never confirmed, and neither is a key.
 * - A new key replaces the old one without a word, and a message that waits for one peer's key is
 *   sent under whichever key comes next.
 * - Objects are pickles, which run code while they are read; the first comes from an
 *   unauthenticated client.
 * - Names are in the clear, and lengths show to 16 bytes.
 *
 * What held all the same in the analysis by hand: confidentiality against an eavesdropper, and no
 * change on the way is accepted as long as the IV is not sent beside the ciphertext.
 *
 * The report has no listing. Where it is silent, the options say what was assumed; what is marked
 * *published* follows public code that has the same function names.
 */
import type {
  DeployEnv,
  Deployment,
  OptionSpecs,
  PlannedMessage,
  Protocol,
  ProtocolClaim,
} from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import { Client, type World } from "./client.ts";
import { relayKeyPair } from "./key-transport.ts";
import { Relay } from "./relay.ts";
import { settingsOf } from "./settings.ts";

const relayPrincipal = "server";
const users = ["adam", "eve"] as const;

const options: OptionSpecs = {
  iv: {
    default: "session",
    values: ["session", "message", "macced"],
    about:
      "session: the encrypting function takes no IV. message: a new one beside each ciphertext, " +
      "outside the MAC. macced: the same, under the MAC (the fix)",
    weakens: { session: ["nonce-uniqueness", "indistinguishability"], message: ["integrity"] },
  },
  serverKey: {
    default: "longTerm",
    values: ["longTerm", "perConnection"],
    about:
      "longTerm: users know it, says the text. perConnection: as published; nobody can know it",
  },
  user: {
    default: "verify",
    values: ["verify", "accept"],
    about: "what users do with the fingerprint of the server's key",
    weakens: { accept: ["server-authentication"] },
  },
  peerFingerprint: {
    default: "none",
    values: ["none", "shown"],
    about: "shown: that of a peer's key is printed, too; it is new each time, so nobody knows it",
  },
  srcCheck: {
    default: "no",
    values: ["no", "yes"],
    about: "yes: the relay compares the source of a message with the name of the connection",
  },
  exc: {
    default: "drop",
    values: ["drop", "crash"],
    about: "what an exception does to the process; drop: as published",
    weakens: { crash: ["robustness"] },
  },
  names: {
    default: "latest",
    values: ["latest", "first"],
    about: "who has a name that is registered twice; latest: as published",
  },
  handshake: {
    default: "plain",
    values: ["plain", "bound"],
    about: "bound: a nonce in M2; keys depend on M1 and M2, and both ends confirm them (a fix)",
    weakens: { plain: ["replay-across-sessions", "downgrade", "server-authentication"] },
  },
  counter: {
    default: "none",
    values: ["none", "macced"],
    about: "macced: sender and counter under each MAC (a fix)",
    weakens: { none: ["replay"] },
  },
  clients: {
    default: "unsigned",
    values: ["unsigned", "signed"],
    about:
      "signed: users have signing keys that all others know, and M3, M5, M6 are signed (a fix)",
    weakens: { unsigned: ["confidentiality", "integrity", "origin", "client-authentication"] },
  },
  objects: {
    default: "pickle",
    values: ["pickle", "json"],
    about: "json: objects that cannot run code, and escaped lines in logs (a fix)",
    weakens: { pickle: ["safe-parsing"] },
  },
};

const claims: readonly ProtocolClaim[] = [
  {
    guarantee: "confidentiality",
    says:
      "Messages are encrypted from end to end, and the server could not read them if it tried: " +
      "only the two clients know the key.",
    where: "introduction and section 4.4",
  },
  {
    guarantee: "key-secrecy",
    says: "Only the two clients know the key between them; each user's session key is its own.",
    where: "sections 4.3 and 4.4",
  },
  {
    guarantee: "replay-across-sessions",
    says: "A session's key is unique, valid for that session, and deleted when the client leaves.",
    where: "section 4.3",
  },
  {
    guarantee: "integrity",
    says: "An HMAC over each ciphertext shows whether it was changed.",
    where: "section 4.2",
  },
  {
    guarantee: "server-authentication",
    says: "The user knows the server's key and compares the fingerprint that is shown.",
    where: "sections 4 and 4.3",
  },
];

function deploy({ crypto, options: values, principals, store }: DeployEnv): Deployment {
  const settings = settingsOf(values);
  const pair = settings.longTermKey ? relayKeyPair(crypto) : undefined;
  if (pair !== undefined) store(relayPrincipal, "key file").write(pair.privateKey);
  const clients = settings.signed ? principals.filter((p) => p !== relayPrincipal) : [];
  const signers = new Map(clients.map((p) => [p, crypto.signingKeyPair()]));
  const world: World = { settings, signers, knownKey: pair?.publicKey };
  return {
    open: (role, env) => (role === "relay" ? new Relay(env, world, pair) : new Client(env, world)),
    longTermSecrets(principal) {
      if (principal === relayPrincipal) return pair === undefined ? [] : [pair.privateKey];
      const own = signers.get(principal)?.privateKey;
      return own === undefined ? [] : [own];
    },
    publicValues: [
      ...(pair === undefined ? [] : [pair.publicKey]),
      ...[...signers.values()].map((s) => s.publicKey),
    ],
    // "eve" is too short to be told from an accident.
    identities: [utf8(users[0])],
  };
}

const say = (from: string, to: string, words: string): PlannedMessage => ({
  from,
  to,
  message: utf8(words),
});

export const chatsecure: Protocol = {
  name: "chatsecure",
  title: "Secure chat: RSA key transport and AES-CBC through a relay",
  flow: `
C → S: C, ciphers
S → C: pk(S), common ciphers
C → S: OAEP(pk(S); K, IV)
A → S → E: {A, E, pk(A)}K                          K: of either client and S
E → S → A: {E, A, OAEP(pk(A); K', IV')}K
A → S → E: {A, E, {text}K'}K                       {x}K: AES-CBC(K, IV; x), HMAC(K; ciphertext)
`.trim(),
  transport: "stream",
  roles: [
    { name: "client", principals: users, process: "session", peer: "relay" },
    { name: "relay", principals: [relayPrincipal], process: "service", port: 8080 },
  ],
  options,
  claims,
  notApplicable: {
    "honest-acknowledgement": "there are no receipts, as the report says itself",
    "non-repudiation": "no message is signed, as the report says itself",
    "message-budget": "no limit is stated",
    "password-protection": "there are no passwords",
  },
  registration: true,
  deploy,
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          say("adam", "eve", "hello Eve, are you there?"),
          say("adam", "eve", "meet me at the old mill at nine"),
        ],
      },
      { start: "after-previous", messages: [say("eve", "adam", "the mill is closed on Mondays")] },
    ],
  }),
};

/**
 * Case study: a student project on a chat server with end-to-end encryption, modelled with its
 * flaws. Alice, Bob and the server share two numbers, g and n = p·q.
 *
 * ```
 *  1  A → S   SHA-256(user name : password), in hex                          64 bytes
 *  2  S → A   200: login accepted                                            or 401
 *  3  A → S   g^i mod n, in decimal                                          up to 78 bytes
 *  4  S → A   g^j mod n, in decimal;  a line of text                        two writes
 *             K(AS) = first 16 bytes of SHA-256(g^ij), big-endian, 32 bytes
 *  5  A → S   Bob                                                            Bob has done 1 to 4
 *  6  S → A   200: g^i' mod n, in decimal                                    or 404, or None
 *             K(AB) = the same of g^ii'
 *  7  A → S   E(K(AS), E(K(AB), text))                                       three writes
 *  8  S → B   Alice: g^i mod n, in decimal;  E(K(AB), text)                  four writes
 *
 *     E(K, x) = ciphertext (as long as x), tag (16), nonce (16, random): AES-128-GCM, no AAD
 * ```
 *
 * Aims of its authors: only registered users get in; no party but the receiver, and so not the
 * server, can read a message or change it unnoticed; an attacker in the middle gets nowhere.
 *
 * Known weaknesses:
 * - n is the product of two 128-bit primes. That no eavesdropper tries all primes is beside the
 *   point: such a number is factored in minutes, once for all sessions that ever were, and then
 *   logarithms are taken modulo a prime of 128 bits. The author of n can choose it so that it takes
 *   no time at all.
 * - Public values are not authenticated. The server, or an attacker between it and a user, can
 *   substitute its own values, read everything and write anything.
 * - The stored token is what is sent, in clear and before any key: an attacker who has seen one
 *   login, or read the database, logs in. It is one fast hash, and the user's name is all its salt.
 * - A message is bound to no number, name, direction or time. It can be repeated, reordered,
 *   reflected to its sender, and attributed to another user.
 * - “Sent” is said by the sender's own program, once it has written.
 * - Segments have no lengths: two that arrive as one shift everything after them.
 * - A wrong tag, or a word where a number should be, ends the thread that reads it.
 *
 * What held all the same in the analysis by hand: no nonce is used twice, and without a key no
 * changed ciphertext is accepted.
 *
 * What the programs print is told here in other words, in the same places.
 */
import type {
  Credential,
  DeployEnv,
  Deployment,
  PlannedMessage,
  Principal,
  Protocol,
  ProtocolClaim,
  Workload,
} from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import { databaseName, nameOf, writeDatabase } from "./accounts.ts";
import { Client } from "./client.ts";
import { Relay } from "./relay.ts";
import { options, settingsOf } from "./settings.ts";
import type { SigningKeys } from "./signing.ts";

const users = ["alice", "bob"] as const;
const server: Principal = "server";

const passwordAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
const passwordLength = 12;

const claims: readonly ProtocolClaim[] = [
  {
    guarantee: "confidentiality",
    says: "Messages are encrypted end to end: neither server nor anybody in between has the key.",
    where: "“Key Exchange”, client to client, with its note; “Message Encryption”",
  },
  {
    guarantee: "integrity",
    says: "The server cannot manipulate a ciphertext, and the tag of AES-GCM shows any change.",
    where: "note to “Key Exchange”; “Message Verification”",
  },
  {
    guarantee: "client-authentication",
    says: "Only users whose token is in the database of registered users are let in.",
    where: "“Client Authentication”",
  },
  {
    guarantee: "key-secrecy",
    says: "About 2^248 primes are too many to try, and a discrete logarithm hides the exponents.",
    where: "“Key Generation”",
  },
];

function deploy({ crypto, options: values, store }: DeployEnv): Deployment {
  const settings = settingsOf(values);
  const credentials = users.map(
    (principal): Credential => ({
      principal,
      user: utf8(nameOf(principal)),
      password: crypto.randomText(passwordLength, passwordAlphabet),
    }),
  );
  const database = writeDatabase(crypto, credentials);
  store(server, databaseName).write(database);
  const signing: SigningKeys = new Map(
    settings.signed ? [...users, server].map((who) => [who, crypto.signingKeyPair()]) : [],
  );
  return {
    open(role, env) {
      if (role === "relay") return new Relay(env, settings, signing);
      const account = credentials.find(({ principal }) => principal === env.self);
      return new Client(env, {
        settings,
        // A user without an account tries to log in under its name, and is refused.
        account: account ?? {
          principal: env.self,
          user: utf8(nameOf(env.self)),
          password: utf8(""),
        },
        server: env.peer ?? server,
        friend: users.find((user) => user !== env.self) ?? users[0],
        signing,
      });
    },
    longTermSecrets(principal) {
      const own = credentials.find((credential) => credential.principal === principal);
      const kept = principal === server ? [database] : own === undefined ? [] : [own.password];
      const pair = signing.get(principal);
      return pair === undefined ? kept : [...kept, pair.privateKey];
    },
    publicValues: [...signing.values()].map(({ publicKey }) => publicKey),
    credentials,
    // “Bob” is too short to be told from chance.
    identities: [utf8(nameOf("alice"))],
  };
}

const says = (from: Principal, text: string): PlannedMessage => ({
  from,
  to: from === "alice" ? "bob" : "alice",
  message: utf8(text),
});

/** Like the conversation in the report: lines typed one by one make one message. */
function workload(): Workload {
  return {
    sessions: [
      {
        start: "after-previous",
        messages: [
          says("alice", "Good morning, Bob.\nIt is me.\nDo you read this?"),
          says("alice", "the spare key is under the third flower pot"),
        ],
      },
      {
        start: "after-previous",
        messages: [says("bob", "found it, the garden looks fine")],
      },
    ],
  };
}

export const securecom: Protocol = {
  name: "securecom",
  title: "SecureCom: Diffie–Hellman modulo p·q and AES-GCM through a chat server",
  flow: [
    "A → S: hex(SHA-256(name:password))",
    "S → A: 200: login accepted",
    "A → S: gⁱ mod n",
    "S → A: gʲ mod n; “keys exchanged”",
    "A → S: Bob",
    "S → A: 200: gⁱ′ mod n",
    "A → S: E(K(AS), E(K(AB), text))  [ciphertext | tag | nonce]",
    "S → B: Alice: gⁱ mod n",
    "S → B: E(K(AB), text)  [ciphertext | tag | nonce]",
  ].join("\n"),
  transport: "stream",
  roles: [
    { name: "client", principals: users, process: "session", peer: "relay" },
    { name: "relay", principals: [server], process: "service", port: 4310 },
  ],
  options,
  claims,
  notApplicable: {
    downgrade: "nothing is negotiated",
    "non-repudiation": "not an aim, and nothing is signed",
    "message-budget": "no limit is stated; a public value alone has some 77 digits",
  },
  deploy,
  workload,
};

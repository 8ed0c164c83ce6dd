/**
 * Case study: a student project on object security for small devices, modelled with its flaws.
 *
 * ```
 *  1  C → S   Hello
 *  2  S → C   point of S                     P-384, compressed, 49 bytes
 *  3  C → S   point of C                     likewise
 *             K = HKDF-SHA-256(ECDH, no salt, "handshake data"), 32 bytes
 *  4  C → S   IV             5  C → S   base64(CFB(K, IV, user name))
 *  6  C → S   IV             7  C → S   base64(CFB(K, IV, password))
 *  8  S → C   IV             9  S → C   base64(CFB(K, IV, status sentence))
 * 10  C → S   IV            11  C → S   base64(CFB(K, IV, message))
 * ```
 *
 * Aims of its authors: a confidential, intact, replay-protected channel over UDP with perfect
 * forward secrecy, in datagrams of at most 64 bytes, for a client that has logged in.
 *
 * Known weaknesses:
 * - The server is not authenticated: any host that answers the greeting is sent the password, and
 *   an attacker in the middle replaces both points and reads and writes everything.
 * - Encryption is taken for integrity. CFB lets ciphertext bits be flipped and cut out of the
 *   middle, and an empty message needs no key at all.
 * - One key serves both directions and every place in the conversation, so that the password
 *   passes for the message, and so does the server's own reply. The text says that keys change
 *   with every message; the program changes them with every session.
 * - Datagrams are taken from any sender and for whatever comes next. One stray datagram, one
 *   duplicate or one lost half of a pair ends the program or makes it wait for ever.
 * - The receiver keeps 64 bytes of a datagram: of a message above 48 bytes it takes the beginning
 *   for the whole, and the sender is not told.
 * - Received text goes into the log as it is, under the address of the first datagram.
 *
 * What held all the same in the analysis by hand: confidentiality against an eavesdropper, forward
 * secrecy, and no acceptance of a recorded session in another one (the server crashes instead).
 *
 * What the program prints to itself is told here in other words, in the same places. The options
 * from `keys` on are repairs, the smallest that the analysis by hand proposes; with `keys=signed`
 * a signature of 64 bytes follows 3, and with `cipher=gcm` each IV is left out.
 */
import type {
  Credential,
  DeployEnv,
  Deployment,
  OptionValues,
  PlannedSession,
  Protocol,
  ProtocolClaim,
  Workload,
} from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import { Client } from "./client.ts";
import { Server } from "./server.ts";
import { mostTextBytes, options, receiveBufferBytes, settingsOf } from "./settings.ts";

const clientPrincipal = "alice";
const serverPrincipal = "bob";

/** The only account. It stands in the server's source, and in print. */
const account: Credential = {
  principal: clientPrincipal,
  user: utf8("admin"),
  password: utf8("supersafepw"),
};

const claims: readonly ProtocolClaim[] = [
  {
    guarantee: "confidentiality",
    says: "AES under a 32-byte shared key keeps what is sent confidential.",
    where: "sections 1, 2 and 3",
  },
  {
    guarantee: "integrity",
    says: "The same encryption gives integrity as well.",
    where: "sections 1 and 3",
  },
  {
    guarantee: "replay",
    says: "Replays are resisted, because keys are ephemeral and change with each message sent.",
    where: "sections 1 and 3",
  },
  {
    guarantee: "replay-across-sessions",
    says: "Replays are resisted, because the shared key is a new one in each session.",
    where: "sections 2 and 3",
  },
  {
    guarantee: "forward-secrecy",
    says: "Diffie–Hellman with ephemeral keys gives perfect forward secrecy.",
    where: "sections 1, 2 and 3",
  },
  {
    guarantee: "client-authentication",
    says: "Messages flow only once the client has shown the right user name and password.",
    where: "sections 2 and 2.1",
  },
  {
    guarantee: "message-budget",
    says: "No message may be larger than 64 bytes, and none needs to be.",
    where: "section 3",
  },
];

function deploy({ crypto, options: values }: DeployEnv): Deployment {
  const settings = settingsOf(values);
  const signingKey = settings.signed ? crypto.signingKeyPair() : undefined;
  const installation = { settings, account, ...(signingKey === undefined ? {} : { signingKey }) };
  const known = {
    settings,
    account,
    ...(signingKey === undefined ? {} : { verifyingKey: signingKey.publicKey }),
  };
  return {
    open: (role, env) =>
      role === "server"
        ? new Server(env, installation)
        : new Client(env, { ...known, server: env.peer ?? serverPrincipal }),
    // The server holds the password itself, not a hash of it.
    longTermSecrets(principal) {
      if (principal === clientPrincipal) return [account.password];
      if (principal !== serverPrincipal) return [];
      return [account.password, ...(signingKey === undefined ? [] : [signingKey.privateKey])];
    },
    ...(signingKey === undefined ? {} : { publicValues: [signingKey.publicKey] }),
    credentials: [account],
    identities: [account.user],
  };
}

const short = "unlock 7";
const usual = "Psst, sensor: a word, ok?";
/** 48 bytes, which base64 turns into the 64 of the receive buffer. */
const longest = "open the north gate at 06:45, close it at 19:30.";
/** 60 bytes, of which the receiver sees 48 and takes them for a whole order. */
const tooLong = "unlock the yard door for the cleaners at six pm, not before.";

const sessionOf = (...texts: readonly string[]): PlannedSession => ({
  start: "after-previous",
  messages: texts.map((text) => ({ from: "client", message: utf8(text) })),
});

/** With the loop there is one session: a server that loops never waits for a greeting again. */
function workload(values: OptionValues): Workload {
  if (settingsOf(values).loop) return { sessions: [sessionOf(short, usual, longest)] };
  return { sessions: [short, usual, longest, tooLong].map((text) => sessionOf(text)) };
}

export const objectSecurity: Protocol = {
  name: "object-security",
  title: "Object security: ECDH, a login and AES-CFB over UDP",
  flow: [
    "C → S: Hello",
    "S → C: point(S)",
    "C → S: point(C)",
    "C → S: IV₁",
    "C → S: base64(CFB(K, IV₁, user name))",
    "C → S: IV₂",
    "C → S: base64(CFB(K, IV₂, password))",
    "S → C: IV₃",
    "S → C: base64(CFB(K, IV₃, status))",
    "C → S: IV₄",
    "C → S: base64(CFB(K, IV₄, message))",
  ].join("\n"),
  transport: "datagram",
  roles: [
    {
      name: "client",
      principals: [clientPrincipal],
      process: "session",
      peer: "server",
      receiveBufferBytes,
    },
    {
      name: "server",
      principals: [serverPrincipal],
      process: "service",
      port: 5004,
      receiveBufferBytes,
    },
  ],
  options,
  claims,
  notApplicable: {
    downgrade: "nothing is negotiated",
    "honest-acknowledgement": "nothing is acknowledged",
    "non-repudiation": "not an aim, and nothing is signed",
  },
  limits: { datagramBytes: receiveBufferBytes, messageBytes: mostTextBytes },
  deploy,
  workload,
};

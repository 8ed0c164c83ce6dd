/**
 * Case study: a student project on a channel between a smart device and its user, over UDP.
 *
 * ```
 * M1  D → all   CONNECT:salt,num,hostname                               salt: 32 hex digits
 * M2  C → D     ACK:PASS,num,user,h,csalt,3^a mod 105341,PEM(C)         about 920 bytes
 *               h = SHA-256(SHA-256(password) ‖ salt), all hex
 * M3  D → C     ACK:ENCRYPT,PEM(D),h',3^b mod 105341                    about 880 bytes
 *               h' = SHA-256(SHA-256(password) ‖ csalt); or ERROR:LOGIN
 * M4  C → D     base64(RSA-OAEP-SHA1(PEM(D), "DATA:text,seq"))          693 bytes
 * M5  D → C     base64(RSA-OAEP-SHA1(PEM(C), "You sent IOT: text,seq+1"))
 *               both go on with seq + 2
 * M6  C → D     base64(RSA-OAEP-SHA1(PEM(D), "FIN:seq"))
 * ```
 *
 * The first seq is 3^(ab) mod 105341. M1 is sent in every turn of the device's loop while no client
 * is logged on: after each datagram, and after a minute without one. Numbers are decimal, base64
 * comes in lines of 76 characters, RSA keys have 4096 bits and are the same in all sessions.
 *
 * Aims of its authors: what device and user say to each other is confidential, intact and
 * undeniable, both are authenticated and anonymous, and an attacker on the network can do nothing.
 *
 * Known weaknesses:
 * - No hash covers the keys and numbers exchanged with it. An attacker in the middle replaces them,
 *   and both hashes still verify.
 * - Public keys are known to all and the sequence number is all that authenticates a message: it
 *   comes from a group in which a table of all logarithms takes milliseconds.
 * - A salt can be used any number of times while it is among the last ten. A recorded login opens a
 *   session when it is replayed, and the answer of the device to a salt of the client's choice is
 *   the next login.
 * - The row of the database is as good as the password, and guesses at the password can be tested
 *   against any login, the salts of which an attacker may choose.
 * - The client shows an echo whose number is no number, and whatever is shown passes for the
 *   acknowledgement of what was sent last.
 * - Almost anything unexpected ends either program; one datagram from a spoofed address has the
 *   device ignore that address for up to an hour; nothing is sent twice, and neither end ever gives
 *   up waiting.
 * - Any datagram makes the device broadcast, and the block list has no bound.
 * - A later loss of one RSA key opens everything recorded.
 *
 * What held all the same in the analysis by hand: confidentiality against an eavesdropper, the
 * order of messages, modified ciphertext is never accepted, and lengths are hidden.
 *
 * What the programs print is told here in other words, in the same places.
 */
import type {
  Credential,
  DeployEnv,
  Deployment,
  OptionSpecs,
  PlannedSession,
  Protocol,
  ProtocolClaim,
  Workload,
} from "../../endpoint.ts";
import { fromLatin1, latin1, utf8 } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import { Client } from "./client.ts";
import { Device } from "./device.ts";
import { passwordRow } from "./login.ts";
import {
  clientPort,
  deviceName,
  devicePort,
  type Installation,
  type KeyFiles,
  settingsOf,
  usersStore,
} from "./settings.ts";
import { pemOf } from "./wire.ts";

const owner = "alice";
const deviceOwner = "bob";
const receiveBufferBytes = 8192;
const rsaBits = 4096;
const clientKey = 0;
const deviceKey = 1;

const account: Credential = {
  principal: owner,
  user: utf8("homeowner"),
  password: utf8("blue wheelbarrow"),
};

const claims: readonly ProtocolClaim[] = [
  {
    guarantee: "confidentiality",
    says: "RSA keeps messages from eavesdroppers and from anyone in the middle.",
    where: "Advantages; module 2; practical advantages",
  },
  {
    guarantee: "integrity",
    says: "Encrypted traffic cannot be manipulated on its way.",
    where: "Architecture and methodology; Advantages",
  },
  {
    guarantee: "origin",
    says: "Nobody in the middle, by ARP spoofing or otherwise, can take part in the traffic.",
    where: "Advantages; practical advantages",
  },
  {
    guarantee: "server-authentication",
    says: "One step of the scheme authenticates as well, whoever is in the middle.",
    where: "Advantages; practical advantages",
  },
  {
    guarantee: "client-authentication",
    says: "Users are authenticated against a database.",
    where: "Module 3; conclusion",
  },
  {
    guarantee: "non-repudiation",
    says: "Non-repudiation is among what the scheme achieves in one step.",
    where: "Advantages",
  },
  {
    guarantee: "identity-hiding",
    says: "Anonymity is among what the scheme achieves in one step.",
    where: "Advantages",
  },
  {
    guarantee: "password-protection",
    says: "A hash keeps passwords even from the database's keeper: 2^256 guesses.",
    where: "Introduction; module 3",
  },
];

const options: OptionSpecs = {
  keyfiles: {
    default: "ok",
    values: ["ok", "swapped"],
    about: "swapped: as the printed generator writes them, each key in the file of the other",
  },
  keys: {
    default: "exchanged",
    values: ["exchanged", "pinned"],
    about: "pinned: both ends know each other's public key beforehand and take no other",
  },
  binding: {
    default: "none",
    values: ["none", "all-fields"],
    about: "all-fields: the hashes of the login cover everything that is sent with them",
  },
  salts: {
    default: "cached",
    values: ["cached", "one-time"],
    about: "one-time: either end forgets a salt when it has been used",
  },
  dh: {
    default: "toy",
    values: ["toy", "x25519"],
    about: "x25519: the first sequence number has 128 bits and comes from a real group",
  },
  echo: {
    default: "lenient",
    values: ["lenient", "strict"],
    about: "strict: an echo without a proper number is dropped, as the next line intends",
  },
  beacon: {
    default: "eager",
    values: ["eager", "timed"],
    about: "timed: one announcement a minute at most, and a block list of at most 16",
  },
  fields: {
    default: "trusted",
    values: ["trusted", "checked"],
    about: "checked: what does not have the right form is dropped and never printed raw",
  },
};

function install({ crypto, options: values }: DeployEnv): {
  readonly installation: Installation;
  readonly pairs: Readonly<Record<typeof owner | typeof deviceOwner, KeyPair>>;
} {
  const settings = settingsOf(values);
  const publicOf = new Map<string, Uint8Array>();
  const files = (pair: KeyPair): KeyFiles => {
    if (!settings.swapped) {
      const publicText = pemOf(crypto, "PUBLIC", pair.publicKey);
      return { publicText, privateKey: pair.privateKey };
    }
    const publicText = pemOf(crypto, "PRIVATE", pair.privateKey);
    publicOf.set(publicText, pair.publicKey);
    return { publicText, privateKey: undefined };
  };
  const pairs = {
    [owner]: crypto.rsaKeyPair(rsaBits, clientKey),
    [deviceOwner]: crypto.rsaKeyPair(rsaBits, deviceKey),
  } as const;
  const client = files(pairs[owner]);
  const device = files(pairs[deviceOwner]);
  return {
    pairs,
    installation: { settings, client, device, publicOf, owner, deviceOwner },
  };
}

function deploy(env: DeployEnv): Deployment {
  const { installation, pairs } = install(env);
  const { client, device, settings } = installation;
  const row = `${latin1(account.user)},${passwordRow(env.crypto, account.password)}\n`;
  env.store(deviceOwner, usersStore).write(fromLatin1(row));
  return {
    open: (role, processEnv) =>
      role === "device"
        ? new Device(processEnv, installation, [account])
        : new Client(processEnv, installation, account),
    longTermSecrets(principal) {
      if (principal === owner) return [pairs[owner].privateKey, account.password];
      if (principal === deviceOwner) return [pairs[deviceOwner].privateKey, fromLatin1(row)];
      return [];
    },
    publicValues: settings.swapped
      ? [pairs[owner].publicKey, pairs[deviceOwner].publicKey]
      : [
          pairs[owner].publicKey,
          pairs[deviceOwner].publicKey,
          fromLatin1(client.publicText),
          fromLatin1(device.publicText),
        ],
    credentials: [account],
    identities: [account.user, fromLatin1(deviceName)],
  };
}

/** 452 bytes fit into M4; the echo of it does not fit into M5. */
const tooLong = `log: ${"the night was quiet and the lamps were off; ".repeat(11)}`.slice(0, 452);

const sessionOf = (...texts: readonly string[]): PlannedSession => ({
  start: "after-previous",
  messages: texts.map((text) => ({ from: "client", message: utf8(text) })),
});

/** A session as in the report's example, another one after it, and one that ends the device. */
const workload = (): Workload => ({
  sessions: [
    sessionOf("open the greenhouse window", "water the beds, all four", "dim the porch light"),
    sessionOf("close the greenhouse window"),
    sessionOf(tooLong),
  ],
});

export const smartIot: Protocol = {
  name: "smart-iot",
  title: "Smart IoT: hashed login, RSA-OAEP and a counted channel over UDP",
  flow: [
    "D → all: CONNECT:salt,num,hostname",
    "C → D: ACK:PASS,num,user,H(H(pw)‖salt),csalt,3^a,PEM(C)",
    "D → C: ACK:ENCRYPT,PEM(D),H(H(pw)‖csalt),3^b",
    "C → D: OAEP(PEM(D), DATA:text,seq)",
    "D → C: OAEP(PEM(C), You sent IOT: text,seq+1)",
    "C → D: OAEP(PEM(D), FIN:seq)",
  ].join("\n"),
  transport: "datagram",
  roles: [
    {
      name: "client",
      principals: [owner],
      process: "session",
      port: clientPort,
      peer: "device",
      receiveBufferBytes,
    },
    {
      name: "device",
      principals: [deviceOwner],
      process: "service",
      port: devicePort,
      receiveBufferBytes,
    },
  ],
  options,
  claims,
  notApplicable: {
    downgrade: "nothing is negotiated",
    "nonce-uniqueness": "OAEP takes no nonce; salts are unique, and may be used again",
    "message-budget": "no limit is stated; messages have 693 bytes, logins more",
  },
  // What M4 can carry and M5 still repeat. The report names no limit.
  limits: { messageBytes: 449 },
  deploy,
  workload,
};

/**
 * Case study: a student project on a secured connection between two programs, modelled with its
 * flaws.
 *
 * ```
 * 1  A → B   K                                   a Fernet key, 44 characters, in clear
 * 2  B → A   Fernet(K, hash ‖ date ‖ text)       204 characters or more
 * 3  A → B   Fernet(K, hash)                     184 characters: the confirmation
 * ```
 *
 * hash = SHA-512(date ‖ text), date = 26 characters. 2 and 3 are repeated, one message at a time;
 * without 3, Bob sends 2 again every ten seconds. TCP, one connection, on one machine.
 *
 * Aims of its authors: messages that no attacker can read, or change, repeat or intercept
 * unnoticed, no false confirmations, and a log that keeps the sender from denying anything. How the
 * key is to be shared they leave out: they send it in clear, and assume that no attacker sees it.
 *
 * Known weaknesses:
 * - An eavesdropper on the first 44 bytes reads all, and can impersonate either end.
 * - An alarm is all that happens to a message that fails its checks: it is printed, confirmed and
 *   logged like any other. Sending again and the search for replays disagree, so that one late
 *   confirmation doubles a message and raises a false alarm.
 * - Nothing says in which direction a token travels: a confirmation that comes back to Alice is
 *   taken for an empty message. A connection that is cut counts as a confirmation.
 * - What one call of `recv` yields is taken for one message; anything that does not open as a token
 *   ends the program at either end. Alice serves the first client to connect, and no other.
 * - Bob never stops sending again. Dates without a fraction are seven characters short.
 * - The log holds the key and every text, and any holder of the key can have written it all.
 *
 * What held all the same in the analysis by hand, once the key is secret (`key=secret`): reading,
 * changing and carrying over messages from one connection to another. IVs never repeat.
 *
 * What the programs print is told here in other words, in the same places.
 */
import type {
  DeployEnv,
  Deployment,
  OptionValues,
  PlannedSession,
  Principal,
  Protocol,
  ProtocolClaim,
  Workload,
} from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import { Client } from "./client.ts";
import { Server } from "./server.ts";
import {
  alice,
  bob,
  type Dealt,
  optionSpecs,
  port,
  type Settings,
  settingsOf,
} from "./settings.ts";

const claims: readonly ProtocolClaim[] = [
  {
    guarantee: "confidentiality",
    says: "Fernet keeps whoever lacks the key from reading; only the two are assumed to have it.",
    where: "section on traffic analysis",
  },
  {
    guarantee: "length-hiding",
    says: "The same encryption is the protection against traffic analysis.",
    where: "section on traffic analysis",
  },
  {
    guarantee: "integrity",
    says: "A SHA-512 hash in front of the text uncovers changes and losses within a message.",
    where: "section on modification",
  },
  {
    guarantee: "replay",
    says: "A date in each message lets the receiver notice what is sent a second time.",
    where: "section on replay",
  },
  {
    guarantee: "delivery",
    says: "Each message is confirmed, and sent again every ten seconds until it is.",
    where: "section on interruption",
  },
  {
    guarantee: "honest-acknowledgement",
    says: "The encrypted hash makes confirmations valid; faked ones are not taken.",
    where: "section on interruption",
  },
  {
    guarantee: "non-repudiation",
    says: "The log of connections and messages keeps the sender from denying them.",
    where: "section on repudiation",
  },
];

function dealt({ crypto }: DeployEnv, settings: Settings): Dealt {
  const agreed = settings.key === "agreed";
  return {
    ...(settings.key === "secret" ? { shared: crypto.random(32) } : {}),
    ...(agreed ? { alice: crypto.signingKeyPair() } : {}),
    ...(agreed || settings.signed ? { bob: crypto.signingKeyPair() } : {}),
  };
}

function deploy(deployEnv: DeployEnv): Deployment {
  const settings = settingsOf(deployEnv.options);
  const keys = dealt(deployEnv, settings);
  const pairOf = (principal: Principal) => {
    if (principal === alice) return keys.alice;
    return principal === bob ? keys.bob : undefined;
  };
  const present = (...values: readonly (Uint8Array | undefined)[]): readonly Uint8Array[] =>
    values.filter((v) => v !== undefined);
  return {
    open: (role, env) =>
      role === "server" ? new Server(env, settings, keys) : new Client(env, settings, keys),
    longTermSecrets: (principal) =>
      principal === alice || principal === bob
        ? present(keys.shared, pairOf(principal)?.privateKey)
        : [],
    publicValues: present(keys.alice?.publicKey, keys.bob?.publicKey),
  };
}

const sessionOf = (...texts: readonly string[]): PlannedSession => ({
  start: "after-previous",
  messages: texts.map((text) => ({ from: "client", message: utf8(text) })),
});

/** Where the hash leaves the date out, the same words twice are what matters. */
function workload(options: OptionValues): Workload {
  const { layout } = settingsOf(options);
  const first = ["the first message", "a second message, a little longer", "and a third one"];
  const words = layout === "in" ? first : [first[0], "yes, do it", "yes, do it"];
  return {
    sessions: [sessionOf(...words.map(String)), sessionOf("here I am again", "that will be all")],
  };
}

export const aliceBob: Protocol = {
  name: "alice-bob",
  title: "Alice and Bob: Fernet tokens with hash, date and confirmation over TCP",
  flow: [
    "A → B: K",
    "B → A: Fernet(K, SHA-512(date ‖ text) ‖ date ‖ text)",
    "A → B: Fernet(K, SHA-512(date ‖ text))",
  ].join("\n"),
  transport: "stream",
  roles: [
    { name: "client", principals: [bob], process: "session", peer: "server" },
    { name: "server", principals: [alice], process: "service", port },
  ],
  options: optionSpecs,
  claims,
  notApplicable: {
    downgrade: "nothing is negotiated",
    "identity-hiding": "no identities are in use",
    "message-budget": "no limit is stated, and the shortest message takes 204 bytes",
    "password-protection": "there are no passwords",
  },
  // Bob sends again for ever; every run that blocks him ends here.
  runLimitMs: 300_000,
  deploy,
  workload,
};

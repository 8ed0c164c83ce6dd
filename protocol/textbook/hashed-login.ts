/**
 * A login that shows what a challenge does not help against: the password never travels, and yet an
 * eavesdropper on one login can run a dictionary attack offline.
 *
 * ```
 * 1  C → S   login ‖ name
 * 2  S → C   challenge ‖ nonce                     16 random bytes, fresh for each login
 * 3  C → S   answer ‖ SHA-256(password ‖ nonce)
 * 4  S → C   welcome
 * ```
 *
 * Aims: the password is not shown, and a recorded answer cannot be used again.
 *
 * Known weaknesses: everything but the nonce can be computed from a guess, so guesses can be tested
 * offline, at the price of one hash each; the server holds the password itself; an attacker in the
 * middle lets the client answer the challenge and then takes its place; nothing is encrypted,
 * authenticated or repeated after the login. Whether somebody has a name, the server tells everyone
 * who asks, since it challenges nobody else; with `strangers=challenged` it refuses all alike.
 */
import {
  type Address,
  type Credential,
  type Endpoint,
  type Env,
  type Input,
  MisuseError,
  type Output,
  type Principal,
  type Protocol,
} from "../endpoint.ts";
import { concat, lossyText, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";

const kinds = { login: 1, challenge: 2, answer: 3, welcome: 4 } as const;
const nonceBytes = 16;
const answerBytes = 32;
const maxNameBytes = 32;
/** Half-open logins; the oldest one goes. */
const mostOpen = 16;

const packet = (kind: keyof typeof kinds, rest: Uint8Array = new Uint8Array(0)): Uint8Array =>
  concat(new Uint8Array([kinds[kind]]), rest);
/** What follows the kind, if it is this kind and as long as it must be. */
const body = (bytes: Uint8Array, kind: keyof typeof kinds, length?: number) =>
  bytes[0] === kinds[kind] && (length === undefined || bytes.length === 1 + length)
    ? bytes.slice(1)
    : undefined;

const answerTo = (crypto: CryptoKit, password: Uint8Array, nonce: Uint8Array): Uint8Array =>
  crypto.hash("sha256", concat(password, nonce));

function client(env: Env, server: Principal, account: Credential): Endpoint {
  let answered = false;
  return {
    handle(input: Input): readonly Output[] {
      if (input.kind === "start")
        return [{ kind: "transmit", bytes: packet("login", account.user) }];
      if (input.kind !== "datagram") throw new MisuseError("a login takes no messages");
      const nonce = body(input.bytes, "challenge", nonceBytes);
      if (nonce !== undefined && !answered) {
        answered = true;
        const answer = answerTo(env.crypto, account.password, nonce);
        return [
          { kind: "claim", claim: { kind: "running", peer: server } },
          { kind: "submit", message: account.password, purpose: "login" },
          { kind: "transmit", bytes: packet("answer", answer) },
        ];
      }
      if (body(input.bytes, "welcome", 0) === undefined || !answered) {
        return [{ kind: "reject", reason: "unexpected" }];
      }
      return [{ kind: "exit", ok: true }];
    },
  };
}

/** Nobody's account, which no answer fits. */
const strangerOf = (crypto: CryptoKit): Credential => ({
  principal: "",
  user: new Uint8Array(0),
  password: crypto.random(nonceBytes),
});

function server(env: Env, accounts: readonly Credential[], stranger?: Credential): Endpoint {
  const open = new Map<Address, { account: Credential; nonce: Uint8Array }>();
  const challenge = (name: Uint8Array, from: Address): readonly Output[] => {
    const account = accounts.find((a) => lossyText(a.user) === lossyText(name)) ?? stranger;
    if (account === undefined) return [{ kind: "reject", reason: "unknown-peer" }];
    const nonce = env.crypto.random(nonceBytes);
    open.delete(from);
    open.set(from, { account, nonce });
    const [oldest] = open.keys();
    if (open.size > mostOpen && oldest !== undefined) open.delete(oldest);
    return [{ kind: "transmit", bytes: packet("challenge", nonce) }];
  };
  return {
    handle(input: Input): readonly Output[] {
      if (input.kind !== "datagram") return [];
      const { bytes, from } = input;
      const name = body(bytes, "login");
      if (name !== undefined) {
        return name.length > maxNameBytes
          ? [{ kind: "reject", reason: "too-long" }]
          : challenge(name, from);
      }
      const answer = body(bytes, "answer", answerBytes);
      if (answer === undefined) return [{ kind: "reject", reason: "malformed" }];
      const entry = open.get(from);
      if (entry === undefined) return [{ kind: "reject", reason: "unexpected" }];
      const { account, nonce } = entry;
      const right = env.crypto.equal(answer, answerTo(env.crypto, account.password, nonce));
      if (!right || account === stranger) {
        return [{ kind: "reject", reason: "bad-tag" }];
      }
      open.delete(from);
      return [
        { kind: "deliver", message: account.password, from: account.principal, purpose: "login" },
        { kind: "claim", claim: { kind: "commit", peer: account.principal } },
        { kind: "transmit", bytes: packet("welcome") },
      ];
    },
    stateSize: () => open.size,
  };
}

const account = (principal: Principal, password: string): Credential => ({
  principal,
  user: utf8(principal),
  password: utf8(password),
});
const accounts = [account("alice", "opal sunrise 41"), account("carol", "walnut harbour")];

export const hashedLogin: Protocol = {
  name: "hashed-login",
  title: "Challenge and hashed password",
  flow: `
C → S: login, name
S → C: challenge, N
C → S: answer, SHA-256(password, N)
S → C: welcome
`.trim(),
  transport: "datagram",
  roles: [
    { name: "client", principals: ["alice"], process: "session", peer: "server" },
    { name: "server", principals: ["bob"], process: "service", port: 7100 },
  ],
  options: {
    strangers: {
      default: "refused",
      values: ["refused", "challenged"],
      about: "what becomes of a name that nobody has: at once, or after an answer that never fits",
      weakens: { refused: ["indistinguishability", "constant-work"] },
    },
  },
  claims: [
    { guarantee: "password-protection", says: "The password itself is never sent." },
    { guarantee: "replay-across-sessions", says: "Each answer fits one challenge." },
  ],
  notApplicable: {
    downgrade: "nothing is negotiated",
    "non-repudiation": "nothing is signed",
  },
  deploy: ({ options }) => ({
    open(role, env) {
      if (role === "server") {
        const stranger = options.strangers === "challenged" ? strangerOf(env.crypto) : undefined;
        return server(env, accounts, stranger);
      }
      const own = accounts.find((a) => a.principal === env.self);
      if (own === undefined) throw new MisuseError(`${env.self} has no account`);
      return client(env, env.peer ?? "bob", own);
    },
    // The server holds the passwords themselves.
    longTermSecrets: (principal) =>
      accounts
        .filter((a) => a.principal === principal || principal === "bob")
        .map((a) => a.password),
    credentials: accounts,
  }),
  workload: () => ({
    sessions: [
      { start: 0, messages: [] },
      { start: "after-previous", messages: [], principals: { client: "carol" } },
      { start: "after-previous", messages: [] },
    ],
  }),
};

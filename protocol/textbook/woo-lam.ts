/**
 * Woo and Lam, “A lesson on authentication protocol design”, ACM Operating Systems Review 28, 1994:
 * Alice shows Bob that she is there. He cannot read what she seals, so he asks Trent what it says.
 *
 * Aims: when Bob is done, Alice has answered his challenge, just now, and for him. There is no key.
 *
 * Known weaknesses. `version=pi`, the authors' simplest form: the answer says which challenge was
 * met, but not by whom. Mallory, a registered user, begins one run as Alice and one as herself, and
 * meets Alice's challenge in her own (Abadi and Needham, “Prudent engineering practice for
 * cryptographic protocols”, IEEE Transactions on Software Engineering 22, 1996). `version=pi3`: the
 * answer has Alice's name, and then looks like a question. A challenge sent back to Bob in place of
 * a proof makes him seal the answer himself (Clark and Jacob, “A survey of authentication protocol
 * literature”, 1997). In both, the proof does not say for whom it is, and mallory passes Bob's
 * challenge on to Alice when she calls. `version=full`: everything sealed has both names and the
 * challenge, and question and answer differ in form.
 */
import type { Address, Env, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { equalBytes, text, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { initiatorAndResponder } from "./end.ts";
import { any, pack, unpack } from "./fields.ts";
import {
  Client,
  claimsOf,
  keyOf,
  type Party,
  type Result,
  running,
  Service,
  transmit,
} from "./party.ts";
import { datagrams, openTicket, sealTicket, sharedWithTrent } from "./ticket.ts";

const challengeBytes = 16;
const trent: Address = "trent:1994";

type Version = "pi" | "pi3" | "full";
interface Setting {
  /** What each principal shares with Trent, 32 bytes. */
  readonly keys: ReadonlyMap<Principal, Uint8Array>;
  readonly version: Version;
}

/** Who meets which challenge, and whose challenge it is. */
interface Fact {
  readonly prover: Principal;
  readonly verifier: Principal;
  readonly challenge: Uint8Array;
}

const inFull = ({ prover, verifier, challenge }: Fact): Uint8Array =>
  pack(utf8(prover), utf8(verifier), challenge);

const proofOf = (version: Version, fact: Fact): Uint8Array =>
  version === "full" ? inFull(fact) : fact.challenge;

function answerOf(version: Version, fact: Fact): Uint8Array {
  if (version === "full") return inFull(fact);
  return version === "pi3" ? pack(utf8(fact.prover), fact.challenge) : fact.challenge;
}

/** Alice learns nothing: she is done once she has answered. */
class Prover implements Party {
  done = false;
  readonly #env: Env;
  readonly #setting: Setting;

  constructor(env: Env, setting: Setting) {
    this.#env = env;
    this.#setting = setting;
  }

  start(): readonly OutputBody[] {
    return [transmit(utf8(this.#env.self))];
  }

  receive(challenge: Uint8Array): Result {
    const { crypto, self, peer = "" } = this.#env;
    if (this.done) return "unexpected";
    if (challenge.length !== challengeBytes) return "malformed";
    this.done = true;
    const { keys, version } = this.#setting;
    const proof = proofOf(version, { prover: self, verifier: peer, challenge });
    return [running(peer, challenge), transmit(sealTicket(crypto, keyOf(keys, self), proof, ""))];
  }

  send(): readonly OutputBody[] {
    return [];
  }
}

class Verifier implements Party {
  done = false;
  readonly #env: Env;
  readonly #setting: Setting;
  #fact: Fact | undefined;
  #hasAsked = false;

  constructor(env: Env, setting: Setting) {
    this.#env = env;
    this.#setting = setting;
  }

  receive(bytes: Uint8Array, _now: number, from: Address): Result {
    if (this.done) return "unexpected";
    if (this.#fact === undefined) return this.#called(bytes);
    if (from === trent) return this.#answered(bytes, this.#fact);
    return this.#hasAsked ? "unexpected" : this.#shown(bytes, this.#fact);
  }

  send(): readonly OutputBody[] {
    return [];
  }

  #called(bytes: Uint8Array): Result {
    const { crypto, self: verifier } = this.#env;
    const prover = text(bytes) ?? "";
    if (!this.#setting.keys.has(prover) || prover === verifier) return "unknown-peer";
    const challenge = crypto.random(challengeBytes);
    this.#fact = { prover, verifier, challenge };
    return [transmit(challenge)];
  }

  /** Whatever Alice shows, Trent may judge it. */
  #shown(proof: Uint8Array, { prover, challenge }: Fact): Result {
    const { crypto, self } = this.#env;
    const { keys, version } = this.#setting;
    const [who, me] = [utf8(prover), utf8(self)];
    const question = version === "full" ? pack(who, me, challenge, proof) : pack(who, proof);
    this.#hasAsked = true;
    const bytes = pack(me, sealTicket(crypto, keyOf(keys, self), question, ""));
    return [{ kind: "transmit", bytes, to: trent }];
  }

  #answered(bytes: Uint8Array, fact: Fact): Result {
    if (!this.#hasAsked) return "unexpected";
    const { crypto, self } = this.#env;
    const { keys, version } = this.#setting;
    const answer = openTicket(crypto, keyOf(keys, self), bytes, "");
    if (answer === undefined) return "bad-tag";
    if (!crypto.equal(answer, answerOf(version, fact))) return "stale";
    this.done = true;
    const { prover: peer, challenge: agreed } = fact;
    return [{ kind: "claim", claim: { kind: "commit", peer, agreed } }];
  }
}

/** @returns what Bob asks about, and what he was shown; without a challenge where he states none. */
function questionOf(version: Version, question: Uint8Array) {
  if (version === "full") {
    const [prover, verifier, challenge, proof] =
      unpack(question, any, any, challengeBytes, any) ?? [];
    return prover && verifier && challenge && proof && { prover, verifier, challenge, proof };
  }
  const [prover, proof] = unpack(question, any, any) ?? [];
  return prover && proof && { prover, proof, verifier: undefined, challenge: undefined };
}

/** Trent keeps nothing: he opens what Alice has sealed, and seals for Bob what it says. */
function judged(crypto: CryptoKit, { keys, version }: Setting, bytes: Uint8Array): Result {
  const [asking, sealed] = unpack(bytes, any, any) ?? [];
  if (asking === undefined || sealed === undefined) return "malformed";
  const verifier = text(asking) ?? "";
  const key = keys.get(verifier);
  if (key === undefined) return "unknown-peer";
  const inside = openTicket(crypto, key, sealed, "");
  if (inside === undefined) return "bad-tag";
  const question = questionOf(version, inside);
  if (question === undefined) return "malformed";
  const prover = text(question.prover) ?? "";
  const theirs = keys.get(prover);
  if (theirs === undefined) return "unknown-peer";
  const proof = openTicket(crypto, theirs, question.proof, "");
  if (proof === undefined) return "bad-tag";
  const fact = { prover, verifier, challenge: question.challenge ?? proof };
  if (!equalBytes(proof, proofOf(version, fact))) return "unauthorized";
  if (question.verifier && text(question.verifier) !== verifier) return "unauthorized";
  return [transmit(sealTicket(crypto, key, answerOf(version, fact), ""))];
}

export const wooLam: Protocol = {
  name: "woo-lam",
  title: "Woo–Lam: Alice shows Bob that she is there",
  flow: `
A → B: A
B → A: Nb
A → B: {Nb}Kas                 full: {A, B, Nb}Kas
B → S: B, {A, {Nb}Kas}Kbs      full: B, {A, B, Nb, {A, B, Nb}Kas}Kbs
S → B: {Nb}Kbs                 pi3: {A, Nb}Kbs    full: {A, B, Nb}Kbs
`.trim(),
  transport: "datagram",
  roles: [
    ...initiatorAndResponder(1992),
    { name: "server", principals: ["trent"], process: "service", port: 1994 },
  ],
  options: {
    version: {
      default: "pi",
      values: ["pi", "pi3", "full"],
      about:
        "pi3: the server's answer names Alice; full: all that is sealed has names and challenge",
      weakens: { pi: ["client-authentication"], pi3: ["client-authentication"] },
    },
  },
  claims: claimsOf({
    "client-authentication": "Only Alice can seal the challenge so that the server confirms it.",
  }),
  registration: true,
  deploy({ crypto, options, principals }) {
    const { keys, longTermSecrets } = sharedWithTrent(crypto, principals);
    const setting = { keys, version: options.version as Version };
    return {
      open(role, env) {
        if (role === "server") return datagrams((bytes) => judged(env.crypto, setting, bytes));
        if (role === "initiator") return new Client(new Prover(env, setting));
        return new Service(() => new Verifier(env, setting), trent);
      },
      longTermSecrets,
    };
  },
  workload: () => ({
    sessions: [
      { start: 0, messages: [] },
      { start: 0, principals: { responder: "mallory" }, messages: [] },
      { start: "after-previous", messages: [] },
    ],
  }),
};

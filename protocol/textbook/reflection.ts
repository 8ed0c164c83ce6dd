/**
 * Mutual authentication with a shared key in three passes, in the manner of ISO/IEC 9798-2 (and,
 * with a keyed check in place of encryption, 9798-4), without the optional identifier.
 *
 * Aims: each end knows that the other is there, and both have a fresh session key.
 *
 * Known weakness: an answer fits the challenge of either side. What Alice is asked, she can be made
 * to answer herself, in a session in which she is the responder; and a peer that Bob challenges can
 * send him the same challenge in a second session (Bird, Gopal, Herzberg, Janson, Kutten, Molva and
 * Yung, “Systematic design of two-party authentication protocols”, CRYPTO 1991; the standard asks
 * for the identifier wherever that can happen). With `direction=named` an answer covers who gives
 * it, in which part, and both challenges.
 */
import { type Env, MisuseError, type Principal, type Protocol } from "../endpoint.ts";
import { concat, utf8 } from "../kit/bytes.ts";
import { say } from "../kit/workload.ts";
import { End, initiatorAndResponder, type Part } from "./end.ts";
import { message, pack, readMessage } from "./fields.ts";
import { Client, claimsOf, type Result, running, Service, transmit } from "./party.ts";
import { recordClaims } from "./records.ts";

const nonceBytes = 16;
const macBytes = 32;

interface Setting {
  readonly principals: readonly Principal[];
  /** 32 bytes, shared by the two. The key is all that names them. */
  readonly key: Uint8Array;
  readonly named: boolean;
}

abstract class Prover extends End {
  protected readonly peer: Principal;
  protected own: Uint8Array | undefined;
  readonly #setting: Setting;

  constructor(env: Env, setting: Setting) {
    super(env);
    this.#setting = setting;
    const other = setting.principals.find((p) => p !== env.self);
    if (other === undefined) throw new MisuseError("it takes two to share a key");
    this.peer = other;
  }

  /** How `part`, played by `by`, answers `challenge`. */
  protected answer(part: Part, by: Principal, challenge: Uint8Array, other: Uint8Array) {
    const { key, named } = this.#setting;
    const covered = named ? pack(utf8(part), utf8(by), challenge, other) : challenge;
    return this.env.crypto.hmac("sha256", key, covered);
  }

  protected sessionKey(na: Uint8Array, nb: Uint8Array): Uint8Array {
    return this.env.crypto.hkdfExtract("sha256", this.#setting.key, concat(na, nb));
  }

  protected challenge(): Uint8Array {
    this.own = this.env.crypto.random(nonceBytes);
    return this.own;
  }
}

class Initiator extends Prover {
  start() {
    const na = this.challenge();
    return [running(this.peer, na), transmit(message(1, na))];
  }

  protected handshake(bytes: Uint8Array): Result {
    const fields = readMessage(bytes, 2, nonceBytes, macBytes);
    if (fields === undefined || this.own === undefined) return "malformed";
    const [nb, mac] = fields;
    const [na, peer] = [this.own, this.peer];
    if (!this.env.crypto.equal(this.answer("responder", peer, na, nb), mac)) return "bad-tag";
    const key = this.sessionKey(na, nb);
    const own = this.answer("initiator", this.env.self, nb, na);
    return [transmit(message(3, own)), ...this.finish(peer, key)];
  }
}

class Responder extends Prover {
  #theirs: Uint8Array | undefined;

  protected handshake(bytes: Uint8Array): Result {
    const [na, nb] = [this.#theirs, this.own];
    return na === undefined || nb === undefined ? this.#hello(bytes) : this.#proof(bytes, na, nb);
  }

  #hello(bytes: Uint8Array): Result {
    const na = readMessage(bytes, 1, nonceBytes)?.[0];
    if (na === undefined) return "malformed";
    const nb = this.challenge();
    this.#theirs = na;
    const own = this.answer("responder", this.env.self, na, nb);
    return [running(this.peer, this.sessionKey(na, nb)), transmit(message(2, nb, own))];
  }

  #proof(bytes: Uint8Array, na: Uint8Array, nb: Uint8Array): Result {
    const mac = readMessage(bytes, 3, macBytes)?.[0];
    if (mac === undefined) return "malformed";
    const { crypto } = this.env;
    if (!crypto.equal(this.answer("initiator", this.peer, nb, na), mac)) return "bad-tag";
    return this.finish(this.peer, this.sessionKey(na, nb));
  }
}

export const reflection: Protocol = {
  name: "reflection",
  title: "Mutual challenge and response, after ISO/IEC 9798",
  flow: `
A → B: Na
B → A: Nb, MAC(K; Na)     named: MAC(K; responder, B, Na, Nb)
A → B: MAC(K; Nb)         named: MAC(K; initiator, A, Nb, Na)
A ↔ B: {text}S            S = Extract(K; Na, Nb), a key for each direction, counters
`.trim(),
  transport: "datagram",
  roles: initiatorAndResponder(9798),
  options: {
    direction: {
      default: "unnamed",
      values: ["unnamed", "named"],
      about: "named: an answer says who gives it, in which part, to both challenges",
      weakens: { unnamed: ["server-authentication", "client-authentication"] },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    "server-authentication": "Only the other holder of the key can answer a fresh challenge.",
    "client-authentication": "Only the other holder of the key can answer a fresh challenge.",
    "key-secrecy": "The session's key is made from the shared one.",
    "key-agreement": "It depends on both challenges.",
  }),
  deploy({ crypto, options, principals }) {
    const key = crypto.random(32);
    const setting = { principals, key, named: options.direction === "named" };
    return {
      open: (role, env) =>
        role === "initiator"
          ? new Client(new Initiator(env, setting))
          : new Service(() => new Responder(env, setting)),
      longTermSecrets: () => [key],
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice reports: the north gate is shut"),
          ...say("responder", "bob confirms the north gate"),
        ],
      },
      {
        start: 35,
        principals: { initiator: "bob", responder: "alice" },
        messages: [
          ...say("initiator", "bob reports: the south gate is open"),
          ...say("responder", "alice is on her way to the south gate"),
        ],
      },
      { start: "after-previous", messages: say("initiator", "alice reports: all gates shut") },
    ],
  }),
};

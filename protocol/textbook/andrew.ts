/**
 * The handshake of the Andrew file system's RPC (Satyanarayanan, “Integrating security in a large
 * distributed system”, ACM Transactions on Computer Systems 7, 1989): two that share a key get a
 * new one for their session.
 *
 * Aims: each knows that the other is there, and both have the new key, which nobody else has.
 *
 * Known weaknesses. `version=original`: nothing in the last message is of this run. One of an
 * earlier run is taken again (Burrows, Abadi and Needham, “A logic of authentication”, ACM
 * Transactions on Computer Systems 8, 1990), and so is the second message of the same run, for
 * nonces are as long as keys (Clark and Jacob, “A survey of authentication protocol literature”,
 * 1997). `version=ban`, in the manner of Burrows, Abadi and Needham: the key comes together with
 * Alice's nonce, but not with a name. Where users also answer calls, what Alice sends to Bob is
 * sent back to her as a call of Bob's, and she gets all answers from herself (Lowe, “Some new
 * attacks upon security protocols”, Computer Security Foundations Workshop 1996; the original has
 * this flaw as well). `version=lowe`: the key comes with the name of who has made it. No version
 * has forward secrecy.
 */
import type { Env, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { bigintBytes, bytesBigint, concat, text, utf8 } from "../kit/bytes.ts";
import { say } from "../kit/workload.ts";
import { End, initiatorAndResponder } from "./end.ts";
import { any, pack, unpack } from "./fields.ts";
import { Client, claimsOf, type Result, running, Service, transmit } from "./party.ts";
import { recordClaims } from "./records.ts";
import { openTicket, sealTicket } from "./ticket.ts";

/** Nonces and keys. */
const unitBytes = 32;
const nothing = new Uint8Array(0);

type Version = "original" | "ban" | "lowe";
interface Setting {
  /** The two that share the key. */
  readonly pair: readonly Principal[];
  readonly key: Uint8Array;
  readonly version: Version;
}

/** The next number, as many bytes long; zero comes after the highest one. */
const successor = (nonce: Uint8Array): Uint8Array =>
  bigintBytes((bytesBigint(nonce) + 1n) % (1n << BigInt(8 * unitBytes)), unitBytes);

abstract class Holder extends End {
  protected readonly setting: Setting;
  protected readonly peer: Principal;

  constructor(env: Env, setting: Setting) {
    super(env);
    this.setting = setting;
    this.peer = setting.pair.find((p) => p !== env.self) ?? "";
  }

  protected fresh(): Uint8Array {
    return this.env.crypto.random(unitBytes);
  }

  protected seal(key: Uint8Array, ...units: readonly Uint8Array[]): Uint8Array {
    return sealTicket(this.env.crypto, key, concat(...units), "");
  }

  /** @returns the first two units, and what follows; or `undefined` if there are fewer. */
  protected pairIn(sealed: Uint8Array) {
    const inside = openTicket(this.env.crypto, this.setting.key, sealed, "");
    if (inside === undefined || inside.length < 2 * unitBytes) return undefined;
    const [first, second] = [inside.slice(0, unitBytes), inside.slice(unitBytes, 2 * unitBytes)];
    return { first, second, rest: inside.slice(2 * unitBytes) };
  }

  /** Does this unit, and nothing else, stand in there? */
  protected shows(key: Uint8Array, sealed: Uint8Array, unit: Uint8Array): Result | true {
    const inside = openTicket(this.env.crypto, key, sealed, "");
    if (inside === undefined) return "bad-tag";
    return this.env.crypto.equal(inside, unit) ? true : "stale";
  }
}

/** As published. */
class OriginalInitiator extends Holder {
  #nonce: Uint8Array = nothing;
  #isAnswered = false;

  start(): readonly OutputBody[] {
    this.#nonce = this.fresh();
    return [transmit(pack(utf8(this.env.self), this.seal(this.setting.key, this.#nonce)))];
  }

  protected handshake(bytes: Uint8Array): Result {
    const pair = this.pairIn(bytes);
    if (pair === undefined || pair.rest.length > 0) return "bad-tag";
    const { first, second } = pair;
    // The last message: a key, and a number for another time.
    if (this.#isAnswered) return this.finish(this.peer, first);
    if (!this.env.crypto.equal(first, successor(this.#nonce))) return "stale";
    this.#isAnswered = true;
    return [running(this.peer, second), transmit(this.seal(this.setting.key, successor(second)))];
  }
}

class OriginalResponder extends Holder {
  #challenge: Uint8Array | undefined;

  protected handshake(bytes: Uint8Array): Result {
    if (this.#challenge === undefined) return this.#called(bytes);
    const { key } = this.setting;
    const shown = this.shows(key, bytes, successor(this.#challenge));
    if (shown !== true) return shown;
    const session = this.fresh();
    return [
      running(this.peer, session),
      transmit(this.seal(key, session, this.fresh())),
      ...this.finish(this.peer, session, {}, undefined, this.#challenge),
    ];
  }

  #called(bytes: Uint8Array): Result {
    const [name, sealed] = unpack(bytes, any, any) ?? [];
    if (name === undefined || sealed === undefined) return "malformed";
    if (text(name) !== this.peer) return "unknown-peer";
    const { key } = this.setting;
    const nonce = openTicket(this.env.crypto, key, sealed, "");
    if (nonce?.length !== unitBytes) return "bad-tag";
    this.#challenge = this.fresh();
    return [transmit(this.seal(key, successor(nonce), this.#challenge))];
  }
}

/** As repaired by Burrows, Abadi and Needham, and by Lowe. */
class RepairedInitiator extends Holder {
  #nonce: Uint8Array = nothing;
  #session: Uint8Array | undefined;

  start(): readonly OutputBody[] {
    this.#nonce = this.fresh();
    return [transmit(pack(utf8(this.env.self), this.#nonce))];
  }

  protected handshake(bytes: Uint8Array): Result {
    if (this.#session === undefined) return this.#dealt(bytes);
    // A number for another time, which nothing here is made of.
    return bytes.length === unitBytes ? this.finish(this.peer, this.#session) : "malformed";
  }

  #dealt(bytes: Uint8Array): Result {
    const pair = this.pairIn(bytes);
    if (pair === undefined) return "bad-tag";
    if (!this.env.crypto.equal(pair.first, this.#nonce)) return "stale";
    const maker = this.setting.version === "lowe" ? this.peer : "";
    if (text(pair.rest) !== maker) return "unknown-peer";
    this.#session = pair.second;
    return [running(this.peer, pair.second), transmit(this.seal(pair.second, this.#nonce))];
  }
}

class RepairedResponder extends Holder {
  #run: { readonly nonce: Uint8Array; readonly session: Uint8Array } | undefined;

  protected handshake(bytes: Uint8Array): Result {
    if (this.#run === undefined) return this.#called(bytes);
    const { nonce, session } = this.#run;
    const shown = this.shows(session, bytes, nonce);
    if (shown !== true) return shown;
    return [transmit(this.fresh()), ...this.finish(this.peer, session)];
  }

  #called(bytes: Uint8Array): Result {
    const [name, nonce] = unpack(bytes, any, unitBytes) ?? [];
    if (name === undefined || nonce === undefined) return "malformed";
    if (text(name) !== this.peer) return "unknown-peer";
    const session = this.fresh();
    this.#run = { nonce, session };
    const maker = this.setting.version === "lowe" ? utf8(this.env.self) : nothing;
    const dealt = this.seal(this.setting.key, nonce, session, maker);
    return [running(this.peer, session), transmit(dealt)];
  }
}

export const andrew: Protocol = {
  name: "andrew",
  title: "Andrew Secure RPC",
  flow: `
A → B: A, {Na}Kab            ban, lowe: A, Na
B → A: {Na + 1, Nb}Kab       ban: {Na, K}Kab      lowe: {Na, K, B}Kab
A → B: {Nb + 1}Kab           ban, lowe: {Na}K
B → A: {K, N′b}Kab           ban, lowe: N′b
A ↔ B: counter, {text}K      a key for each direction
`.trim(),
  transport: "datagram",
  roles: initiatorAndResponder(1989),
  options: {
    version: {
      default: "original",
      values: ["original", "ban", "lowe"],
      about: "ban: the new key comes with the caller's nonce; lowe: and with its maker's name",
      weakens: {
        original: ["server-authentication", "client-authentication", "key-agreement"],
        ban: ["server-authentication", "client-authentication"],
      },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    "server-authentication": "Only who has the old key can make an answer.",
    "client-authentication": "Only who has the old key can meet the challenge.",
    "key-agreement": "The responder makes the key, and the initiator takes it.",
    "key-secrecy": "The new key travels only under the old one.",
  }),
  deploy({ crypto, options, principals }) {
    const version = options.version as Version;
    const setting = { pair: principals, key: crypto.random(unitBytes), version };
    const [initiator, responder] =
      version === "original"
        ? [OriginalInitiator, OriginalResponder]
        : [RepairedInitiator, RepairedResponder];
    return {
      open: (role, env) =>
        role === "initiator"
          ? new Client(new initiator(env, setting))
          : new Service(() => new responder(env, setting)),
      longTermSecrets: () => [setting.key],
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice opens the letter", "and adds a line"),
          ...say("responder", "bob keeps it"),
        ],
      },
      {
        start: 0,
        principals: { initiator: "bob", responder: "alice" },
        messages: [
          ...say("initiator", "bob deletes the draft"),
          ...say("responder", "alice has a copy"),
        ],
      },
      {
        start: "after-previous",
        messages: [
          ...say("initiator", "alice closes the letter"),
          ...say("responder", "bob says it is saved"),
        ],
      },
    ],
  }),
};

/**
 * Needham and Schroeder's protocol with shared keys (“Using encryption for authentication in large
 * networks of computers”, Communications of the ACM 21, 1978): Trent deals Alice a key and a ticket
 * that tells Bob the same key, and Bob asks her whether she has it now.
 *
 * Aims: each knows that the other has the key, and only they and Trent know it.
 *
 * Known weakness: Bob cannot tell whether a ticket is new. Whoever learns the key of an old session
 * sends its ticket again, answers Bob's question, and is Alice to him (Denning and Sacco,
 * “Timestamps in key distribution protocols”, Communications of the ACM 24, 1981). With
 * `timestamps=on` Trent writes the time into answer and ticket; each takes only what is fresh, and
 * Bob only tickets later than the last one of the same user. There is no forward secrecy.
 */
import type { Address, Env, Millis, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { equalBytes, readUint, text, uintBytes, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { End, initiatorAndResponder } from "./end.ts";
import { any, message, pack, readMessage, unpack } from "./fields.ts";
import { Client, claimsOf, keyOf, type Result, running, Service, transmit } from "./party.ts";
import { recordClaims } from "./records.ts";
import { datagrams, openTicket, sealTicket, sharedWithTrent } from "./ticket.ts";

const nonceBytes = 16;
const keyBytes = 32;
const timeBytes = 6;
/** How far two clocks, and a message under way, may be apart. */
const freshMs = 1_000;
const trent: Address = "trent:1978";

interface Setting {
  /** What each principal shares with Trent, 32 bytes. */
  readonly keys: ReadonlyMap<Principal, Uint8Array>;
  readonly stamped: boolean;
}

/** Zero where nothing is stamped. */
const stamp = ({ stamped }: Setting, now: Millis): Uint8Array =>
  uintBytes(stamped ? Math.floor(now) : 0, timeBytes);

const isFresh = ({ stamped }: Setting, time: Millis, now: Millis): boolean =>
  !stamped || Math.abs(now - time) <= freshMs;

abstract class User extends End {
  protected readonly setting: Setting;

  constructor(env: Env, setting: Setting) {
    super(env);
    this.setting = setting;
  }

  protected seal(key: Uint8Array, content: Uint8Array, use: string): Uint8Array {
    return sealTicket(this.env.crypto, key, content, use);
  }

  protected opened(key: Uint8Array, sealed: Uint8Array | undefined, use: string) {
    return sealed === undefined ? undefined : openTicket(this.env.crypto, key, sealed, use);
  }

  protected get ownKey(): Uint8Array {
    return keyOf(this.setting.keys, this.env.self);
  }
}

class Initiator extends User {
  #nonce: Uint8Array = new Uint8Array(0);
  #key: Uint8Array | undefined;

  start(): readonly OutputBody[] {
    const { crypto, self, peer = "" } = this.env;
    this.#nonce = crypto.random(nonceBytes);
    const bytes = message(1, utf8(self), utf8(peer), this.#nonce);
    return [{ kind: "transmit", bytes, to: trent }];
  }

  override receive(bytes: Uint8Array, now: Millis, from: Address): Result {
    return bytes[0] === 2 ? this.#dealt(bytes, now) : super.receive(bytes, now, from);
  }

  /** The server's answer. */
  #dealt(bytes: Uint8Array, now: Millis): Result {
    const { peer = "" } = this.env;
    if (this.#key !== undefined) return "unexpected";
    const inside = this.opened(this.ownKey, readMessage(bytes, 2, any)?.[0], "answer");
    if (inside === undefined) return "bad-tag";
    const fields = unpack(inside, nonceBytes, any, keyBytes, timeBytes, any);
    if (fields === undefined) return "malformed";
    const [nonce, name, key, time, ticket] = fields;
    if (!equalBytes(nonce, this.#nonce)) return "stale";
    if (!isFresh(this.setting, readUint(time), now)) return "stale";
    if (text(name) !== peer) return "unknown-peer";
    this.#key = key;
    return [running(peer, key), transmit(message(3, ticket))];
  }

  /** The responder's question, which shows that it has the key. */
  protected handshake(bytes: Uint8Array): Result {
    if (this.#key === undefined) return "unexpected";
    const nonce = this.opened(this.#key, readMessage(bytes, 4, any)?.[0], "question");
    if (nonce === undefined) return "bad-tag";
    const answer = transmit(message(5, this.seal(this.#key, nonce, "reply")));
    return [answer, ...this.finish(this.env.peer ?? "", this.#key)];
  }
}

/** The times of the last tickets that a responder took, by whose they were. */
type LastTimes = Map<Principal, Millis>;

class Responder extends User {
  readonly #lastTimes: LastTimes;
  #asked:
    | { readonly peer: Principal; readonly key: Uint8Array; readonly nonce: Uint8Array }
    | undefined;

  constructor(env: Env, setting: Setting, lastTimes: LastTimes) {
    super(env, setting);
    this.#lastTimes = lastTimes;
  }

  override receive(bytes: Uint8Array, now: Millis, from: Address): Result {
    if (this.#asked === undefined) return this.#called(bytes, now);
    return super.receive(bytes, now, from);
  }

  #called(bytes: Uint8Array, now: Millis): Result {
    const inside = this.opened(this.ownKey, readMessage(bytes, 3, any)?.[0], "ticket");
    if (inside === undefined) return "bad-tag";
    const fields = unpack(inside, keyBytes, timeBytes, any);
    if (fields === undefined) return "malformed";
    const [key, stamped, name] = fields;
    const [time, peer] = [readUint(stamped), text(name) ?? ""];
    if (!this.setting.keys.has(peer) || peer === this.env.self) return "unknown-peer";
    if (!this.#takes(peer, time, now)) return "stale";
    const nonce = this.env.crypto.random(nonceBytes);
    this.#asked = { peer, key, nonce };
    return [running(peer, key), transmit(message(4, this.seal(key, nonce, "question")))];
  }

  #takes(peer: Principal, time: Millis, now: Millis): boolean {
    if (!this.setting.stamped) return true;
    if (!isFresh(this.setting, time, now) || time <= (this.#lastTimes.get(peer) ?? -1))
      return false;
    this.#lastTimes.set(peer, time);
    return true;
  }

  protected handshake(bytes: Uint8Array): Result {
    if (this.#asked === undefined) return "unexpected";
    const { peer, key, nonce } = this.#asked;
    const reply = this.opened(key, readMessage(bytes, 5, any)?.[0], "reply");
    if (reply === undefined) return "bad-tag";
    if (!this.env.crypto.equal(reply, nonce)) return "stale";
    return this.finish(peer, key);
  }
}

/** Trent keeps nothing: each request makes a key. */
function dealt(crypto: CryptoKit, setting: Setting, bytes: Uint8Array, now: Millis): Result {
  const fields = readMessage(bytes, 1, any, any, nonceBytes);
  if (fields === undefined) return "malformed";
  const [from, to, nonce] = fields;
  const [asking, asked] = [text(from) ?? "", text(to) ?? ""];
  const { keys } = setting;
  if (!(keys.has(asking) && keys.has(asked))) return "unknown-peer";
  const key = crypto.random(keyBytes);
  const time = stamp(setting, now);
  const ticket = sealTicket(crypto, keyOf(keys, asked), pack(key, time, from), "ticket");
  const inside = pack(nonce, to, key, time, ticket);
  return [transmit(message(2, sealTicket(crypto, keyOf(keys, asking), inside, "answer")))];
}

export const needhamSchroederSymmetric: Protocol = {
  name: "needham-schroeder-symmetric",
  title: "Needham–Schroeder with shared keys",
  flow: `
A → S: A, B, Na
S → A: {Na, B, K, {K, A}Kbs}Kas     timestamps: {Na, B, K, T, {K, T, A}Kbs}Kas
A → B: {K, A}Kbs                    timestamps: {K, T, A}Kbs
B → A: {Nb}K                        a question
A → B: {Nb}K                        the reply
A ↔ B: counter, {text}K             a key for each direction
`.trim(),
  transport: "datagram",
  roles: [
    ...initiatorAndResponder(1979),
    { name: "server", principals: ["trent"], process: "service", port: 1978 },
  ],
  options: {
    timestamps: {
      default: "off",
      values: ["off", "on"],
      about: "on: what the server seals says when, and the responder takes no old ticket",
      weakens: { off: ["known-key"] },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    "server-authentication": "Only Bob and the server can read the ticket.",
    "client-authentication": "Only who has the key can answer Bob's question.",
    "key-secrecy": "The key travels only under keys shared with the server.",
    "key-agreement": "Each shows the other that it has the key.",
  }),
  deploy({ crypto, options, principals }) {
    const { keys, longTermSecrets } = sharedWithTrent(crypto, principals);
    const setting = { keys, stamped: options.timestamps === "on" };
    return {
      open(role, env) {
        if (role === "server") {
          return datagrams((bytes, now) => dealt(env.crypto, setting, bytes, now));
        }
        if (role === "initiator") return new Client(new Initiator(env, setting));
        const lastTimes: LastTimes = new Map();
        return new Service(() => new Responder(env, setting, lastTimes));
      },
      longTermSecrets,
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice transfers forty to carol", "and thirty to dave"),
          ...say("responder", "bob has transferred the forty"),
        ],
      },
      {
        start: "after-previous",
        messages: [
          ...say("initiator", "alice asks for her balance"),
          ...say("responder", "bob says there are sixty left"),
        ],
      },
    ],
  }),
};

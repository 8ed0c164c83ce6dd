/**
 * A session key that one end draws and gives to the other under a key that both have: sound, until
 * it is drawn from a generator that was seeded with something short (as Netscape's browser did from
 * time and process ids: I. Goldberg, D. Wagner, “Randomness and the Netscape browser”, 1996).
 *
 * ```
 * 1  A → B   1 ‖ NA 16 ‖ A
 * 2  B → A   2 ‖ {K, NA}Kab                          K of 32 bytes, which B draws
 * 3  A → B   3 ‖ HMAC(K; NA)
 * ```
 *
 * then records under K. Aims: secret texts, unchanged, once, in order, between two who know each
 * other. Not aimed at: forward secrecy.
 *
 * Known weaknesses: with `generator=weak` K follows from a seed of 20 bits. Kab is as good as ever,
 * and is not needed any more: each seed is tried against one record.
 */
import type { Env, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { concat, text, utf8 } from "../kit/bytes.ts";
import { say } from "../kit/workload.ts";
import { End, initiatorAndResponder } from "./end.ts";
import { any, message, readMessage } from "./fields.ts";
import {
  Client,
  claimsOf,
  keyOf,
  present,
  type Result,
  running,
  Service,
  transmit,
} from "./party.ts";
import { recordClaims } from "./records.ts";
import { openTicket, sealTicket } from "./ticket.ts";

const nonceBytes = 16;
const keyBytes = 32;
const seedBits = 20;
const use = "session key";

const confirmation = ({ crypto }: Env, key: Uint8Array, nonce: Uint8Array): Uint8Array =>
  crypto.hmac("sha256", key, nonce);

class Initiator extends End {
  readonly #shared: Uint8Array;
  readonly #nonce: Uint8Array;

  constructor(env: Env, shared: Uint8Array) {
    super(env);
    this.#shared = shared;
    this.#nonce = env.crypto.random(nonceBytes);
  }

  start(): readonly OutputBody[] {
    return [transmit(message(1, this.#nonce, utf8(this.env.self)))];
  }

  protected handshake(bytes: Uint8Array): Result {
    const { crypto, peer = "" } = this.env;
    const ticket = readMessage(bytes, 2, any)?.[0];
    if (ticket === undefined) return "malformed";
    const content = openTicket(crypto, this.#shared, ticket, use);
    if (content?.length !== keyBytes + nonceBytes) return "bad-tag";
    if (!crypto.equal(content.slice(keyBytes), this.#nonce)) return "replayed";
    const key = content.slice(0, keyBytes);
    return [
      running(peer, key),
      transmit(message(3, confirmation(this.env, key, this.#nonce))),
      ...this.finish(peer, key),
    ];
  }
}

class Responder extends End {
  readonly #keys: ReadonlyMap<Principal, Uint8Array>;
  readonly #isWeak: boolean;
  #begun: { peer: Principal; key: Uint8Array; nonce: Uint8Array } | undefined;

  constructor(env: Env, keys: ReadonlyMap<Principal, Uint8Array>, isWeak: boolean) {
    super(env);
    this.#keys = keys;
    this.#isWeak = isWeak;
  }

  protected handshake(bytes: Uint8Array): Result {
    return this.#begun === undefined ? this.#answer(bytes) : this.#check(bytes);
  }

  #answer(bytes: Uint8Array): Result {
    const [nonce, name] = readMessage(bytes, 1, nonceBytes, any) ?? [];
    if (nonce === undefined || name === undefined) return "malformed";
    const { crypto } = this.env;
    const peer = text(name) ?? "";
    const shared = this.#keys.get(peer);
    if (shared === undefined) return "unknown-peer";
    const key = this.#isWeak ? crypto.weakRandom(keyBytes, seedBits) : crypto.random(keyBytes);
    this.#begun = { peer, key, nonce };
    const ticket = sealTicket(crypto, shared, concat(key, nonce), use);
    return [running(peer, key), transmit(message(2, ticket))];
  }

  #check(bytes: Uint8Array): Result {
    const token = readMessage(bytes, 3, any)?.[0];
    if (token === undefined || this.#begun === undefined) return "malformed";
    const { peer, key, nonce } = this.#begun;
    if (!this.env.crypto.equal(token, confirmation(this.env, key, nonce))) return "bad-tag";
    return this.finish(peer, key);
  }
}

export const weakGenerator: Protocol = {
  name: "weak-generator",
  title: "A session key from a weak generator",
  flow: `
A → B: NA, A
B → A: {K, NA}Kab
A → B: HMAC(K; NA)
A → B: counter, {text}K1                       and likewise B to A, under K2
`.trim(),
  transport: "datagram",
  roles: initiatorAndResponder(2014),
  options: {
    generator: {
      default: "strong",
      values: ["strong", "weak"],
      about: "weak: the session key follows from a seed of 20 bits",
      weakens: {
        weak: ["confidentiality", "integrity", "origin", "client-authentication", "key-secrecy"],
      },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    origin: "Each direction has a key of its own.",
    "server-authentication": "Only Bob can seal a key for Alice's nonce.",
    "client-authentication": "Only Alice can open what Bob has sealed for her.",
    "key-secrecy": "The key is drawn at random and sent under the key of the two.",
  }),
  notApplicable: {
    downgrade: "nothing is negotiated",
    "non-repudiation": "nothing is signed",
  },
  deploy({ crypto, options, principals }) {
    const keys = new Map(principals.filter((p) => p !== "bob").map((p) => [p, crypto.random(32)]));
    return {
      open(role, env) {
        if (role === "initiator") return new Client(new Initiator(env, keyOf(keys, env.self)));
        return new Service(() => new Responder(env, keys, options.generator === "weak"));
      },
      longTermSecrets: (principal) =>
        principal === "bob" ? [...keys.values()] : present(keys.get(principal)),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "the card number follows", "five and four and three"),
          ...say("responder", "paid, and thank you"),
        ],
      },
      { start: "after-previous", messages: say("initiator", "one more of the same") },
    ],
  }),
};

/**
 * Neuman and Stubblebine, “A note on the use of timestamps as nonces”, ACM Operating Systems Review
 * 27, 1993: the first exchange, without the later ones that use its ticket again. Trent deals a key
 * for Alice and Bob, and the time in Bob's ticket is Bob's own, so that no clocks have to agree.
 *
 * Aims: each knows that the other takes part, and only they and Trent know the key, which is new.
 *
 * Known weakness: nothing says what a field is. What Bob seals for Trent is Alice's name, her nonce
 * and the time; his ticket is Alice's name, the key and the time. An adversary that calls as Alice
 * shows Bob his own request for the ticket, and knows the key in it: the nonce that it chose itself
 * (Hwang, Lee, Li, Ko and Chen, “Two attacks on Neuman–Stubblebine authentication protocols”,
 * Information Processing Letters 53, 1995). With `types=tagged` what is sealed is bound to its
 * type. Either way there is no forward secrecy, and the key that Bob shares with Trent makes one
 * Alice to him.
 */
import type { Address, Env, Millis, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { equalBytes, text, uintBytes, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { End, initiatorAndResponder } from "./end.ts";
import { any, pack, unpack } from "./fields.ts";
import { Client, claimsOf, keyOf, type Result, running, Service, transmit } from "./party.ts";
import { recordClaims } from "./records.ts";
import { datagrams, openTicket, sealTicket, sharedWithTrent } from "./ticket.ts";

const keyBytes = 32;
/** The authors do not say how long a nonce is; keys are drawn in the same way. */
const nonceBytes = keyBytes;
const timeBytes = 6;
const trent: Address = "trent:1993";
const writtenAddress = /^[a-z][a-z0-9-]*:[0-9]{1,5}$/;

type Type = "request" | "answer" | "ticket" | "proof";
interface Setting {
  /** What each principal shares with Trent, 32 bytes. */
  readonly keys: ReadonlyMap<Principal, Uint8Array>;
  readonly tagged: boolean;
}

/** Seals and opens for one principal, or for Trent. */
class Sealer {
  readonly #crypto: CryptoKit;
  readonly #tagged: boolean;

  constructor(crypto: CryptoKit, { tagged }: Setting) {
    this.#crypto = crypto;
    this.#tagged = tagged;
  }

  seal(type: Type, key: Uint8Array, ...fields: readonly Uint8Array[]): Uint8Array {
    return sealTicket(this.#crypto, key, pack(...fields), this.#tagged ? type : "");
  }

  open(type: Type, key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    return openTicket(this.#crypto, key, sealed, this.#tagged ? type : "");
  }
}

abstract class User extends End {
  protected readonly sealer: Sealer;
  protected readonly setting: Setting;

  constructor(env: Env, setting: Setting) {
    super(env);
    this.setting = setting;
    this.sealer = new Sealer(env.crypto, setting);
  }

  protected get ownKey(): Uint8Array {
    return keyOf(this.setting.keys, this.env.self);
  }
}

class Initiator extends User {
  #nonce: Uint8Array = new Uint8Array(0);

  start(): readonly OutputBody[] {
    this.#nonce = this.env.crypto.random(nonceBytes);
    return [transmit(pack(utf8(this.env.self), this.#nonce))];
  }

  /** The agreement with Bob is on the nonce: he has yet to see the key. */
  protected handshake(bytes: Uint8Array): Result {
    const [answer, ticket, challenge] = unpack(bytes, any, any, nonceBytes) ?? [];
    if (answer === undefined || ticket === undefined || challenge === undefined) return "malformed";
    const inside = this.sealer.open("answer", this.ownKey, answer);
    if (inside === undefined) return "bad-tag";
    const [name, nonce, key] = unpack(inside, any, nonceBytes, keyBytes, timeBytes) ?? [];
    if (name === undefined || nonce === undefined || key === undefined) return "malformed";
    const { peer = "" } = this.env;
    if (text(name) !== peer) return "unknown-peer";
    if (!equalBytes(nonce, this.#nonce)) return "stale";
    const proof = this.sealer.seal("proof", key, challenge);
    const last = [running(peer, key), transmit(pack(ticket, proof))];
    return [...last, ...this.finish(peer, key, {}, undefined, nonce)];
  }
}

/** What Bob keeps of a run that has begun. */
interface Called {
  readonly peer: Principal;
  readonly time: Uint8Array;
  readonly challenge: Uint8Array;
}

class Responder extends User {
  #called: Called | undefined;

  override receive(bytes: Uint8Array, now: Millis, from: Address): Result {
    return this.#called === undefined
      ? this.#call(bytes, now, from)
      : super.receive(bytes, now, from);
  }

  /** Trent is told where Alice is, for he answers her. */
  #call(bytes: Uint8Array, now: Millis, from: Address): Result {
    const [name, nonce] = unpack(bytes, any, nonceBytes) ?? [];
    if (name === undefined || nonce === undefined) return "malformed";
    const { crypto, self } = this.env;
    const peer = text(name) ?? "";
    if (!this.setting.keys.has(peer) || peer === self) return "unknown-peer";
    const [time, challenge] = [uintBytes(Math.floor(now), timeBytes), crypto.random(nonceBytes)];
    this.#called = { peer, time, challenge };
    const request = this.sealer.seal("request", this.ownKey, name, nonce, time);
    const asking = pack(utf8(self), request, challenge, utf8(from));
    return [running(peer, nonce), { kind: "transmit", bytes: asking, to: trent }];
  }

  protected handshake(bytes: Uint8Array): Result {
    if (this.#called === undefined) return "unexpected";
    const [ticket, proof] = unpack(bytes, any, any) ?? [];
    if (ticket === undefined || proof === undefined) return "malformed";
    const inside = this.sealer.open("ticket", this.ownKey, ticket);
    if (inside === undefined) return "bad-tag";
    const [name, key, time] = unpack(inside, any, keyBytes, timeBytes) ?? [];
    if (name === undefined || key === undefined || time === undefined) return "malformed";
    const { peer, challenge } = this.#called;
    if (text(name) !== peer) return "unknown-peer";
    if (!equalBytes(time, this.#called.time)) return "stale";
    const shown = this.sealer.open("proof", key, proof);
    if (shown === undefined) return "bad-tag";
    return this.env.crypto.equal(shown, challenge) ? this.finish(peer, key) : "stale";
  }
}

/** Trent keeps nothing: each request makes a key. */
function dealt(crypto: CryptoKit, setting: Setting, bytes: Uint8Array): Result {
  const [asking, request, challenge, address] = unpack(bytes, any, any, nonceBytes, any) ?? [];
  if (!asking || !request || !challenge || !address) return "malformed";
  const to = text(address) ?? "";
  if (!writtenAddress.test(to)) return "malformed";
  const { keys } = setting;
  const sealer = new Sealer(crypto, setting);
  const responderKey = keys.get(text(asking) ?? "");
  if (responderKey === undefined) return "unknown-peer";
  const inside = sealer.open("request", responderKey, request);
  if (inside === undefined) return "bad-tag";
  const [calling, nonce, time] = unpack(inside, any, nonceBytes, timeBytes) ?? [];
  if (calling === undefined || nonce === undefined || time === undefined) return "malformed";
  const initiatorKey = keys.get(text(calling) ?? "");
  if (initiatorKey === undefined) return "unknown-peer";
  const key = crypto.random(keyBytes);
  const answer = sealer.seal("answer", initiatorKey, asking, nonce, key, time);
  const ticket = sealer.seal("ticket", responderKey, calling, key, time);
  return [{ kind: "transmit", bytes: pack(answer, ticket, challenge), to }];
}

export const neumanStubblebine: Protocol = {
  name: "neuman-stubblebine",
  title: "Neuman–Stubblebine",
  flow: `
A → B: A, Na
B → S: B, {A, Na, Tb}Kbs, Nb, and where A is
S → A: {B, Na, K, Tb}Kas, {A, K, Tb}Kbs, Nb
A → B: {A, K, Tb}Kbs, {Nb}K                    tagged: each {…} is bound to its type
A ↔ B: counter, {text}K                        a key for each direction
`.trim(),
  transport: "datagram",
  roles: [
    ...initiatorAndResponder(1994),
    { name: "server", principals: ["trent"], process: "service", port: 1993 },
  ],
  options: {
    types: {
      default: "plain",
      values: ["plain", "tagged"],
      about: "tagged: what is sealed is bound to its type",
      weakens: { plain: ["client-authentication", "key-secrecy", "confidentiality", "origin"] },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    "server-authentication": "The server answers only what Bob has asked about Alice's nonce.",
    "client-authentication": "Only Alice can read the key and seal Bob's nonce under it.",
    "key-agreement": "The server deals one key to both.",
    "key-secrecy": "The key travels only under keys shared with the server.",
  }),
  registration: true,
  deploy({ crypto, options, principals }) {
    const { keys, longTermSecrets } = sharedWithTrent(crypto, principals);
    const setting = { keys, tagged: options.types === "tagged" };
    return {
      open(role, env) {
        if (role === "server") return datagrams((bytes) => dealt(env.crypto, setting, bytes));
        if (role === "initiator") return new Client(new Initiator(env, setting));
        return new Service(() => new Responder(env, setting));
      },
      longTermSecrets,
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice books two seats", "and one for carol"),
          ...say("responder", "bob has put down three"),
        ],
      },
      {
        start: "after-previous",
        messages: [
          ...say("initiator", "alice cancels carol's seat"),
          ...say("responder", "bob gives the money back"),
        ],
      },
    ],
  }),
};

/**
 * Needham and Schroeder's protocol with public keys (“Using encryption for authentication in large
 * networks of computers”, 1978), as it is usually printed: all principals know all public keys.
 *
 * Aims: each end knows that the other is there, and no third party knows the two nonces. Here they
 * make the key for one message each way, as the authors suggest.
 *
 * Known weakness: nothing in the second message says who made it. A responder that Alice calls can
 * impersonate her to Bob, and use her as a decryption oracle for what Bob says (Lowe, “An attack on
 * the Needham–Schroeder public-key authentication protocol”, 1995). Lowe's repair of 1996, here
 * under a name of its own, puts Bob's name there. Neither has forward secrecy, and whoever has
 * Bob's private key reads both nonces, in the first and the last message, and goes on as Alice.
 */
import { type Env, InvariantError, type Principal, type Protocol } from "../endpoint.ts";
import { concat, equalBytes, text, utf8 } from "../kit/bytes.ts";
import type { KeyPair } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { End, initiatorAndResponder } from "./end.ts";
import { any, message, pack, readMessage, unpack } from "./fields.ts";
import type { Result } from "./party.ts";
import { Client, claimsOf, keyOf, present, running, Service, transmit } from "./party.ts";
import { recordClaims } from "./records.ts";

const nonceBytes = 16;

interface Setting {
  readonly keys: ReadonlyMap<Principal, KeyPair>;
  /** Does the second message name the responder? */
  readonly named: boolean;
}

abstract class Holder extends End {
  protected readonly setting: Setting;

  constructor(env: Env, setting: Setting) {
    super(env);
    this.setting = setting;
  }

  protected encrypt(to: Principal, number: number, ...fields: readonly Uint8Array[]): Uint8Array {
    const { publicKey } = keyOf(this.setting.keys, to);
    const sealed = this.env.crypto.rsaEncrypt("sha256", publicKey, pack(...fields));
    if (sealed === undefined) throw new InvariantError("a message is longer than a key");
    return message(number, sealed);
  }

  /** @returns what is inside a message with that number, for this principal. */
  protected decrypt(bytes: Uint8Array, number: number): Uint8Array | "unexpected" | "bad-key" {
    const sealed = readMessage(bytes, number, any)?.[0];
    if (sealed === undefined) return "unexpected";
    const { privateKey } = keyOf(this.setting.keys, this.env.self);
    return this.env.crypto.rsaDecrypt("sha256", privateKey, sealed) ?? "bad-key";
  }

  protected sessionKey(na: Uint8Array, nb: Uint8Array): Uint8Array {
    return this.env.crypto.hkdfExtract("sha256", concat(na, nb), utf8("needham-schroeder"));
  }
}

class Initiator extends Holder {
  #nonce: Uint8Array = new Uint8Array(0);

  start() {
    const { crypto, self, peer = "" } = this.env;
    this.#nonce = crypto.random(nonceBytes);
    const hello = this.encrypt(peer, 1, this.#nonce, utf8(self));
    return [running(peer, this.#nonce), transmit(hello)];
  }

  protected handshake(bytes: Uint8Array): Result {
    const { peer = "" } = this.env;
    const inside = this.decrypt(bytes, 2);
    if (typeof inside === "string") return inside;
    const { named } = this.setting;
    const fields = named
      ? unpack(inside, nonceBytes, nonceBytes, any)
      : unpack(inside, nonceBytes, nonceBytes);
    if (fields === undefined) return "malformed";
    const [na, nb, name] = fields;
    if (!equalBytes(na, this.#nonce)) return "stale";
    if (named && text(name ?? na) !== peer) return "unknown-peer";
    const key = this.sessionKey(na, nb);
    const answer = transmit(this.encrypt(peer, 3, nb));
    return [answer, ...this.finish(peer, key)];
  }
}

class Responder extends Holder {
  #peer: Principal = "";
  #nonces: readonly [na: Uint8Array, nb: Uint8Array] | undefined;

  protected handshake(bytes: Uint8Array): Result {
    return this.#nonces === undefined ? this.#hello(bytes) : this.#answered(bytes, this.#nonces);
  }

  #hello(bytes: Uint8Array): Result {
    const { keys, named } = this.setting;
    const inside = this.decrypt(bytes, 1);
    if (typeof inside === "string") return inside;
    const fields = unpack(inside, nonceBytes, any);
    if (fields === undefined) return "malformed";
    const [na, name] = fields;
    const peer = text(name);
    if (peer === undefined || !keys.has(peer)) return "unknown-peer";
    const nb = this.env.crypto.random(nonceBytes);
    this.#peer = peer;
    this.#nonces = [na, nb];
    const own = named ? [utf8(this.env.self)] : [];
    const challenge = transmit(this.encrypt(peer, 2, na, nb, ...own));
    return [running(peer, this.sessionKey(na, nb)), challenge];
  }

  #answered(bytes: Uint8Array, [na, nb]: readonly [Uint8Array, Uint8Array]): Result {
    const inside = this.decrypt(bytes, 3);
    if (typeof inside === "string") return inside;
    if (!this.env.crypto.equal(inside, nb)) return "stale";
    return this.finish(this.#peer, this.sessionKey(na, nb));
  }
}

function variant(named: boolean): Protocol {
  const name = named ? ", B" : "";
  return {
    name: named ? "needham-schroeder-lowe" : "needham-schroeder",
    title: named ? "Needham–Schroeder, repaired by Lowe" : "Needham–Schroeder with public keys",
    flow: `
A → B: {Na, A}PkB
B → A: {Na, Nb${name}}PkA
A → B: {Nb}PkB
A ↔ B: {text}K        K = KDF(Na, Nb), a key for each direction, counters
`.trim(),
    transport: "datagram",
    roles: initiatorAndResponder(1978),
    claims: claimsOf({
      ...recordClaims,
      "server-authentication": "Only the responder can read the initiator's nonce.",
      "client-authentication": "Only the initiator can read the responder's nonce.",
      "key-secrecy": "The nonces are sent only under the public keys of the two.",
      "key-agreement": "Both ends know both nonces.",
    }),
    registration: true,
    deploy({ crypto, principals }) {
      const keys = new Map(principals.map((p, i) => [p, crypto.rsaKeyPair(2048, i)]));
      const setting = { keys, named };
      return {
        open: (role, env) =>
          role === "initiator"
            ? new Client(new Initiator(env, setting))
            : new Service(() => new Responder(env, setting)),
        longTermSecrets: (principal) => present(keys.get(principal)?.privateKey),
        publicValues: [...keys.values()].map((k) => k.publicKey),
      };
    },
    workload: () => ({
      sessions: [
        {
          start: 0,
          messages: [
            ...say("initiator", "alice asks bob for last month's accounts"),
            ...say("responder", "bob will send them to alice tonight"),
          ],
        },
        // Mallory is a user like any other, and Alice has business with her too.
        { start: 5, principals: { responder: "mallory" }, messages: [] },
        {
          start: "after-previous",
          messages: [
            ...say("initiator", "alice thanks bob for the accounts"),
            ...say("responder", "bob wants a receipt from alice"),
          ],
        },
      ],
    }),
  };
}

export const needhamSchroeder = variant(false);
export const needhamSchroederLowe = variant(true);

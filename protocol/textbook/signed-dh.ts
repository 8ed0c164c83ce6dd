/**
 * A sound channel from signed Diffie–Hellman values: SIGMA with the transcript signed whole
 * (Krawczyk, “SIGMA: the ‘SIGn-and-MAc’ approach to authenticated Diffie–Hellman”, CRYPTO 2003),
 * then records under a key for each direction, each with a counter.
 *
 * Aims: secret and forward secret texts, unchanged, once, in order, between two who know that
 * they talk to each other. Not aimed at: hiding names or lengths, delivery, denial of service.
 *
 * Known weaknesses: none within its aims, until one of three faults is switched on.
 *
 * - `identities=unsigned`: signatures, MACs and keys do not depend on who talks to whom. Mallory
 *   signs Alice's half as its own: she talks to Bob, who believes to talk to Mallory (Diffie, van
 *   Oorschot and Wiener, “Authentication and authenticated key exchanges”, 1992).
 * - `keys=one`: both ends send under the same key, so that a record can be sent back to whoever
 *   made it, and both use the same nonces.
 * - `counter=ignored`: a record can be sent again.
 */
import type { Env, OptionValues, Principal, Protocol } from "../endpoint.ts";
import { text, utf8 } from "../kit/bytes.ts";
import type { KeyPair } from "../kit/crypto.ts";
import { any, message, pack, readMessage } from "./fields.ts";
import type { Party, Result } from "./party.ts";
import { Client, claimsOf, finished, keyOf, running, Service, transmit } from "./party.ts";
import { directionKeys, Records } from "./records.ts";

const pointBytes = 32;
const signatureBytes = 64;
const macBytes = 32;
type Part = "initiator" | "responder";

interface Setting {
  readonly keys: ReadonlyMap<Principal, KeyPair>;
  readonly options: OptionValues;
}

abstract class End implements Party {
  done = false;
  protected readonly env: Env;
  protected readonly setting: Setting;
  protected readonly part: Part;
  protected own: KeyPair | undefined;
  /** What both ends have seen: both halves and, where they are signed, both names. */
  #transcript: Uint8Array = new Uint8Array(0);
  protected key: Uint8Array = new Uint8Array(0);
  #records: Records | undefined;

  constructor(env: Env, setting: Setting, part: Part) {
    this.env = env;
    this.setting = setting;
    this.part = part;
  }

  protected abstract handshake(bytes: Uint8Array): Result;

  receive(bytes: Uint8Array): Result {
    return this.#records?.deliver(bytes) ?? this.handshake(bytes);
  }

  send(content: Uint8Array) {
    return this.#records?.transmit(content) ?? [];
  }

  /** Computes the key. @returns false if the peer's half is no point of the curve. */
  protected agree(own: KeyPair, theirs: Uint8Array, peer: Principal): boolean {
    const { crypto, self } = this.env;
    const shared = crypto.sharedSecret("x25519", own.privateKey, theirs);
    if (shared === undefined) return false;
    const halves = [own.publicKey, theirs];
    const names = this.setting.options.identities === "unsigned" ? [] : [utf8(self), utf8(peer)];
    const inOrder = (pair: readonly Uint8Array[]) =>
      this.part === "initiator" ? pair : pair.toReversed();
    this.#transcript = pack(...inOrder(halves), ...inOrder(names));
    this.key = crypto.hkdfExtract("sha256", shared, this.#transcript);
    return true;
  }

  /** Signature and MAC of one end: 64 and 32 bytes. */
  protected proof(): readonly Uint8Array[] {
    const { crypto, self } = this.env;
    const signed = pack(utf8(this.part), this.#transcript);
    return [crypto.sign(keyOf(this.setting.keys, self).privateKey, signed), this.#mac(this.part)];
  }

  protected proves(peer: Principal, signature: Uint8Array, mac: Uint8Array): true | "bad-signature" {
    const { crypto } = this.env;
    const theirs = this.part === "initiator" ? "responder" : "initiator";
    const { publicKey } = keyOf(this.setting.keys, peer);
    const signed = crypto.verify(publicKey, pack(utf8(theirs), this.#transcript), signature);
    return signed && crypto.equal(this.#mac(theirs), mac) ? true : "bad-signature";
  }

  #mac(part: Part): Uint8Array {
    const { crypto } = this.env;
    const key = crypto.hkdfExpand("sha256", this.key, utf8("confirm"), 32);
    return crypto.hmac("sha256", key, pack(utf8(part), this.#transcript));
  }

  protected finish(peer: Principal) {
    const { crypto } = this.env;
    const { options } = this.setting;
    const keys = directionKeys(crypto, this.key);
    const toResponder = options.keys === "one" ? keys.toInitiator : keys.toResponder;
    const [send, receive] =
      this.part === "initiator"
        ? [toResponder, keys.toInitiator]
        : [keys.toInitiator, toResponder];
    const checksCounter = options.counter !== "ignored";
    this.#records = new Records({ crypto, peer, send, receive, checksCounter });
    this.done = true;
    return finished(peer, this.key);
  }
}

class Initiator extends End {
  start() {
    this.own = this.env.crypto.keyPair("x25519");
    const { publicKey } = this.own;
    const claim = running(this.env.peer ?? "", publicKey);
    return [claim, transmit(message(1, publicKey, utf8(this.env.self)))];
  }

  protected handshake(bytes: Uint8Array): Result {
    const { peer = "" } = this.env;
    const fields = readMessage(bytes, 2, pointBytes, signatureBytes, macBytes);
    if (fields === undefined || this.own === undefined) return "malformed";
    const [theirs, signature, mac] = fields;
    if (!this.agree(this.own, theirs, peer)) return "bad-key";
    const proves = this.proves(peer, signature, mac);
    if (proves !== true) return proves;
    const answer = transmit(message(3, ...this.proof()));
    return [running(peer, this.key), answer, ...this.finish(peer)];
  }
}

class Responder extends End {
  #peer: Principal | undefined;

  protected handshake(bytes: Uint8Array): Result {
    return this.#peer === undefined ? this.#hello(bytes) : this.#proof(bytes, this.#peer);
  }

  #hello(bytes: Uint8Array): Result {
    const fields = readMessage(bytes, 1, pointBytes, any);
    if (fields === undefined) return "malformed";
    const peer = text(fields[1]) ?? "";
    if (!this.setting.keys.has(peer)) return "unknown-peer";
    const own = this.env.crypto.keyPair("x25519");
    if (!this.agree(own, fields[0], peer)) return "bad-key";
    this.#peer = peer;
    return [running(peer, this.key), transmit(message(2, own.publicKey, ...this.proof()))];
  }

  #proof(bytes: Uint8Array, peer: Principal): Result {
    const fields = readMessage(bytes, 3, signatureBytes, macBytes);
    if (fields === undefined) return "malformed";
    const proves = this.proves(peer, ...fields);
    return proves === true ? this.finish(peer) : proves;
  }
}

const say = (from: Part, ...texts: readonly string[]) =>
  texts.map((words) => ({ from, message: utf8(words) }));

export const signedDh: Protocol = {
  name: "signed-dh",
  title: "Signed Diffie–Hellman, after SIGMA",
  flow: `
A → B: X, A                              X = g^x, Y = g^y, T = X, Y, A, B
B → A: Y, SigB(responder, T), MAC(Kc; responder, T)        K = Extract(g^xy; T)
A → B: SigA(initiator, T), MAC(Kc; initiator, T)           Kc, K1, K2 = Expand(K)
A → B: counter, {text}K1                                   and likewise B to A, under K2
`.trim(),
  transport: "datagram",
  roles: [
    { name: "initiator", principals: ["alice"], process: "session", peer: "responder" },
    { name: "responder", principals: ["bob"], process: "service", port: 2003 },
  ],
  options: {
    identities: {
      default: "signed",
      values: ["signed", "unsigned"],
      about: "unsigned: neither signatures nor keys depend on the names of the two",
      weakens: { unsigned: ["server-authentication", "key-agreement", "origin"] },
    },
    keys: {
      default: "two",
      values: ["two", "one"],
      about: "one: both ends send under the same key",
      weakens: { one: ["origin", "nonce-uniqueness"] },
    },
    counter: {
      default: "checked",
      values: ["checked", "ignored"],
      about: "ignored: records are taken in any order, and again",
      weakens: { ignored: ["replay", "ordering"] },
    },
  },
  claims: claimsOf({
    confidentiality: "Texts are sealed under keys that only the two can compute.",
    integrity: "What does not verify is discarded.",
    origin: "Each direction has a key of its own.",
    replay: "Every record has a new counter, and none is taken twice.",
    "replay-across-sessions": "Both ends bring a fresh half.",
    ordering: "Counters only grow.",
    "server-authentication": "The responder signs both halves and both names.",
    "client-authentication": "The initiator signs both halves and both names.",
    "key-agreement": "Both confirm the key, which depends on both names.",
    "key-secrecy": "The halves are signed, and nobody else can combine them.",
    "forward-secrecy": "Signing keys do not help to compute the session's key.",
    kci: "Whoever has Alice's signing key cannot sign for Bob.",
    "nonce-uniqueness": "The nonce is the counter, under a key of its own for each direction.",
  }),
  registration: true,
  deploy({ crypto, options, principals }) {
    const keys = new Map(principals.map((p) => [p, crypto.signingKeyPair()]));
    const setting = { keys, options };
    return {
      open: (role, env) =>
        role === "initiator"
          ? new Client(new Initiator(env, setting, "initiator"))
          : new Service(() => new Responder(env, setting, "responder")),
      longTermSecrets: (principal) => [keyOf(keys, principal).privateKey],
      publicValues: [...keys.values()].map((k) => k.publicKey),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice orders ten crates of apples", "alice adds three of pears"),
          ...say("responder", "bob can deliver on thursday", "bob asks for the address"),
        ],
      },
      {
        start: "after-previous",
        messages: [
          ...say("initiator", "alice changes the order to plums"),
          ...say("responder", "bob has taken note of the plums"),
        ],
      },
    ],
  }),
};

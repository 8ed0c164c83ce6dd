/**
 * Messages that are to be kept as evidence, under a key that sender and receiver share.
 *
 * Aims: the receiver gets each message once and unchanged, and can show later who wrote it.
 *
 * Known weakness: by default the evidence is a MAC. Every verifier can also make it, so that it
 * shows the author to the receiver, and to no third party (ISO/IEC 13888-1; the two purposes are
 * kept apart already in Diffie and Hellman, “New directions in cryptography”, 1976, §IV). With
 * `evidence=signature` the sender signs. Neither has forward secrecy.
 */
import type { Env, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { concat, text, utf8 } from "../kit/bytes.ts";
import type { KeyPair } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { any, message, pack, readMessage, unpack } from "./fields.ts";
import type { Party, Result } from "./party.ts";
import { Client, claimsOf, finished, keyOf, present, running, Service, transmit } from "./party.ts";
import { directionKeys, Records, recordClaims } from "./records.ts";

const nonceBytes = 16;
const empty: Uint8Array = new Uint8Array(0);

interface Setting {
  /** Each sender's key, 32 bytes, which the receiver has as well. */
  readonly shared: ReadonlyMap<Principal, Uint8Array>;
  readonly signing: ReadonlyMap<Principal, KeyPair>;
  readonly signs: boolean;
}

/** What the evidence covers: from whom to whom, in which session, which words. */
const covered = (from: Principal, to: Principal, key: Uint8Array, words: Uint8Array) =>
  pack(utf8(from), utf8(to), key, words);

class Sender implements Party {
  done = false;
  readonly #env: Env;
  readonly #setting: Setting;
  #nonce = empty;
  #run = empty;
  #records: Records | undefined;

  constructor(env: Env, setting: Setting) {
    this.#env = env;
    this.#setting = setting;
  }

  start() {
    this.#nonce = this.#env.crypto.random(nonceBytes);
    const { self, peer = "" } = this.#env;
    return [running(peer, this.#nonce), transmit(message(1, this.#nonce, utf8(self)))];
  }

  receive(bytes: Uint8Array): Result {
    const theirs = readMessage(bytes, 2, nonceBytes)?.[0];
    if (theirs === undefined) return "malformed";
    if (this.done) return "unexpected";
    const { crypto, self, peer = "" } = this.#env;
    this.#run = concat(this.#nonce, theirs);
    const key = crypto.hkdfExtract("sha256", keyOf(this.#setting.shared, self), this.#run);
    const { toResponder: send, toInitiator: receive } = directionKeys(crypto, key);
    this.#records = new Records({ crypto, peer, send, receive });
    this.done = true;
    const secret: OutputBody = { kind: "claim", claim: { kind: "secret", peer, value: key } };
    return [secret, { kind: "ready" }];
  }

  send(words: Uint8Array) {
    const { crypto, self, peer = "" } = this.#env;
    const { shared, signing, signs } = this.#setting;
    const content = covered(self, peer, this.#run, words);
    const evidence = signs
      ? crypto.sign(keyOf(signing, self).privateKey, content)
      : crypto.hmac("sha256", keyOf(shared, self), content);
    return this.#records?.transmit(pack(evidence, words)) ?? [];
  }
}

class Receiver implements Party {
  done = false;
  readonly #env: Env;
  readonly #setting: Setting;
  #peer: Principal = "";
  #key = empty;
  #run = empty;
  #records: Records | undefined;

  constructor(env: Env, setting: Setting) {
    this.#env = env;
    this.#setting = setting;
  }

  receive(bytes: Uint8Array): Result {
    return this.#records === undefined ? this.#hello(bytes) : this.#record(bytes, this.#records);
  }

  /** A receiver has nothing to say. */
  send(): readonly OutputBody[] {
    return [];
  }

  #hello(bytes: Uint8Array): Result {
    const fields = readMessage(bytes, 1, nonceBytes, any);
    if (fields === undefined) return "malformed";
    const peer = text(fields[1]) ?? "";
    const shared = this.#setting.shared.get(peer);
    if (shared === undefined || peer === this.#env.self) return "unknown-peer";
    const { crypto } = this.#env;
    const nonce = crypto.random(nonceBytes);
    this.#peer = peer;
    this.#run = concat(fields[0], nonce);
    this.#key = crypto.hkdfExtract("sha256", shared, this.#run);
    const { toResponder: receive, toInitiator: send } = directionKeys(crypto, this.#key);
    this.#records = new Records({ crypto, peer, send, receive });
    return [running(peer, this.#key), transmit(message(2, nonce))];
  }

  #record(bytes: Uint8Array, records: Records): Result {
    const opened = records.open(bytes);
    if (typeof opened === "string") return opened;
    const fields = unpack(opened, this.#setting.signs ? 64 : 32, any);
    if (fields === undefined) return "malformed";
    const [evidence, words] = fields;
    if (!this.#convinces(evidence, words)) return "bad-signature";
    // The first record shows that the sender has the key.
    const first = this.done ? [] : finished(this.#peer, this.#key).slice(0, 2);
    this.done = true;
    const peer = this.#peer;
    return [
      ...first,
      { kind: "deliver", message: words, from: peer },
      { kind: "claim", claim: { kind: "evidence", peer, message: words, bytes: evidence } },
    ];
  }

  #convinces(evidence: Uint8Array, words: Uint8Array): boolean {
    const { crypto, self } = this.#env;
    const { shared, signing, signs } = this.#setting;
    const content = covered(this.#peer, self, this.#run, words);
    if (signs) return crypto.verify(keyOf(signing, this.#peer).publicKey, content, evidence);
    return crypto.equal(crypto.hmac("sha256", keyOf(shared, this.#peer), content), evidence);
  }
}

export const macEvidence: Protocol = {
  name: "mac-evidence",
  title: "Messages kept as evidence",
  flow: `
A → B: Na, A
B → A: Nb                        S = Extract(K; Na, Nb)
A → B: counter, {E, text}S       E = MAC(K; A, B, Na, Nb, text), or SigA(the same)
`.trim(),
  transport: "datagram",
  roles: [
    { name: "sender", principals: ["alice"], process: "session", peer: "receiver" },
    { name: "receiver", principals: ["bob"], process: "service", port: 13888 },
  ],
  options: {
    evidence: {
      default: "mac",
      values: ["mac", "signature"],
      about: "what the receiver keeps: a MAC under the shared key, or the sender's signature",
      weakens: { mac: ["non-repudiation"] },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    "non-repudiation": "The receiver keeps evidence for every message.",
    "client-authentication": "Only the sender can seal what the receiver opens.",
    "key-secrecy": "The session's key is made from one that only the two have.",
    origin: "Only the sender can seal what the receiver opens.",
    "replay-across-sessions": "Both ends bring a fresh nonce.",
  }),
  deploy({ crypto, options, principals }) {
    const shared = new Map(principals.map((p) => [p, crypto.random(32)]));
    const signing = new Map(principals.map((p) => [p, crypto.signingKeyPair()]));
    const setting = { shared, signing, signs: options.evidence === "signature" };
    return {
      open: (role, env) =>
        role === "sender"
          ? new Client(new Sender(env, setting))
          : new Service(() => new Receiver(env, setting)),
      longTermSecrets: (p) => [
        ...(p === "bob" ? shared.values() : present(shared.get(p))),
        ...present(signing.get(p)?.privateKey),
      ],
      publicValues: [...signing.values()].map((k) => k.publicKey),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: say("sender", "alice buys the white horse", "alice pays forty crowns for it"),
      },
      { start: "after-previous", messages: say("sender", "alice sells the white horse again") },
    ],
  }),
};

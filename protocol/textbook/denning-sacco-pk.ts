/**
 * Denning and Sacco, “Timestamps in key distribution protocols”, Communications of the ACM 24,
 * 1981, the protocol with public keys: Alice gets certificates for both from Trent, makes a key,
 * signs it with the time, and sends all of it to Bob under his public key.
 *
 * Aims: Bob has a key that Alice made just now, for talking to him, and nobody else has it.
 *
 * Known weakness: what Alice signs does not say for whom. Bob, or mallory, once Alice has called
 * her, opens it, and sends it on under the public key of a third one, who takes it for Alice's call
 * (Abadi and Needham, “Prudent engineering practice for cryptographic protocols”, IEEE Transactions
 * on Software Engineering 22, 1996). With `named=yes` Alice signs both names as well. Bob takes
 * only times later than those before, which the authors leave open. Alice alone chooses the key,
 * and there is no forward secrecy. Whoever has the key that Bob opens with reads the session's key,
 * and goes on as Alice.
 */

import {
  type Address,
  type Env,
  InvariantError,
  type Millis,
  type OutputBody,
  type Principal,
  type Protocol,
} from "../endpoint.ts";
import { readUint, text, uintBytes, utf8 } from "../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { initiatorAndResponder } from "./end.ts";
import { any, pack, unpack } from "./fields.ts";
import {
  Client,
  claimsOf,
  finished,
  keyOf,
  type Party,
  type Result,
  running,
  Service,
  transmit,
} from "./party.ts";
import { directionKeys, Records, recordClaims } from "./records.ts";
import { datagrams } from "./ticket.ts";

const keyBytes = 32;
const timeBytes = 6;
const verifyingBytes = 32;
const signatureBytes = 64;
const rsaBits = 2048;
/** How far two clocks, and a message under way, may be apart. */
const freshMs = 1_000;
const trent: Address = "trent:1981";

/** What a principal signs with, and what others seal to. */
interface UserKeys {
  readonly signing: KeyPair;
  readonly sealing: KeyPair;
}

interface Setting {
  readonly users: ReadonlyMap<Principal, UserKeys>;
  readonly certificates: ReadonlyMap<Principal, Uint8Array>;
  /** Trent's public key. */
  readonly authority: Uint8Array;
  readonly named: boolean;
}

/** Public keys, and whose they are. */
interface Certified {
  readonly name: Principal;
  readonly verifying: Uint8Array;
  readonly sealing: Uint8Array;
}

function certificateOf(crypto: CryptoKit, name: Principal, keys: UserKeys, by: KeyPair) {
  const content = pack(utf8(name), keys.signing.publicKey, keys.sealing.publicKey);
  return pack(crypto.sign(by.privateKey, content), content);
}

function certified(crypto: CryptoKit, s: Setting, bytes: Uint8Array): Certified | undefined {
  const [signature, content] = unpack(bytes, signatureBytes, any) ?? [];
  if (signature === undefined || content === undefined) return undefined;
  if (!crypto.verify(s.authority, content, signature)) return undefined;
  const [name, verifying, sealing] = unpack(content, any, verifyingBytes, any) ?? [];
  if (name === undefined || verifying === undefined || sealing === undefined) return undefined;
  return { name: text(name) ?? "", verifying, sealing };
}

/** What Alice signs. */
function statement(s: Setting, from: Principal, to: Principal, key: Uint8Array, time: Uint8Array) {
  return s.named ? pack(utf8(from), utf8(to), key, time) : pack(key, time);
}

/** Alice hears nothing of Bob's before he says something: she believes in her own key only. */
class Caller implements Party {
  readonly #env: Env;
  readonly #setting: Setting;
  #records: Records | undefined;

  constructor(env: Env, setting: Setting) {
    this.#env = env;
    this.#setting = setting;
  }

  get done(): boolean {
    return this.#records !== undefined;
  }

  start(): readonly OutputBody[] {
    const { self, peer = "" } = this.#env;
    return [{ kind: "transmit", bytes: pack(utf8(self), utf8(peer)), to: trent }];
  }

  receive(bytes: Uint8Array, now: Millis): Result {
    if (this.#records !== undefined) return this.#records.deliver(bytes);
    const { crypto, peer = "" } = this.#env;
    const [own, theirs] = unpack(bytes, any, any) ?? [];
    if (own === undefined || theirs === undefined) return "malformed";
    const callee = certified(crypto, this.#setting, theirs);
    if (callee === undefined) return "bad-signature";
    if (callee.name !== peer) return "unknown-peer";
    const key = crypto.random(keyBytes);
    const sealed = this.#sealed(callee.sealing, key, uintBytes(Math.floor(now), timeBytes));
    const { toResponder: send, toInitiator: receive } = directionKeys(crypto, key);
    this.#records = new Records({ crypto, peer, send, receive });
    return [
      running(peer, key),
      transmit(pack(own, theirs, sealed)),
      { kind: "claim", claim: { kind: "secret", peer, value: key } },
      { kind: "ready" },
    ];
  }

  send(content: Uint8Array): readonly OutputBody[] {
    return this.#records?.transmit(content) ?? [];
  }

  #sealed(to: Uint8Array, key: Uint8Array, time: Uint8Array): Uint8Array {
    const { crypto, self, peer = "" } = this.#env;
    const { signing } = keyOf(this.#setting.users, self);
    const signed = statement(this.#setting, self, peer, key, time);
    const signature = crypto.sign(signing.privateKey, signed);
    const sealed = crypto.rsaEncrypt("sha256", to, pack(key, time, signature));
    if (sealed === undefined) throw new InvariantError("a call is shorter than an RSA key");
    return sealed;
  }
}

/** The times of the last calls that were taken, by whose they were. */
type LastTimes = Map<Principal, Millis>;

class Callee implements Party {
  readonly #env: Env;
  readonly #setting: Setting;
  readonly #lastTimes: LastTimes;
  #records: Records | undefined;

  constructor(env: Env, setting: Setting, lastTimes: LastTimes) {
    this.#env = env;
    this.#setting = setting;
    this.#lastTimes = lastTimes;
  }

  get done(): boolean {
    return this.#records !== undefined;
  }

  receive(bytes: Uint8Array, now: Millis): Result {
    return this.#records?.deliver(bytes) ?? this.#called(bytes, now);
  }

  send(content: Uint8Array): readonly OutputBody[] {
    return this.#records?.transmit(content) ?? [];
  }

  /** Bob's own certificate comes along, as the authors have it; he has no use for it. */
  #called(bytes: Uint8Array, now: Millis): Result {
    const { crypto, self } = this.#env;
    const [theirs, own, sealed] = unpack(bytes, any, any, any) ?? [];
    if (theirs === undefined || own === undefined || sealed === undefined) return "malformed";
    const caller = certified(crypto, this.#setting, theirs);
    if (caller === undefined) return "bad-signature";
    const { name: peer, verifying } = caller;
    if (peer === self) return "unknown-peer";
    const { sealing } = keyOf(this.#setting.users, self);
    const inside = crypto.rsaDecrypt("sha256", sealing.privateKey, sealed);
    if (inside === undefined) return "bad-key";
    const [key, time, signature] = unpack(inside, keyBytes, timeBytes, signatureBytes) ?? [];
    if (key === undefined || time === undefined || signature === undefined) return "malformed";
    const signed = statement(this.#setting, peer, self, key, time);
    if (!crypto.verify(verifying, signed, signature)) return "bad-signature";
    if (!this.#takes(peer, readUint(time), now)) return "stale";
    const { toResponder: receive, toInitiator: send } = directionKeys(crypto, key);
    this.#records = new Records({ crypto, peer, send, receive });
    return [running(peer, key), ...finished(peer, key)];
  }

  #takes(peer: Principal, time: Millis, now: Millis): boolean {
    const last = this.#lastTimes.get(peer) ?? -1;
    if (Math.abs(now - time) > freshMs || time <= last) return false;
    this.#lastTimes.set(peer, time);
    return true;
  }
}

function shown({ certificates }: Setting, bytes: Uint8Array): Result {
  const names = unpack(bytes, any, any);
  if (names === undefined) return "malformed";
  const [own, theirs] = names.map((name) => certificates.get(text(name) ?? ""));
  if (own === undefined || theirs === undefined) return "unknown-peer";
  return [transmit(pack(own, theirs))];
}

export const denningSaccoPk: Protocol = {
  name: "denning-sacco-pk",
  title: "Denning–Sacco with public keys",
  flow: `
A → S: A, B
S → A: CA, CB                            each with a name, two public keys, and Trent's signature
A → B: CA, CB, {K, T, SigA(K, T)}Pb      named: SigA(A, B, K, T)
A ↔ B: counter, {text}K                  a key for each direction
`.trim(),
  transport: "datagram",
  roles: [
    ...initiatorAndResponder(1982),
    { name: "server", principals: ["trent"], process: "service", port: 1981 },
  ],
  options: {
    named: {
      default: "no",
      values: ["no", "yes"],
      about: "yes: Alice signs her name and Bob's together with the key",
      weakens: { no: ["client-authentication", "key-secrecy", "confidentiality", "origin"] },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    "client-authentication": "Alice has signed the key, just now.",
    "key-secrecy": "The key travels only under the public key of whom Alice calls.",
    origin: "Only the two ends have the key.",
  }),
  registration: true,
  deploy({ crypto, options, principals }) {
    const names = principals.filter((name) => name !== "trent");
    const users: ReadonlyMap<Principal, UserKeys> = new Map(
      names.map((name, i) => [
        name,
        { signing: crypto.signingKeyPair(), sealing: crypto.rsaKeyPair(rsaBits, i) },
      ]),
    );
    const authority = crypto.signingKeyPair();
    const certificates = new Map(
      [...users].map(([name, keys]) => [name, certificateOf(crypto, name, keys, authority)]),
    );
    const named = options.named === "yes";
    const setting = { users, certificates, authority: authority.publicKey, named };
    const pairs = [...users.values()].flatMap(({ signing, sealing }) => [signing, sealing]);
    return {
      open(role, env) {
        if (role === "server") return datagrams((bytes) => shown(setting, bytes));
        if (role === "initiator") return new Client(new Caller(env, setting));
        const lastTimes: LastTimes = new Map();
        return new Service(() => new Callee(env, setting, lastTimes));
      },
      longTermSecrets(name) {
        if (name === "trent") return [authority.privateKey];
        const keys = users.get(name);
        return keys === undefined ? [] : [keys.signing.privateKey, keys.sealing.privateKey];
      },
      publicValues: [
        authority.publicKey,
        ...pairs.map(({ publicKey }) => publicKey),
        ...certificates.values(),
      ],
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice lends bob her cart", "and her horse"),
          ...say("responder", "bob brings both back on sunday"),
        ],
      },
      { start: 0, principals: { responder: "mallory" }, messages: [] },
      {
        start: "after-previous",
        messages: [
          ...say("initiator", "alice asks where the cart is"),
          ...say("responder", "bob has it still"),
        ],
      },
    ],
  }),
};

/**
 * A group that chats over a relay, with a sender key for each member (as in Signal's groups, much
 * simplified): every text is sealed once, for all who have its sender's key, and signed, so that
 * those cannot forge it. Who is removed must not read what is said afterwards.
 *
 * ```
 * 1  M → R, R → all   1 ‖ name, nonce 16             who is there; R repeats it to the others
 * 2  M → R → N        2 ‖ from, to, n, {epoch, K}    sealed under the static key of M and N
 * 3  M → R → all      3 ‖ from, counter, {text}K, SigM
 * ```
 *
 * Aims: texts are read by those who were members when they were sent, and by nobody else, the relay
 * included; each is known to be its sender's, is taken once, and in order. Alice has founded the
 * group: when she says “remove carol”, everybody draws a new key and gives it to those who remain.
 *
 * Known weaknesses: long-term keys open everything, also later; the relay sees who talks to whom,
 * and can withhold what it likes. With `rekey=off` nobody draws a new key: who was removed has the
 * old ones, and only its own program keeps it from reading on. With `signatures=off` each member
 * can speak for every other one.
 */
import type {
  Address,
  Endpoint,
  Env,
  Input,
  Millis,
  Output,
  Principal,
  Protocol,
  RejectReason,
} from "../endpoint.ts";
import { concat, readUint, text, uintBytes, utf8 } from "../kit/bytes.ts";
import type { KeyPair } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { any, message, pack, readMessage, unpack } from "./fields.ts";
import { claimsOf, keyOf, present, transmit } from "./party.ts";

const nonceBytes = 16;
const aeadNonceBytes = 12;
const counterBytes = 4;
const keyBytes = 32;
const signatureBytes = 64;
const aead = "chacha20-poly1305";
const nobody = new Uint8Array(0);
const silenceMs: Millis = 5_000;
const founder: Principal = "alice";
const removal = "remove ";

interface LongTerm {
  readonly agreement: KeyPair;
  readonly signing: KeyPair;
}
type Keys = ReadonlyMap<Principal, LongTerm>;

/** What a member knows of another one. */
interface Other {
  /** What its keys have to be sealed for, so that old ones are of no use. */
  nonce?: Uint8Array;
  key?: Uint8Array;
  epoch: number;
  counter: number;
}

interface Defences {
  readonly rekeys: boolean;
  readonly signs: boolean;
}

type Result = readonly Output[] | RejectReason;

class Member implements Endpoint {
  readonly #env: Env;
  readonly #keys: Keys;
  readonly #defences: Defences;
  readonly #nonce: Uint8Array;
  readonly #others: Map<Principal, Other>;
  #own: Uint8Array;
  #epoch = 1;
  #counter = 0;
  #isReady = false;
  #lastMs: Millis = 0;

  constructor(env: Env, keys: Keys, defences: Defences) {
    this.#env = env;
    this.#keys = keys;
    this.#defences = defences;
    this.#nonce = env.crypto.random(nonceBytes);
    this.#own = env.crypto.random(keyBytes);
    const others = [...keys.keys()].filter((name) => name !== env.self);
    this.#others = new Map(others.map((name) => [name, { epoch: 0, counter: 0 }]));
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (input.kind === "timeout") return [{ kind: "exit", ok: this.#isReady }];
    const result = this.#result(input);
    if (typeof result === "string") return [{ kind: "reject", reason: result }];
    if (result.length > 0) this.#lastMs = now;
    return result;
  }

  deadline(): Millis {
    return this.#lastMs + silenceMs;
  }

  #result(input: Input): Result {
    if (input.kind === "start") return [transmit(message(1, utf8(this.#env.self), this.#nonce))];
    if (input.kind === "send") return this.#say(input.message, input.toAll ?? [input.to ?? ""]);
    if (input.kind !== "datagram") return [];
    const { bytes } = input;
    if (bytes[0] === 1) return this.#meet(bytes);
    return bytes[0] === 2 ? this.#learn(bytes) : this.#read(bytes);
  }

  #meet(bytes: Uint8Array): Result {
    const [name, nonce] = readMessage(bytes, 1, any, nonceBytes) ?? [];
    if (name === undefined) return "malformed";
    const who = text(name) ?? "";
    const other = this.#others.get(who);
    if (other === undefined || nonce === undefined) return "unknown-peer";
    other.nonce = nonce;
    return [this.#keyFor(who, nonce)];
  }

  #pairKey(other: Principal): Uint8Array | undefined {
    const { crypto, self } = this.#env;
    const { privateKey } = keyOf(this.#keys, self).agreement;
    const { publicKey } = keyOf(this.#keys, other).agreement;
    const shared = crypto.sharedSecret("x25519", privateKey, publicKey);
    return shared && crypto.hkdfExpand("sha256", shared, utf8("sender keys"), keyBytes);
  }

  #keyFor(to: Principal, nonce: Uint8Array): Output {
    const { crypto, self } = this.#env;
    const [from, name] = [utf8(self), utf8(to)];
    const n = crypto.random(aeadNonceBytes);
    const content = concat(uintBytes(this.#epoch, 1), this.#own);
    const key = this.#pairKey(to) ?? new Uint8Array(keyBytes);
    const sealed = crypto.seal(aead, key, n, content, pack(from, name, nonce));
    return transmit(message(2, from, name, n, sealed));
  }

  #learn(bytes: Uint8Array): Result {
    const fields = readMessage(bytes, 2, any, any, aeadNonceBytes, any);
    if (fields === undefined) return "malformed";
    const [from, to, n, sealed] = fields;
    const who = text(from) ?? "";
    const other = this.#others.get(who);
    if (other === undefined || text(to) !== this.#env.self) return "unknown-peer";
    const key = this.#pairKey(who);
    const covered = pack(from, to, this.#nonce);
    const content = key && this.#env.crypto.open(aead, key, n, sealed, covered);
    if (content === undefined) return "bad-tag";
    const epoch = readUint(content, 0, 1);
    if (epoch <= other.epoch) return "replayed";
    other.epoch = epoch;
    other.key = content.slice(1);
    const isComplete = [...this.#others.values()].every((o) => o.key !== undefined);
    if (this.#isReady || !isComplete) return [{ kind: "log", line: `has a key of ${who}` }];
    this.#isReady = true;
    return [{ kind: "ready" }];
  }

  #say(content: Uint8Array, to: readonly Principal[]): Result {
    const isForAll = to.length === this.#others.size && to.every((p) => this.#others.has(p));
    if (!isForAll) return [{ kind: "give-up", message: content }];
    const { crypto, self } = this.#env;
    const counter = uintBytes(++this.#counter, counterBytes);
    const covered = pack(utf8(self), counter);
    const nonce = uintBytes(this.#counter, aeadNonceBytes);
    const sealed = crypto.seal(aead, this.#own, nonce, content, covered);
    const { privateKey } = keyOf(this.#keys, self).signing;
    const signature = this.#defences.signs
      ? crypto.sign(privateKey, pack(covered, sealed))
      : new Uint8Array(signatureBytes);
    const packet = transmit(message(3, utf8(self), counter, sealed, signature));
    return [packet, ...(self === founder ? this.#obey(content) : [])];
  }

  #read(bytes: Uint8Array): Result {
    const fields = readMessage(bytes, 3, any, counterBytes, any, signatureBytes);
    if (fields === undefined) return "malformed";
    const [from, counter, sealed, signature] = fields;
    const who = text(from) ?? "";
    const other = this.#others.get(who);
    if (other?.key === undefined) return "unknown-peer";
    const { crypto } = this.#env;
    const covered = pack(from, counter);
    const { publicKey } = keyOf(this.#keys, who).signing;
    const isSigned =
      !this.#defences.signs || crypto.verify(publicKey, pack(covered, sealed), signature);
    if (!isSigned) return "bad-signature";
    const number = readUint(counter, 0, counterBytes);
    if (number <= other.counter) return "replayed";
    const nonce = uintBytes(number, aeadNonceBytes);
    const content = crypto.open(aead, other.key, nonce, sealed, covered);
    if (content === undefined) return "bad-tag";
    other.counter = number;
    const delivered: Output = { kind: "deliver", message: content, from: who };
    return [delivered, ...(who === founder ? this.#obey(content) : [])];
  }

  /** What the founder says may change who is a member. */
  #obey(content: Uint8Array): readonly Output[] {
    const words = text(content) ?? "";
    if (!words.startsWith(removal)) return [];
    const removed = words.slice(removal.length);
    if (removed === this.#env.self) this.#others.clear();
    if (!this.#others.delete(removed) || !this.#defences.rekeys) return [];
    this.#epoch++;
    this.#own = this.#env.crypto.random(keyBytes);
    return [...this.#others].flatMap(([name, { nonce }]) =>
      nonce === undefined ? [] : [this.#keyFor(name, nonce)],
    );
  }
}

/** Passes on what it is sent, and knows no key. */
class Relay implements Endpoint {
  readonly #members: readonly Principal[];
  readonly #hellos = new Map<Principal, { readonly at: Address; readonly bytes: Uint8Array }>();

  constructor(members: readonly Principal[]) {
    this.#members = members;
  }

  handle(input: Input): readonly Output[] {
    if (input.kind !== "datagram") return [];
    const { bytes, from } = input;
    if (bytes[0] === 1) return this.#hello(bytes, from);
    const to =
      bytes[0] === 2 ? text(unpack(bytes.slice(1), any, any, any)?.[1] ?? nobody) : undefined;
    const others = [...this.#hellos].filter(
      ([name, { at }]) => at !== from && (to ?? name) === name,
    );
    if (others.length === 0) return [{ kind: "reject", reason: "unknown-peer" }];
    return others.map(([, { at }]) => ({ kind: "transmit", bytes, to: at }));
  }

  stateSize(): number {
    return this.#hellos.size;
  }

  #hello(bytes: Uint8Array, at: Address): readonly Output[] {
    const name = text(readMessage(bytes, 1, any, nonceBytes)?.[0] ?? nobody) ?? "";
    if (!this.#members.includes(name)) return [{ kind: "reject", reason: "unknown-peer" }];
    this.#hellos.set(name, { at, bytes });
    const others = [...this.#hellos.values()].filter((o) => o.at !== at);
    return others.flatMap((other): readonly Output[] => [
      { kind: "transmit", bytes, to: other.at },
      { kind: "transmit", bytes: other.bytes, to: at },
    ]);
  }
}

const members = ["alice", "bob", "carol"] as const;

export const groupChat: Protocol = {
  name: "group-chat",
  title: "A group with sender keys, over a relay",
  flow: `
M → R → all: M, nonce
M → R → N: M, N, n, {epoch, K}KMN              sealed for N's nonce
M → R → all: M, counter, {text}K, SigM
`.trim(),
  transport: "datagram",
  roles: [
    { name: "member", principals: members, process: "session", peer: "relay" },
    { name: "relay", principals: ["ralf"], process: "service", port: 4340 },
  ],
  options: {
    rekey: {
      default: "on",
      values: ["on", "off"],
      about: "off: nobody draws a new key when a member is removed",
      weakens: { off: ["confidentiality", "origin"] },
    },
    signatures: {
      default: "on",
      values: ["on", "off"],
      about: "off: whoever has a member's sender key can speak for that member",
      weakens: { off: ["integrity", "origin"] },
    },
  },
  claims: claimsOf({
    confidentiality: "Texts are sealed under keys that only those have who are members then.",
    integrity: "Texts are sealed and signed.",
    origin: "Each member signs its own texts.",
    replay: "Counters only grow.",
    "replay-across-sessions": "Keys are sealed for a nonce of their receiver's.",
    ordering: "Counters only grow.",
  }),
  notApplicable: {
    downgrade: "nothing is negotiated",
    "non-repudiation": "nobody keeps the signatures",
  },
  deploy({ crypto, options }) {
    const keys: Keys = new Map(
      members.map((name) => [
        name,
        { agreement: crypto.keyPair("x25519"), signing: crypto.signingKeyPair() },
      ]),
    );
    const defences = { rekeys: options.rekey !== "off", signs: options.signatures !== "off" };
    return {
      open(role, env) {
        return role === "relay" ? new Relay(members) : new Member(env, keys, defences);
      },
      longTermSecrets(principal) {
        const own = keys.get(principal);
        return present(own?.agreement.privateKey, own?.signing.privateKey);
      },
      publicValues: [...keys.values()].flatMap((k) => [k.agreement.publicKey, k.signing.publicKey]),
    };
  },
  workload() {
    const all = (from: Principal) => members.filter((m) => m !== from);
    const later = (pauseMs: Millis, from: Principal, to: Principal, words: string) =>
      say(from, words).map((m) => ({ ...m, to: [to], pauseMs }));
    const toAll = (from: Principal, ...texts: readonly string[]) =>
      say(from, ...texts).map((m) => ({ ...m, to: all(from) }));
    return {
      sessions: [
        {
          start: 0,
          messages: [
            ...toAll("alice", "lunch is at noon today"),
            ...toAll("alice", "remove carol").map((m) => ({ ...m, isCommand: true as const })),
            ...later(300, "alice", "bob", "the party will surprise her"),
            ...toAll("bob", "noon is fine with me"),
            ...later(600, "bob", "alice", "then I bring a cake"),
          ],
        },
        {
          start: "after-previous",
          messages: [
            ...toAll("alice", "we are all together again"),
            ...toAll("carol", "so we are"),
          ],
        },
      ],
    };
  },
};

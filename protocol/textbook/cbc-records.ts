/**
 * Records in CBC mode, as SSL and TLS had them: what is secret in them, and what shows anyway.
 *
 * Aims: a stranger who sees all records, changes them, and has the sender send texts that it chose
 * for what it saw, learns nothing about the others. No record is taken twice.
 *
 * Known weaknesses, each behind an option. `iv=chained`: the IV is the last block of the record
 * before, as in SSH 2 and TLS 1.0, and known before the text is (P. Rogaway, 1995; BEAST, 2011).
 * `order=mac-first`: the MAC is encrypted with the text, and the receiver answers bad padding in
 * another way than a bad MAC (S. Vaudenay: Security flaws induced by CBC padding, 2002).
 * `compression=on`: how long a record is depends on its text (J. Kelsey, 2002; CRIME, 2012).
 * `keys=one`: one key encrypts and authenticates. What is lost is not sent again, lengths show, and
 * who has the long-term key can read it all.
 */
import type { Env, OptionValues, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { concat, readUint, text, uintBytes, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { any, message, readMessage } from "./fields.ts";
import type { Party, Result } from "./party.ts";
import { Client, claimsOf, finished, keyOf, present, running, Service, transmit } from "./party.ts";

const nonceBytes = 16;
const blockBytes = 16;
const macBytes = 32;
const counterBytes = 4;
const recordType = 100;
const headerBytes = 1 + counterBytes;
const empty: Uint8Array = new Uint8Array(0);

/** What the receiver tells about a record that it discards. */
const alerts = { "bad-record": 1, "bad-padding": 2 } as const;
type Alert = keyof typeof alerts;

interface Setting {
  /** Each sender's key, 32 bytes, which the receiver has as well. */
  readonly shared: ReadonlyMap<Principal, Uint8Array>;
  readonly options: OptionValues;
}

/** Equal bytes as their number and one of them. */
function compressed(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (const byte of bytes) {
    const last = out.length - 2;
    if (out[last + 1] === byte && (out[last] as number) < 255)
      out[last] = (out[last] as number) + 1;
    else out.push(1, byte);
  }
  return new Uint8Array(out);
}

function expanded(bytes: Uint8Array): Uint8Array {
  const runs: Uint8Array[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    runs.push(new Uint8Array(bytes[i] as number).fill(bytes[i + 1] as number));
  }
  return concat(...runs);
}

/**
 * One direction of one session.
 *
 *     type 1 ‖ counter 4 ‖ IV 16 ‖ CBC(text) ‖ HMAC 32
 *     type 1 ‖ counter 4 ‖ IV 16 ‖ CBC(text ‖ HMAC 32)      with order=mac-first
 */
class CbcRecords {
  readonly #crypto: CryptoKit;
  readonly #options: OptionValues;
  readonly #encryption: Uint8Array;
  readonly #authentication: Uint8Array;
  #iv: Uint8Array | undefined;
  #count = 0;

  /** @param secret of the session, 32 bytes. */
  constructor(crypto: CryptoKit, secret: Uint8Array, options: OptionValues) {
    const key = (label: string) => crypto.hkdfExpand("sha256", secret, utf8(label), 32);
    this.#crypto = crypto;
    this.#options = options;
    this.#encryption = key("encryption");
    this.#authentication = options.keys === "one" ? this.#encryption : key("authentication");
  }

  #mac(...parts: readonly Uint8Array[]): Uint8Array {
    return this.#crypto.hmac("sha256", this.#authentication, concat(...parts));
  }

  seal(plain: Uint8Array): Uint8Array {
    const { iv: ivs, order, compression } = this.#options;
    const fresh = this.#crypto.random(blockBytes);
    const iv = ivs === "chained" ? (this.#iv ?? fresh) : fresh;
    const head = concat(uintBytes(recordType, 1), uintBytes(++this.#count, counterBytes), iv);
    const words = compression === "on" ? compressed(plain) : plain;
    const inner = order === "mac-first" ? concat(words, this.#mac(head, words)) : words;
    const body = this.#crypto.encrypt("aes-cbc", this.#encryption, iv, inner);
    this.#iv = body.slice(-blockBytes);
    return order === "mac-first" ? concat(head, body) : concat(head, body, this.#mac(head, body));
  }

  open(record: Uint8Array): Uint8Array | Alert | "replayed" {
    const outer = this.#options.order === "mac-first" ? 0 : macBytes;
    const start = headerBytes + blockBytes;
    if (record.length < start + blockBytes + outer) return "bad-record";
    const count = readUint(record, 1, counterBytes);
    if (count <= this.#count) return "replayed";
    const head = record.slice(0, start);
    const body = record.slice(start, record.length - outer);
    if (outer > 0 && !this.#crypto.equal(this.#mac(head, body), record.slice(-outer))) {
      return "bad-record";
    }
    const iv = head.slice(headerBytes);
    const inner = this.#crypto.decrypt("aes-cbc", this.#encryption, iv, body);
    if (inner === undefined) return "bad-padding";
    const words = outer > 0 ? inner : inner.slice(0, -macBytes);
    if (outer === 0 && !this.#crypto.equal(this.#mac(head, words), inner.slice(-macBytes))) {
      return "bad-record";
    }
    this.#count = count;
    return this.#options.compression === "on" ? expanded(words) : words;
  }
}

class Sender implements Party {
  done = false;
  readonly #env: Env;
  readonly #setting: Setting;
  #nonce = empty;
  #records: CbcRecords | undefined;

  constructor(env: Env, setting: Setting) {
    this.#env = env;
    this.#setting = setting;
  }

  start() {
    const { crypto, self, peer = "" } = this.#env;
    this.#nonce = crypto.random(nonceBytes);
    return [running(peer, this.#nonce), transmit(message(1, this.#nonce, utf8(self)))];
  }

  receive(bytes: Uint8Array): Result {
    const theirs = readMessage(bytes, 2, nonceBytes)?.[0];
    if (theirs === undefined) return "malformed";
    if (this.done) return "unexpected";
    const { crypto, self, peer = "" } = this.#env;
    const { shared, options } = this.#setting;
    const nonces = concat(this.#nonce, theirs);
    const key = crypto.hkdfExtract("sha256", keyOf(shared, self), nonces);
    this.#records = new CbcRecords(crypto, key, options);
    this.done = true;
    return [{ kind: "claim", claim: { kind: "secret", peer, value: key } }, { kind: "ready" }];
  }

  send(words: Uint8Array) {
    return this.#records === undefined ? [] : [transmit(this.#records.seal(words))];
  }
}

class Receiver implements Party {
  done = false;
  readonly #env: Env;
  readonly #setting: Setting;
  #peer: Principal = "";
  #key = empty;
  #records: CbcRecords | undefined;

  constructor(env: Env, setting: Setting) {
    this.#env = env;
    this.#setting = setting;
  }

  receive(bytes: Uint8Array): Result {
    if (this.#records === undefined) return this.#hello(bytes);
    if (bytes[0] !== recordType) return "malformed";
    const words = this.#records.open(bytes);
    if (words === "replayed") return "replayed";
    if (typeof words === "string") return [transmit(new Uint8Array([3, alerts[words]]))];
    // The first record shows that the sender has the key.
    const first = this.done ? [] : finished(this.#peer, this.#key).slice(0, 2);
    this.done = true;
    return [...first, { kind: "deliver", message: words, from: this.#peer }];
  }

  /** A receiver has nothing to say. */
  send(): readonly OutputBody[] {
    return [];
  }

  #hello(bytes: Uint8Array): Result {
    const fields = readMessage(bytes, 1, nonceBytes, any);
    if (fields === undefined) return "malformed";
    const { shared, options } = this.#setting;
    const peer = text(fields[1]) ?? "";
    const long = shared.get(peer);
    if (long === undefined || peer === this.#env.self) return "unknown-peer";
    const { crypto } = this.#env;
    const nonce = crypto.random(nonceBytes);
    this.#peer = peer;
    this.#key = crypto.hkdfExtract("sha256", long, concat(fields[0], nonce));
    this.#records = new CbcRecords(crypto, this.#key, options);
    return [running(peer, this.#key), transmit(message(2, nonce))];
  }
}

export const cbcRecords: Protocol = {
  name: "cbc-records",
  title: "Records in CBC mode",
  flow: `
A → B: Na, A
B → A: Nb                              S = Extract(K; Na, Nb); Ke, Km = Expand(S)
A → B: counter, IV, {text}Ke, MAC(Km; counter, IV, {text}Ke)
`.trim(),
  transport: "datagram",
  roles: [
    { name: "sender", principals: ["alice"], process: "session", peer: "receiver" },
    { name: "receiver", principals: ["bob"], process: "service", port: 2246 },
  ],
  options: {
    iv: {
      default: "random",
      values: ["random", "chained"],
      about: "chained: the last block of the record before",
      weakens: { chained: ["indistinguishability"] },
    },
    order: {
      default: "encrypt-first",
      values: ["encrypt-first", "mac-first"],
      about: "mac-first: the MAC is encrypted, and bad padding has an answer of its own",
      weakens: { "mac-first": ["indistinguishability", "constant-work"] },
    },
    compression: {
      default: "off",
      values: ["off", "on"],
      about: "on: equal bytes are sent as their number",
      weakens: { on: ["indistinguishability"] },
    },
    keys: {
      default: "two",
      values: ["two", "one"],
      about: "one: the same key encrypts and authenticates",
      weakens: { one: ["key-separation"] },
    },
  },
  claims: claimsOf({
    confidentiality: "Texts are encrypted under a key of the session.",
    indistinguishability: "Every IV is random, and every bad record has one answer.",
    "constant-work": "No text is looked at before its record is known to be genuine.",
    "key-separation": "Encryption and authentication have a key each, and there is one direction.",
    integrity: "What does not verify is discarded.",
    origin: "Only the sender can make what the receiver takes.",
    replay: "Every record has a new counter, and none is taken twice.",
    ordering: "Counters only grow.",
    "replay-across-sessions": "Both ends bring a fresh nonce.",
    "client-authentication": "Only the sender can make what the receiver takes.",
    "key-secrecy": "The session's key is made from one that only the two have.",
  }),
  deploy({ crypto, options, principals }) {
    const shared = new Map(principals.map((p) => [p, crypto.random(32)]));
    const setting = { shared, options };
    return {
      open: (role, env) =>
        role === "sender"
          ? new Client(new Sender(env, setting))
          : new Service(() => new Receiver(env, setting)),
      longTermSecrets: (p) => (p === "bob" ? [...shared.values()] : present(shared.get(p))),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: say("sender", "alice bids a hundred crowns", "alice bids two hundred crowns"),
      },
      { start: "after-previous", messages: say("sender", "alice withdraws from the sale") },
    ],
  }),
};

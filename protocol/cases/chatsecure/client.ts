/**
 * A client: one process, one user, any number of peers behind one relay.
 *
 * | state       | input                 | what it does; next state                              |
 * |-------------|-----------------------|-------------------------------------------------------|
 * | `offline`   | connected             | M1; `greeting`                                        |
 * | `greeting`  | M2                    | user looks at the fingerprint; M3; `online`, or exit  |
 * | `online`    | send                  | M7, or M5 first if there is no key with that peer     |
 * | `online`    | M4 with M5            | new key with `src`; M6                                |
 * | `online`    | M4 with M6            | takes the key; sends what waits                       |
 * | `online`    | M4 with M7            | decrypts and prints                                   |
 *
 * A key that comes replaces the one before, asked for or not. One message waits at a time: there is
 * one slot, and the next key that comes encrypts it, whichever peer's it is.
 */
import {
  type Endpoint,
  type Env,
  type Input,
  type Millis,
  MisuseError,
  type Output,
  type Principal,
} from "../../endpoint.ts";
import { concat, equalBytes, lossyText, text, utf8 } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import { Channel, type Keys } from "./channel.ts";
import {
  bytesField,
  type Frame,
  FrameReader,
  frameOf,
  listField,
  withBlankLine,
} from "./frames.ts";
import { type Signers, signed, verified } from "./identity.ts";
import { FreshPairs, makeKeys, takeKeys } from "./key-transport.ts";
import { type Dict, isDict } from "./pickle.ts";
import { openFrame, secureFrame } from "./secure-frame.ts";
import {
  discard,
  log,
  negotiated,
  printed,
  type Settings,
  type Suite,
  suiteNames,
  suites,
} from "./settings.ts";

type State = "offline" | "greeting" | "confirming" | "online" | "ended";

/** How long a user keeps the program open after the last thing that happened. */
const patienceMs: Millis = 8_000;
const empty = new Uint8Array(0);

export interface World {
  readonly settings: Settings;
  readonly signers: Signers;
  /** SPKI DER of the relay's key as users know it; absent where users cannot know it. */
  readonly knownKey: Uint8Array | undefined;
}

interface Peer {
  readonly channel: Channel;
  /** The key was not made or asked for here until a message proves that the peer has it. */
  key: Uint8Array | undefined;
}

export class Client implements Endpoint {
  readonly #env: Env;
  readonly #world: World;
  readonly #settings: Settings;
  readonly #relay: Principal;
  readonly #reader = new FrameReader();
  /** Made when the program starts, kept in memory only. */
  #pair: KeyPair = { privateKey: empty, publicKey: empty };
  #state: State = "offline";
  #hello: Uint8Array = empty;
  #channel: Channel | undefined;
  #relayKey: Uint8Array = empty;
  readonly #peers = new Map<string, Peer>();
  /** Who was sent a public key and has not answered. */
  readonly #asked = new Set<string>();
  #waiting: { readonly to: string; readonly message: Uint8Array } | undefined;
  #leaveMs: Millis | undefined;

  constructor(env: Env, world: World) {
    this.#env = env;
    this.#world = world;
    this.#settings = world.settings;
    this.#relay = env.peer ?? "server";
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (this.#state === "ended") return [];
    this.#leaveMs = now + patienceMs;
    switch (input.kind) {
      case "start":
        this.#pair = new FreshPairs("client", this.#env.address).pair(this.#env.crypto);
        return [];
      case "connected":
        return this.#greet();
      case "chunk":
        return this.#read(input.bytes);
      case "send":
        return this.#say(input.message, input.to);
      case "timeout":
        return this.#leave("the user leaves");
      case "closed":
        return this.#leave("connection closed");
      default:
        throw new MisuseError(`a client takes no ${input.kind}`);
    }
  }

  deadline(): Millis | undefined {
    return this.#state === "ended" ? undefined : this.#leaveMs;
  }

  #leave(because: string): readonly Output[] {
    const ok = this.#state === "online";
    this.#state = "ended";
    return [{ kind: "close" }, { kind: "exit", ok, because }];
  }

  #greet(): readonly Output[] {
    const { self } = this.#env;
    const fields = { type: "connect", phase: 1, name: self, id: self, ciphers: suiteNames };
    this.#hello = frameOf(fields);
    this.#state = "greeting";
    return [transmit(this.#hello)];
  }

  #read(chunk: Uint8Array): readonly Output[] {
    const outputs: Output[] = [];
    for (const frame of this.#reader.push(chunk)) {
      if (this.#state === "ended") break;
      if (frame === undefined) outputs.push(...discard(this.#settings, "malformed"));
      else if (frame.fields.type === "connect") outputs.push(...this.#onKey(frame));
      else if (frame.fields.type === "secure") outputs.push(...this.#onSecure(frame));
      else outputs.push(...discard(this.#settings, "unexpected"));
    }
    return outputs;
  }

  // --- the relay ---------------------------------------------------------------------------------

  #onKey(frame: Frame): readonly Output[] {
    const { crypto } = this.#env;
    if (this.#state !== "greeting" || frame.fields.phase !== 2) {
      return discard(this.#settings, "unexpected");
    }
    const pem = bytesField(frame, "data");
    const publicKey = pem && crypto.decode("pem", pem);
    const common = listField(frame, "ciphers");
    if (publicKey === undefined || common === undefined) return discard(this.#settings, "bad-key");
    const shown = log(`public key of the server: ${this.#fingerprint(publicKey)}`);
    const { knownKey } = this.#world;
    if (this.#settings.verifies && knownKey !== undefined && !equalBytes(publicKey, knownKey)) {
      const alarm = { kind: "alarm", text: "the user does not know this key" } as const;
      return [shown, alarm, ...this.#leave("server key refused")];
    }
    const suite = suites.find((s) => common.includes(s.name));
    if (suite === undefined) return [shown, ...this.#leave("no common cipher")];
    return [shown, ...this.#sendKey(frame, publicKey, suite)];
  }

  #sendKey(answer: Frame, publicKey: Uint8Array, suite: Suite): readonly Output[] {
    const { crypto, self } = this.#env;
    const made = makeKeys(crypto, this.#settings, publicKey, suite.keyBytes);
    if (made === undefined) return discard(this.#settings, "bad-key");
    const { data, keys } = made;
    const { bound, signed: signs } = this.#settings;
    const transcript = [this.#hello, answer.bytes];
    const sig = signs ? signed(crypto, this.#world.signers, self, ...transcript, data) : empty;
    const bare = { type: "connect", phase: 3 };
    const fields = { ...bare, data: text(data), ...(signs ? { sig: text(sig) } : {}) };
    const inUse = bound ? boundKeys(this.#env, keys, transcript) : keys;
    const ends = { self, peer: this.#relay };
    this.#channel = new Channel(crypto, this.#settings, inUse, ends);
    this.#relayKey = inUse.key;
    this.#state = bound ? "confirming" : "online";
    return [
      { kind: "claim", claim: { kind: "running", peer: this.#relay } },
      transmit(frameOf(fields)),
      { kind: "claim", claim: { kind: "secret", peer: this.#relay, value: inUse.key } },
      ...(bound ? [] : this.#connected()),
      negotiated(suite.name),
    ];
  }

  /** From here on the program tells its user that the connection is secure. */
  #connected(): readonly Output[] {
    this.#state = "online";
    const agreed = this.#relayKey;
    // Another word than the relay's: the MAC has no direction, and the relay's could be reflected.
    const proof = { type: utf8("proof") };
    return [
      ...(this.#settings.bound ? [this.#toRelay(proof)] : []),
      { kind: "claim", claim: { kind: "commit", peer: this.#relay, agreed } },
      { kind: "ready" },
    ];
  }

  #onSecure(frame: Frame): readonly Output[] {
    if (this.#channel === undefined) return discard(this.#settings, "unexpected");
    const opened = openFrame(this.#channel, frame);
    if (typeof opened === "string") return discard(this.#settings, opened);
    const ran = opened.ran.map((code) => ({ kind: "ran-code", code }) as const);
    return [...ran, ...this.#onObject(opened.value)];
  }

  #onObject(object: unknown): readonly Output[] {
    const message = isDict(object as Dict) ? (object as Dict) : {};
    const [type, src] = [textOf(message.type), textOf(message.src)];
    if (type === "connected" && this.#state === "confirming") return this.#connected();
    if (this.#state !== "online") return discard(this.#settings, "unexpected");
    if (src === undefined) return discard(this.#settings, "malformed");
    if (type === "client-com") return this.#onMessage(src, message);
    if (type !== "client-connect") return discard(this.#settings, "unexpected");
    return message.phase === 1 ? this.#onPeersKey(src, message) : this.#onAnswer(src, message);
  }

  // --- peers -------------------------------------------------------------------------------------

  /** M5: a peer's public key. A session key with that peer is made, and replaces the one before. */
  #onPeersKey(src: string, message: Dict): readonly Output[] {
    const { crypto, self } = this.#env;
    const pem = bytesOf(message.data) ?? empty;
    const publicKey = crypto.decode("pem", pem);
    const offered = listOf(message.ciphers);
    const suite = suites.find((s) => offered.includes(s.name));
    const made = publicKey && suite && makeKeys(crypto, this.#settings, publicKey, suite.keyBytes);
    if (publicKey === undefined || made === undefined) return discard(this.#settings, "bad-key");
    if (!this.#genuine(src, message, "offer", pem)) return discard(this.#settings, "bad-signature");
    const { keys, data } = made;
    const channel = new Channel(crypto, this.#settings, keys, { self, peer: src });
    this.#peers.set(src, { channel, key: keys.key });
    const fingerprint = `public key of ${printed(this.#settings, src)}: `;
    return [
      ...(this.#settings.showsPeers ? [log(fingerprint + this.#fingerprint(publicKey))] : []),
      { kind: "claim", claim: { kind: "running", peer: src } },
      { kind: "claim", claim: { kind: "secret", peer: src, value: keys.key } },
      this.#toRelay({
        type: utf8("client-connect"),
        phase: 2,
        src: utf8(self),
        dst: utf8(src),
        data,
        ...this.#signature("answer", src, pem, data),
      }),
    ];
  }

  /** M6: a key, whether it was asked for or not. */
  #onAnswer(src: string, message: Dict): readonly Output[] {
    const { crypto, self } = this.#env;
    const data = bytesOf(message.data) ?? empty;
    const asked = this.#asked.delete(src);
    if (this.#settings.signed && !asked) return discard(this.#settings, "unexpected");
    const pem = crypto.encode("pem", this.#pair.publicKey);
    if (!this.#genuine(src, message, "answer", pem, data)) {
      return discard(this.#settings, "bad-signature");
    }
    const { keys, ran } = takeKeys(crypto, this.#settings, this.#pair.privateKey, data);
    const executed = ran.map((code) => ({ kind: "ran-code", code }) as const);
    if (keys === undefined) return [...executed, ...discard(this.#settings, "bad-key")];
    const known = this.#peers.get(src)?.channel.holds(keys.key) === true;
    const channel = new Channel(crypto, this.#settings, keys, { self, peer: src });
    this.#peers.set(src, { channel, key: undefined });
    return [
      ...executed,
      ...(known ? [] : this.#agreed(src, keys)),
      ...this.#sendWaiting(src, channel),
    ];
  }

  #agreed(src: string, { key }: Keys): readonly Output[] {
    return [
      { kind: "claim", claim: { kind: "secret", peer: src, value: key } },
      { kind: "claim", claim: { kind: "commit", peer: src, agreed: key } },
    ];
  }

  #sendWaiting(src: string, channel: Channel): readonly Output[] {
    const waiting = this.#waiting;
    if (waiting === undefined || (this.#settings.signed && waiting.to !== src)) return [];
    this.#waiting = undefined;
    return [this.#message(src, channel, waiting.message)];
  }

  /** M7: a message. */
  #onMessage(src: string, message: Dict): readonly Output[] {
    const peer = this.#peers.get(src);
    if (peer === undefined) return discard(this.#settings, "unknown-peer");
    const { data, hmac, iv, count } = message;
    const opened = peer.channel.open(sealedOf({ data, hmac, iv, count }));
    if (typeof opened === "string") return discard(this.#settings, opened);
    const ran = opened.ran.map((code) => ({ kind: "ran-code", code }) as const);
    const content = opened.value;
    if (!(content instanceof Uint8Array)) return [...ran, ...discard(this.#settings, "malformed")];
    const agreed = peer.key;
    peer.key = undefined;
    const commit = { kind: "commit", peer: src, ...(agreed ? { agreed } : {}) } as const;
    const shown = printed(this.#settings, lossyText(content));
    return [
      ...ran,
      ...(agreed === undefined ? [] : [{ kind: "claim", claim: commit } as const]),
      { kind: "deliver", message: content, from: src },
      log(`${printed(this.#settings, src)}: ${shown}`),
    ];
  }

  /** What the user types. Without an addressee it is the text before the first colon. */
  #say(typed: Uint8Array, addressee: Principal | undefined): readonly Output[] {
    if (this.#state !== "online") throw new MisuseError("not connected");
    const colon = typed.indexOf(":".charCodeAt(0));
    if (addressee === undefined && colon < 0) return [log("no such command")];
    const to = addressee ?? lossyText(typed.slice(0, colon));
    const message = addressee === undefined ? typed.slice(colon + 1) : typed;
    const channel = this.#peers.get(to)?.channel;
    if (channel !== undefined) return [this.#message(to, channel, message)];
    this.#waiting = { to, message };
    if (this.#asked.has(to)) return [];
    this.#asked.add(to);
    const pem = this.#env.crypto.encode("pem", this.#pair.publicKey);
    return [
      { kind: "claim", claim: { kind: "running", peer: to } },
      this.#toRelay({
        type: utf8("client-connect"),
        phase: 1,
        src: utf8(this.#env.self),
        dst: utf8(to),
        ciphers: suiteNames.map(utf8),
        data: pem,
        ...this.#signature("offer", to, pem),
      }),
    ];
  }

  #message(to: string, channel: Channel, message: Uint8Array): Output {
    const [src, dst] = [utf8(this.#env.self), utf8(to)];
    return this.#toRelay({ type: utf8("client-com"), src, dst, ...channel.seal(message) });
  }

  #toRelay(object: Dict): Output {
    if (this.#channel === undefined) throw new MisuseError("not connected");
    return transmit(secureFrame(this.#channel, object));
  }

  #signature(what: string, to: string, ...parts: readonly Uint8Array[]): { sig?: Uint8Array } {
    if (!this.#settings.signed) return {};
    const { crypto, self } = this.#env;
    const names = [what, self, to].map(utf8);
    return { sig: signed(crypto, this.#world.signers, self, ...names, ...parts) };
  }

  #genuine(src: string, message: Dict, what: string, ...parts: readonly Uint8Array[]): boolean {
    if (!this.#settings.signed) return true;
    const { crypto, self } = this.#env;
    const names = [what, src, self].map(utf8);
    const sig = bytesOf(message.sig);
    return verified(crypto, this.#world.signers, src, sig, ...names, ...parts);
  }

  #fingerprint(publicKey: Uint8Array): string {
    const { crypto } = this.#env;
    return lossyText(crypto.encode("hex", crypto.hash("sha256", publicKey))).slice(0, 32);
  }
}

const transmit = (frame: Uint8Array): Output => ({
  kind: "transmit",
  bytes: withBlankLine(frame),
});

const bytesOf = (value: unknown): Uint8Array | undefined =>
  value instanceof Uint8Array ? value : undefined;
const textOf = (value: unknown): string | undefined =>
  value instanceof Uint8Array ? text(value) : undefined;
const listOf = (value: unknown): readonly (string | undefined)[] =>
  Array.isArray(value) ? value.map(textOf) : [];

/** Keeps the members that are byte strings. */
function sealedOf(members: Readonly<Record<string, unknown>>): Record<string, Uint8Array> {
  const found: Record<string, Uint8Array> = {};
  for (const [name, value] of Object.entries(members)) {
    if (value instanceof Uint8Array) found[name] = value;
  }
  return found;
}

/** The keys of the `bound` variant: they depend on every byte of M1 and M2. */
export function boundKeys(env: Env, { key, iv }: Keys, transcript: readonly Uint8Array[]): Keys {
  const info = env.crypto.hash("sha256", concat(...transcript));
  const bound = env.crypto.hkdf({ hash: "sha256", key, info, length: key.length });
  return { key: bound, iv };
}

/**
 * The relay: one process for all clients. It knows a client by the connection, and a name by who
 * registered it.
 *
 * | input       | what it does                                                                  |
 * |-------------|-------------------------------------------------------------------------------|
 * | M1          | the name belongs to this connection from now on; M2                           |
 * | M3          | takes the key, and with it the client for the user of that name               |
 * | M4          | decrypts, looks where `dst` is, encrypts for that client                      |
 * | closed      | forgets the connection, its name and its key                                  |
 */
import {
  type Address,
  type Endpoint,
  type Env,
  type Input,
  MisuseError,
  type Output,
  type Principal,
} from "../../endpoint.ts";
import { text, utf8 } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import { Channel } from "./channel.ts";
import { boundKeys, type World } from "./client.ts";
import {
  bytesField,
  type Frame,
  FrameReader,
  frameOf,
  listField,
  textField,
  withBlankLine,
} from "./frames.ts";
import { verified } from "./identity.ts";
import { FreshPairs, takeKeys } from "./key-transport.ts";
import { type Dict, isDict, type Value } from "./pickle.ts";
import { openFrame, secureFrame } from "./secure-frame.ts";
import {
  discard,
  log,
  negotiated,
  printed,
  type Settings,
  suiteNames,
  suites,
} from "./settings.ts";

const nonceBytes = 16;

/** One connection that has sent an M1. */
interface Entry {
  readonly name: Principal;
  readonly pair: KeyPair;
  /** M1 and M2 as they were sent. */
  readonly transcript: readonly Uint8Array[];
  /** Absent until M3. */
  channel?: Channel;
  /** What waits, with a bound handshake, until the client has shown that it has the key. */
  unproved?: readonly Output[];
}

export class Relay implements Endpoint {
  readonly #env: Env;
  readonly #world: World;
  readonly #settings: Settings;
  /** The pair from the file; absent with `serverKey=perConnection`. */
  readonly #pair: KeyPair | undefined;
  /** Where the others come from. */
  readonly #pairs: FreshPairs;
  readonly #readers = new Map<Address, FrameReader>();
  readonly #entries = new Map<Address, Entry>();
  readonly #routes = new Map<Principal, Address>();

  constructor(env: Env, world: World, pair: KeyPair | undefined) {
    this.#env = env;
    this.#world = world;
    this.#settings = world.settings;
    this.#pair = pair;
    this.#pairs = new FreshPairs("relay", env.address);
  }

  handle(input: Input): readonly Output[] {
    switch (input.kind) {
      case "start":
        return [log("waiting for clients")];
      case "connected":
        this.#readers.set(input.peer, new FrameReader());
        return [];
      case "chunk":
        return this.#read(input.bytes, input.from);
      case "closed":
        return this.#forget(input.peer);
      default:
        throw new MisuseError(`a relay takes no ${input.kind}`);
    }
  }

  /** Connections that gave a name and nothing else. */
  stateSize(): number {
    return [...this.#entries.values()].filter((e) => e.channel === undefined).length;
  }

  #forget(peer: Address): readonly Output[] {
    const name = this.#entries.get(peer)?.name;
    if (name !== undefined && this.#routes.get(name) === peer) this.#routes.delete(name);
    this.#entries.delete(peer);
    this.#readers.delete(peer);
    return [];
  }

  #read(chunk: Uint8Array, from: Address): readonly Output[] {
    const outputs: Output[] = [];
    for (const frame of this.#readers.get(from)?.push(chunk) ?? []) {
      if (frame === undefined) outputs.push(...discard(this.#settings, "malformed"));
      else if (frame.fields.type === "connect") outputs.push(...this.#onConnect(frame, from));
      else if (frame.fields.type === "secure") outputs.push(...this.#onSecure(frame, from));
      else outputs.push(...discard(this.#settings, "unexpected"));
    }
    return outputs;
  }

  #onConnect(frame: Frame, from: Address): readonly Output[] {
    if (frame.fields.phase === 1) return this.#onHello(frame, from);
    return frame.fields.phase === 3
      ? this.#onKey(frame, from)
      : discard(this.#settings, "unexpected");
  }

  #onHello(frame: Frame, from: Address): readonly Output[] {
    const { crypto } = this.#env;
    const name = textField(frame, "name");
    const offered = listField(frame, "ciphers");
    if (name === undefined || offered === undefined) return discard(this.#settings, "malformed");
    if (this.#taken(name, from)) return discard(this.#settings, "busy");
    const pair = this.#pair ?? this.#pairs.pair(crypto);
    const fresh = this.#settings.bound || this.#settings.signed;
    const answer = frameOf({
      type: "connect",
      phase: 2,
      ciphers: offered.filter((cipher) => suiteNames.includes(cipher)),
      data: text(crypto.encode("pem", pair.publicKey)),
      ...(fresh ? { nonce: text(crypto.encode("hex", crypto.random(nonceBytes))) } : {}),
    });
    this.#forgetName(from);
    this.#entries.set(from, { name, pair, transcript: [frame.bytes, answer] });
    // A name is worth something only with a key behind it; the original asks for none.
    if (!this.#settings.signed) this.#routes.set(name, from);
    return [
      log(`client ${printed(this.#settings, name)} wants to register from ${from}`),
      { kind: "claim", claim: { kind: "running", peer: name } },
      transmit(answer, from),
    ];
  }

  #taken(name: Principal, from: Address): boolean {
    const holder = this.#routes.get(name);
    return !this.#settings.latestWins && holder !== undefined && holder !== from;
  }

  /** A connection that registers again gives up the name it had. */
  #forgetName(from: Address): void {
    const before = this.#entries.get(from)?.name;
    if (before !== undefined && this.#routes.get(before) === from) this.#routes.delete(before);
  }

  #onKey(frame: Frame, from: Address): readonly Output[] {
    const { crypto, self } = this.#env;
    const entry = this.#entries.get(from);
    if (entry === undefined) return discard(this.#settings, "unexpected");
    const data = bytesField(frame, "data");
    if (data === undefined) return discard(this.#settings, "malformed");
    const { name, pair, transcript } = entry;
    const sig = bytesField(frame, "sig");
    const { signers } = this.#world;
    const { signed, bound } = this.#settings;
    // A second M3 for the same M1 would log in twice, and start the counters again.
    if ((signed || bound) && entry.channel !== undefined) {
      return discard(this.#settings, "unexpected");
    }
    if (signed && !verified(crypto, signers, name, sig, ...transcript, data)) {
      return discard(this.#settings, "bad-signature");
    }
    const { keys, ran } = takeKeys(crypto, this.#settings, pair.privateKey, data);
    const executed = ran.map((code) => ({ kind: "ran-code", code }) as const);
    if (keys === undefined) return [...executed, ...discard(this.#settings, "bad-key")];
    const inUse = bound ? boundKeys(this.#env, keys, transcript) : keys;
    const channel = new Channel(crypto, this.#settings, inUse, { self, peer: name });
    entry.channel = channel;
    if (signed) this.#routes.set(name, from);
    const suite = suites.find((s) => s.keyBytes === keys.key.length)?.name ?? "";
    const registered: readonly Output[] = [
      { kind: "claim", claim: { kind: "commit", peer: name, agreed: inUse.key } },
      negotiated(suite),
      log(`client ${printed(this.#settings, name)} registered`),
    ];
    if (bound) entry.unproved = registered;
    return [
      ...executed,
      { kind: "claim", claim: { kind: "secret", peer: name, value: inUse.key } },
      ...(bound ? [] : registered),
      ...(bound ? [transmit(secureFrame(channel, { type: utf8("connected") }), from)] : []),
    ];
  }

  #onSecure(frame: Frame, from: Address): readonly Output[] {
    const entry = this.#entries.get(from);
    if (entry?.channel === undefined) return discard(this.#settings, "unexpected");
    const opened = openFrame(entry.channel, frame);
    if (typeof opened === "string") return discard(this.#settings, opened);
    const executed = opened.ran.map((code) => ({ kind: "ran-code", code }) as const);
    if (entry.unproved !== undefined && isProof(opened.value)) {
      const proved = entry.unproved;
      delete entry.unproved;
      return [...executed, ...proved];
    }
    return [...executed, ...this.#relay(entry, opened.value)];
  }

  #relay(entry: Entry, object: unknown): readonly Output[] {
    const message = isDict(object as Dict) ? (object as Dict) : {};
    const { src, dst } = message;
    if (!(src instanceof Uint8Array && dst instanceof Uint8Array)) {
      return discard(this.#settings, "malformed");
    }
    if (this.#settings.checksSource && text(src) !== entry.name) {
      return discard(this.#settings, "unauthorized");
    }
    const to = this.#routes.get(text(dst) ?? "");
    const channel = to && this.#entries.get(to)?.channel;
    if (!to || !channel) return discard(this.#settings, "unknown-peer");
    return [transmit(secureFrame(channel, message), to)];
  }
}

const isProof = (object: Value): boolean =>
  isDict(object) && object.type instanceof Uint8Array && text(object.type) === "proof";

const transmit = (frame: Uint8Array, to: Address): Output => ({
  kind: "transmit",
  bytes: withBlankLine(frame),
  to,
});

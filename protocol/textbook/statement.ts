/**
 * Two lines that a service sends on a connection, sealed and counted, and then an end.
 *
 * Aims: each line is confidential and unchanged, and the client knows when it has all of them.
 *
 * Known weakness of `ending=closed`: a closed connection passes for the end, and anyone on the path
 * can close it. What has arrived by then is in order, so nothing looks wrong (RFC 2818 §2.2.2, RFC
 * 8446 §6.1). With `ending=sealed` the last record says that it is the last. Neither has forward
 * secrecy.
 */
import type { Address, Endpoint, Env, Input, Output, Principal, Protocol } from "../endpoint.ts";
import { concat, text, utf8 } from "../kit/bytes.ts";
import { say } from "../kit/workload.ts";
import { any, pack, unpack } from "./fields.ts";
import { claimsOf, keyOf, present, transmit } from "./party.ts";
import { directionKeys, Records, recordClaims } from "./records.ts";

const nonceBytes = 16;
const lines = 2;
/** The first byte of what is sealed. */
const isLine = 0;
const isEnd = 1;

interface Setting {
  /** What each client shares with the service, 32 bytes. */
  readonly keys: ReadonlyMap<Principal, Uint8Array>;
  readonly sealsEnd: boolean;
}

/** @param nonces of the client and of the service. */
function recordsOf({ crypto }: Env, key: Uint8Array, nonces: Uint8Array, peer: Principal) {
  const secret = crypto.hkdfExtract("sha256", key, nonces);
  const { toInitiator, toResponder } = directionKeys(crypto, secret);
  return { secret, toInitiator, toResponder, peer };
}

const cutOff: Output = { kind: "exit", ok: false, because: "the statement is cut off" };

class Client implements Endpoint {
  readonly #env: Env;
  readonly #setting: Setting;
  #nonce: Uint8Array = new Uint8Array(0);
  #records: Records | undefined;
  #read = 0;

  constructor(env: Env, setting: Setting) {
    this.#env = env;
    this.#setting = setting;
  }

  handle(input: Input): readonly Output[] {
    const { crypto, self, peerAddress } = this.#env;
    if (input.kind === "connected") {
      this.#nonce = crypto.random(nonceBytes);
      return [transmit(pack(this.#nonce, utf8(self)))];
    }
    if (input.kind === "closed") return this.#closed();
    if (input.kind !== "chunk" || input.from !== peerAddress) return [];
    return this.#records === undefined
      ? this.#answer(input.bytes)
      : this.#record(input.bytes, this.#records);
  }

  #answer(bytes: Uint8Array): readonly Output[] {
    if (bytes.length !== nonceBytes) return [{ kind: "reject", reason: "malformed" }];
    const { crypto, self, peer = "" } = this.#env;
    const key = keyOf(this.#setting.keys, self);
    const made = recordsOf(this.#env, key, concat(this.#nonce, bytes), peer);
    const { toResponder: send, toInitiator: receive } = made;
    this.#records = new Records({ crypto, peer, send, receive });
    return [{ kind: "claim", claim: { kind: "secret", peer, value: made.secret } }];
  }

  #record(bytes: Uint8Array, records: Records): readonly Output[] {
    const opened = records.open(bytes);
    if (typeof opened === "string") return [{ kind: "reject", reason: opened }];
    const { peer = "" } = this.#env;
    if (opened[0] !== isEnd) {
      this.#read++;
      return [{ kind: "deliver", message: opened.slice(1), from: peer }];
    }
    // Counters may leave gaps: a record that was taken away is missed only here.
    if (this.#read !== lines) return [cutOff];
    return [
      { kind: "end", from: peer },
      { kind: "exit", ok: true },
    ];
  }

  #closed(): readonly Output[] {
    const { peer = "" } = this.#env;
    return this.#setting.sealsEnd
      ? [cutOff]
      : [
          { kind: "end", from: peer },
          { kind: "exit", ok: true },
        ];
  }
}

interface Statement {
  readonly records: Records;
  left: number;
}

class Server implements Endpoint {
  readonly #env: Env;
  readonly #setting: Setting;
  readonly #open = new Map<Address, Statement>();

  constructor(env: Env, setting: Setting) {
    this.#env = env;
    this.#setting = setting;
  }

  handle(input: Input): readonly Output[] {
    if (input.kind === "closed") this.#open.delete(input.peer);
    if (input.kind === "send") return this.#send(input.message, input.session ?? "");
    return input.kind === "chunk" ? this.#asked(input.bytes, input.from) : [];
  }

  stateSize(): number {
    return this.#open.size;
  }

  #asked(bytes: Uint8Array, from: Address): readonly Output[] {
    if (this.#open.has(from)) return [{ kind: "reject", reason: "unexpected" }];
    const [theirs, name] = unpack(bytes, nonceBytes, any) ?? [];
    if (theirs === undefined || name === undefined) {
      return [{ kind: "reject", reason: "malformed" }];
    }
    const peer = text(name) ?? "";
    const key = this.#setting.keys.get(peer);
    if (key === undefined) return [{ kind: "reject", reason: "unknown-peer" }];
    const { crypto } = this.#env;
    const nonce = crypto.random(nonceBytes);
    const made = recordsOf(this.#env, key, concat(theirs, nonce), peer);
    const { toInitiator: send, toResponder: receive } = made;
    this.#open.set(from, { records: new Records({ crypto, peer, send, receive }), left: lines });
    return [
      { kind: "claim", claim: { kind: "secret", peer, value: made.secret } },
      transmit(nonce),
      { kind: "ready", messages: lines, session: from },
    ];
  }

  #send(message: Uint8Array, to: Address): readonly Output[] {
    const statement = this.#open.get(to);
    if (statement === undefined) return [{ kind: "give-up", message, session: to }];
    const sealed = (kind: number, content: Uint8Array): Output => ({
      kind: "transmit",
      bytes: statement.records.seal(concat(Uint8Array.of(kind), content)),
      session: to,
      to,
    });
    const line = sealed(isLine, message);
    if (--statement.left > 0) return [line];
    this.#open.delete(to);
    const end = this.#setting.sealsEnd ? [sealed(isEnd, new Uint8Array(0))] : [];
    return [line, ...end, { kind: "close", session: to, to }];
  }
}

export const statement: Protocol = {
  name: "statement",
  title: "Sealed lines, and how they end",
  flow: `
C → S: Nc, C
S → C: Ns                                  K1 = Expand(Extract(K; Nc, Ns))
S → C: counter, {line}K1                   twice
S → C: counter, {end}K1                    ending=sealed; then the connection is closed
`.trim(),
  transport: "messages",
  roles: [
    { name: "client", principals: ["alice"], process: "session", peer: "server" },
    { name: "server", principals: ["bob"], process: "service", port: 2818 },
  ],
  options: {
    ending: {
      default: "sealed",
      values: ["sealed", "closed"],
      about: "what the client takes for the end: a sealed record, or a closed connection",
      weakens: { closed: ["truncation"] },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    origin: "Only the service can seal what the client opens.",
    truncation: "The client knows when it has all lines.",
    "replay-across-sessions": "Both ends bring a fresh nonce.",
  }),
  deploy({ crypto, options, principals }) {
    const keys = new Map(principals.map((p) => [p, crypto.random(32)]));
    const setting = { keys, sealsEnd: options.ending === "sealed" };
    return {
      open: (role, env) =>
        role === "client" ? new Client(env, setting) : new Server(env, setting),
      longTermSecrets: (p) => (p === "bob" ? [...keys.values()] : present(keys.get(p))),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: say("server", "rent, 400 crowns", "owed to carol, 9 crowns"),
      },
      {
        start: "after-previous",
        messages: say("server", "rent, 410 crowns", "owed to nobody"),
      },
    ],
  }),
};

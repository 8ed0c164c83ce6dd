/**
 * The Wide-Mouthed Frog (M. Burrows, in: Burrows, Abadi and Needham, “A logic of authentication”,
 * ACM Transactions on Computer Systems 8, 1990): Trent passes a key on, and clocks keep it fresh.
 *
 * Aims: Bob has a key that Alice made just now, for talking to him.
 *
 * Known weakness: what Trent sends looks like what he is sent. Sent back to him while it is still
 * fresh, it comes out again with a new timestamp, for the other one; and so on for as long as one
 * likes, until Bob accepts the old key once more (Anderson and Needham, “Programming Satan's
 * computer”, 1995). With `direction=tagged` a ticket says whether it goes to Trent or comes from
 * him. Whoever chooses the key is Alice alone, and there is no forward secrecy.
 */
import type {
  Address,
  Endpoint,
  Env,
  Input,
  Millis,
  Output,
  OutputBody,
  Principal,
  Protocol,
  RejectReason,
} from "../endpoint.ts";
import { concat, readUint, text, uintBytes, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { say } from "./end.ts";
import { any, message, pack, readMessage, unpack } from "./fields.ts";
import type { Party } from "./party.ts";
import { Client, claimsOf, finished, keyOf, present, running } from "./party.ts";
import { directionKeys, Records } from "./records.ts";

const keyBytes = 32;
const nonceBytes = 12;
const timeBytes = 6;
/** How far two clocks, and a message under way, may be apart. */
const freshMs = 1_000;
/** Everybody knows where everybody is reached. */
const trent: Address = "trent:1989";
const addressOf = (name: Principal): Address => `${name}:1990`;

interface Setting {
  /** What each principal shares with Trent, 32 bytes. */
  readonly keys: ReadonlyMap<Principal, Uint8Array>;
  readonly tagged: boolean;
}
type Direction = "to server" | "from server";

interface Ticket {
  readonly time: Millis;
  readonly key: Uint8Array;
  /** Whom the key is shared with. */
  readonly other: Principal;
}

const label = ({ tagged }: Setting, way: Direction) => utf8(tagged ? way : "");

/** @param name under whose key the ticket is sealed; it stands beside it. */
function seal(crypto: CryptoKit, s: Setting, name: Principal, way: Direction, t: Ticket) {
  const nonce = crypto.random(nonceBytes);
  const inside = pack(uintBytes(Math.floor(t.time), timeBytes), t.key, utf8(t.other));
  const key = keyOf(s.keys, name);
  const sealed = crypto.seal("chacha20-poly1305", key, nonce, inside, label(s, way));
  return message(1, concat(nonce, sealed), utf8(name));
}

interface Opened extends Ticket {
  readonly name: Principal;
}

function open(
  crypto: CryptoKit,
  s: Setting,
  bytes: Uint8Array,
  way: Direction,
  now: Millis,
): Opened | RejectReason {
  const [sealed, whose] = readMessage(bytes, 1, any, any) ?? [];
  if (sealed === undefined || whose === undefined) return "malformed";
  const name = text(whose) ?? "";
  const key = s.keys.get(name);
  if (key === undefined) return "unknown-peer";
  const [nonce, rest] = [sealed.slice(0, nonceBytes), sealed.slice(nonceBytes)];
  const inside = crypto.open("chacha20-poly1305", key, nonce, rest, label(s, way));
  if (inside === undefined) return "bad-tag";
  const fields = unpack(inside, timeBytes, keyBytes, any);
  if (fields === undefined) return "malformed";
  const [time, other] = [readUint(fields[0]), text(fields[2]) ?? ""];
  if (Math.abs(now - time) > freshMs) return "stale";
  return s.keys.has(other) ? { name, time, key: fields[1], other } : "unknown-peer";
}

class Caller implements Party {
  done = false;
  readonly #env: Env;
  readonly #setting: Setting;
  #records: Records | undefined;

  constructor(env: Env, setting: Setting) {
    this.#env = env;
    this.#setting = setting;
  }

  start(now: Millis): readonly OutputBody[] {
    const { crypto, peer = "", self } = this.#env;
    const key = crypto.random(keyBytes);
    const { toResponder: send, toInitiator: receive } = directionKeys(crypto, key);
    this.#records = new Records({ crypto, peer, send, receive });
    this.done = true;
    const ticket = { time: now, key, other: peer };
    const bytes = seal(crypto, this.#setting, self, "to server", ticket);
    return [
      running(peer, key),
      { kind: "transmit", bytes, to: trent },
      { kind: "claim", claim: { kind: "secret", peer, value: key } },
      { kind: "ready" },
    ];
  }

  receive(): RejectReason {
    return "unexpected";
  }

  send(words: Uint8Array): readonly OutputBody[] {
    return this.#records?.transmit(words) ?? [];
  }
}

const reject = (reason: RejectReason): readonly Output[] => [{ kind: "reject", reason }];

const server = ({ crypto }: Env, setting: Setting): Endpoint => ({
  handle(input: Input, now: Millis) {
    if (input.kind !== "datagram") return [];
    const ticket = open(crypto, setting, input.bytes, "to server", now);
    if (typeof ticket === "string") return reject(ticket);
    const { key, name, other } = ticket;
    const passedOn = { time: now, key, other: name };
    const bytes = seal(crypto, setting, other, "from server", passedOn);
    return [{ kind: "transmit", bytes, to: addressOf(other) }];
  },
});

class Callee implements Endpoint {
  readonly #env: Env;
  readonly #setting: Setting;
  readonly #sessions: { readonly label: string; readonly records: Records }[] = [];
  #lastTime: Millis = -1;

  constructor(env: Env, setting: Setting) {
    this.#env = env;
    this.#setting = setting;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (input.kind !== "datagram") return [];
    return input.bytes[0] === 1 ? this.#called(input.bytes, now) : this.#record(input.bytes);
  }

  #called(bytes: Uint8Array, now: Millis): readonly Output[] {
    const { crypto, self } = this.#env;
    const ticket = open(crypto, this.#setting, bytes, "from server", now);
    if (typeof ticket === "string") return reject(ticket);
    if (ticket.name !== self) return reject("unknown-peer");
    // Trent's clock only goes forward, so that an old ticket of his is no use.
    if (ticket.time <= this.#lastTime) return reject("replayed");
    this.#lastTime = ticket.time;
    const { key, other: peer } = ticket;
    const { toResponder: receive, toInitiator: send } = directionKeys(crypto, key);
    const session = `call ${this.#sessions.length + 1}`;
    this.#sessions.push({ label: session, records: new Records({ crypto, peer, send, receive }) });
    return [running(peer, key), ...finished(peer, key)].map((o) => ({ ...o, session }));
  }

  /** A record says nothing about its session: the newest one whose key fits has it. */
  #record(bytes: Uint8Array): readonly Output[] {
    let reason: RejectReason = "unknown-peer";
    for (const { label: session, records } of this.#sessions.toReversed()) {
      const outputs = records.deliver(bytes);
      if (typeof outputs !== "string") return outputs.map((o) => ({ ...o, session }));
      reason = outputs;
    }
    return reject(reason);
  }
}

export const wideMouthedFrog: Protocol = {
  name: "wide-mouthed-frog",
  title: "Wide-Mouthed Frog",
  flow: `
A → S: {Ta, K, B}Kas, A
S → B: {Ts, K, A}Kbs, B      tagged: and which way it goes
A → B: counter, {text}K
`.trim(),
  transport: "datagram",
  roles: [
    { name: "caller", principals: ["alice"], process: "session", peer: "callee" },
    { name: "callee", principals: ["bob"], process: "service", port: 1990 },
    { name: "server", principals: ["trent"], process: "service", port: 1989 },
  ],
  options: {
    direction: {
      default: "untagged",
      values: ["untagged", "tagged"],
      about: "tagged: a ticket says whether it goes to the server or comes from it",
      weakens: { untagged: ["client-authentication"] },
    },
  },
  claims: claimsOf({
    "client-authentication": "A fresh ticket says that the caller is there now.",
    "key-secrecy": "The key travels only under keys shared with the server.",
    confidentiality: "Texts are sealed under the key.",
    integrity: "What does not verify is discarded.",
  }),
  deploy({ crypto, options, principals }) {
    const users = principals.filter((p) => p !== "trent");
    const keys = new Map(users.map((p) => [p, crypto.random(keyBytes)]));
    const setting = { keys, tagged: options.direction === "tagged" };
    return {
      open(role, env) {
        if (role === "caller") return new Client(new Caller(env, setting));
        return role === "server" ? server(env, setting) : new Callee(env, setting);
      },
      longTermSecrets: (p) => (p === "trent" ? [...keys.values()] : present(keys.get(p))),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: say("caller", "alice sells a hundred shares", "alice sells fifty more"),
      },
      { start: "after-previous", messages: say("caller", "alice buys thirty of them back") },
    ],
  }),
};

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
 * him. Trent and Bob take only timestamps later than those before, which the authors leave open;
 * without that, a duplicated packet would do (Lowe, “A family of attacks upon authentication
 * protocols”, 1997). Alice alone chooses the key, and there is no forward secrecy. Whoever has the
 * key that Bob shares with Trent makes tickets in Trent's place, and is Alice to Bob.
 */
import type {
  Address,
  Endpoint,
  Env,
  Millis,
  Output,
  Principal,
  Protocol,
  RejectReason,
} from "../endpoint.ts";
import { readUint, text, uintBytes, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { any, message, pack, readMessage, unpack } from "./fields.ts";
import { Client, claimsOf, finished, keyOf, type Party, running } from "./party.ts";
import { directionKeys, Records, recordClaims } from "./records.ts";
import { datagrams, openTicket, sealTicket, sharedWithTrent } from "./ticket.ts";

const keyBytes = 32;
const timeBytes = 6;
/** How far two clocks, and a message under way, may be apart. */
const freshMs = 1_000;
/** All principals know all addresses. */
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

/** @param name under whose key the ticket is sealed; it stands beside it. */
function seal(crypto: CryptoKit, s: Setting, name: Principal, way: Direction, t: Ticket) {
  const inside = pack(uintBytes(Math.floor(t.time), timeBytes), t.key, utf8(t.other));
  const sealed = sealTicket(crypto, keyOf(s.keys, name), inside, s.tagged ? way : "");
  return message(1, sealed, utf8(name));
}

function open(
  crypto: CryptoKit,
  s: Setting,
  bytes: Uint8Array,
  way: Direction,
  now: Millis,
): (Ticket & { readonly name: Principal }) | RejectReason {
  const [sealed, whose] = readMessage(bytes, 1, any, any) ?? [];
  if (sealed === undefined || whose === undefined) return "malformed";
  const name = text(whose) ?? "";
  const key = s.keys.get(name);
  if (key === undefined) return "unknown-peer";
  const inside = openTicket(crypto, key, sealed, s.tagged ? way : "");
  if (inside === undefined) return "bad-tag";
  const fields = unpack(inside, timeBytes, keyBytes, any);
  if (fields === undefined) return "malformed";
  const [time, other] = [readUint(fields[0]), text(fields[2]) ?? ""];
  if (Math.abs(now - time) > freshMs) return "stale";
  return s.keys.has(other) ? { name, time, key: fields[1], other } : "unknown-peer";
}

function caller({ crypto, peer = "", self }: Env, setting: Setting): Party {
  let records: Records | undefined;
  return {
    done: true,
    start(now) {
      const key = crypto.random(keyBytes);
      const { toResponder: send, toInitiator: receive } = directionKeys(crypto, key);
      records = new Records({ crypto, peer, send, receive });
      const ticket = { time: now, key, other: peer };
      return [
        running(peer, key),
        { kind: "transmit", bytes: seal(crypto, setting, self, "to server", ticket), to: trent },
        { kind: "claim", claim: { kind: "secret", peer, value: key } },
        { kind: "ready" },
      ];
    },
    receive: () => "unexpected",
    send: (words) => records?.transmit(words) ?? [],
  };
}

/** Takes only what is newer than what the same name sealed before. */
function server({ crypto }: Env, setting: Setting): Endpoint {
  const lastTimes = new Map<Principal, Millis>();
  return datagrams((bytes, now) => {
    const ticket = open(crypto, setting, bytes, "to server", now);
    if (typeof ticket === "string") return ticket;
    const { key, name, other, time } = ticket;
    if (time <= (lastTimes.get(name) ?? -1)) return "replayed";
    lastTimes.set(name, time);
    const next = { time: now, key, other: name };
    const sealed = seal(crypto, setting, other, "from server", next);
    return [{ kind: "transmit", bytes: sealed, to: addressOf(other) }];
  });
}

function callee({ crypto, self }: Env, setting: Setting): Endpoint {
  const sessions: { readonly session: string; readonly records: Records }[] = [];
  let lastTime: Millis = -1;

  function called(bytes: Uint8Array, now: Millis): readonly Output[] | RejectReason {
    const ticket = open(crypto, setting, bytes, "from server", now);
    if (typeof ticket === "string") return ticket;
    if (ticket.name !== self) return "unknown-peer";
    // Trent's clock only goes forward, so that an old ticket of his is no use.
    if (ticket.time <= lastTime) return "replayed";
    lastTime = ticket.time;
    const { key, other: peer } = ticket;
    const { toResponder: receive, toInitiator: send } = directionKeys(crypto, key);
    const session = `call ${sessions.length + 1}`;
    sessions.push({ session, records: new Records({ crypto, peer, send, receive }) });
    return [running(peer, key), ...finished(peer, key)].map((o) => ({ ...o, session }));
  }

  /** A record says nothing about its session: the newest one whose key fits has it. */
  function record(bytes: Uint8Array): readonly Output[] | RejectReason {
    let reason: RejectReason = "unknown-peer";
    for (const { session, records } of sessions.toReversed()) {
      const outputs = records.deliver(bytes);
      if (typeof outputs !== "string") return outputs.map((o) => ({ ...o, session }));
      reason = outputs;
    }
    return reason;
  }

  return datagrams((bytes, now) => (bytes[0] === 1 ? called(bytes, now) : record(bytes)));
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
    ...recordClaims,
    "client-authentication": "A fresh ticket says that the caller is there now.",
    "key-secrecy": "The key travels only under keys shared with the server.",
  }),
  deploy({ crypto, options, principals }) {
    const { keys, longTermSecrets } = sharedWithTrent(crypto, principals);
    const setting = { keys, tagged: options.direction === "tagged" };
    return {
      open(role, env) {
        if (role === "caller") return new Client(caller(env, setting));
        if (role === "callee") return callee(env, setting);
        return server(env, setting);
      },
      longTermSecrets,
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

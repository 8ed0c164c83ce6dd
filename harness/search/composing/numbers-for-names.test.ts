/**
 * A box of one message may be taken for that of another: mallory's name for a number, and then an
 * answer for a call (J. Millen's attack on the protocol of Needham, Schroeder and Lowe, in C.
 * Meadows, "Analyzing the Needham–Schroeder public key protocol", 1996). In small: everyone is
 * asked for what was sealed for them, by whoever says a name inside the box.
 */
import { expect, test } from "vitest";
import type { Env, Output, Principal, Protocol } from "../../../protocol/endpoint.ts";
import { concat, hex, text, uintBytes, utf8 } from "../../../protocol/kit/bytes.ts";
import type { KeyPair } from "../../../protocol/kit/crypto.ts";
import { type Handler, protocolOf, subjectFor, transmit, words } from "../../testing/tiny.ts";
import { Campaign } from "../campaign.ts";
import { compose } from "./compose.ts";

interface Setting {
  readonly keys: ReadonlyMap<Principal, KeyPair>;
  readonly isTagged: boolean;
}
const refused: readonly Output[] = [{ kind: "reject", reason: "bad-key" }];

/** The first field behind its length. */
function box({ crypto }: Env, { keys, isTagged }: Setting, to: Principal, fields: Fields): Output {
  const { nth, first, second } = fields;
  const tag = isTagged ? uintBytes(nth, 1) : new Uint8Array(0);
  const inside = concat(tag, uintBytes(first.length, 1), first, second);
  const publicKey = (keys.get(to) as KeyPair).publicKey;
  const bytes = crypto.rsaEncrypt("sha256", publicKey, inside) ?? new Uint8Array(0);
  return { kind: "transmit", bytes };
}
interface Fields {
  readonly nth: number;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

function opened(
  { crypto, self }: Env,
  { keys, isTagged }: Setting,
  nth: number,
  bytes: Uint8Array,
) {
  const inside = crypto.rsaDecrypt("sha256", (keys.get(self) as KeyPair).privateKey, bytes);
  if (inside === undefined || (isTagged && inside[0] !== nth)) return undefined;
  const rest = isTagged ? inside.slice(1) : inside;
  const end = 1 + (rest[0] ?? 0);
  return { first: rest.slice(1, end), second: rest.slice(end) };
}

function initiator(env: Env, setting: Setting): Handler {
  const { crypto, self, peer = "" } = env;
  const mine = crypto.random(16);
  return (input) => {
    if (input.kind === "start") {
      return [box(env, setting, peer, { nth: 1, first: utf8(self), second: mine })];
    }
    if (input.kind !== "datagram") return [];
    const { first, second } = opened(env, setting, 2, input.bytes) ?? {};
    if (first === undefined || second === undefined || !crypto.equal(first, mine)) return refused;
    if (text(second.slice(16)) !== peer) return refused;
    const theirs = second.slice(0, 16);
    return [
      { kind: "claim", claim: { kind: "running", peer, agreed: theirs } },
      transmit(`seen ${hex(theirs)}`),
    ];
  };
}

function responder(env: Env, setting: Setting): Handler {
  const calls = new Map<string, { readonly who: Principal; readonly mine: Uint8Array }>();
  return (input) => {
    if (input.kind !== "datagram") return [];
    const session = input.from;
    const call = calls.get(session);
    if (call !== undefined) {
      if (words(input.bytes) !== `seen ${hex(call.mine)}`) return refused;
      calls.delete(session);
      const claim = { kind: "commit", peer: call.who, agreed: call.mine } as const;
      return [{ kind: "claim", claim, session }];
    }
    const { first, second } = opened(env, setting, 1, input.bytes) ?? {};
    const who = first === undefined ? "" : (text(first) ?? "");
    if (second === undefined || !setting.keys.has(who) || who === env.self) return refused;
    const mine = env.crypto.random(16);
    calls.set(session, { who, mine });
    const fields = { nth: 2, first: second, second: concat(mine, utf8(env.self)) };
    const answer = box(env, setting, who, fields);
    return [{ ...answer, to: session, session } as Output];
  };
}

function anyLength(isTagged: boolean): Protocol {
  const exchanged = { initiator: "bob", responder: "alice" };
  const protocol: Partial<Protocol> = {
    registration: true,
    roles: [
      { name: "initiator", principals: ["alice"], process: "session", peer: "responder" },
      { name: "responder", principals: ["bob"], process: "service", port: 1996 },
    ],
    deploy({ crypto, principals }) {
      const keys = new Map(principals.map((p, i) => [p, crypto.rsaKeyPair(2048, i)] as const));
      const setting = { keys, isTagged };
      const part = { initiator, responder };
      return {
        open: (role, env) => ({ handle: part[role as keyof typeof part](env, setting) }),
        longTermSecrets: (p) => [keys.get(p)?.privateKey ?? new Uint8Array(0)],
        publicValues: [...keys.values()].map((k) => k.publicKey),
      };
    },
  };
  const sessions = [
    { start: 0, messages: [] },
    { start: 0, principals: exchanged, messages: [] },
  ];
  return protocolOf({}, { protocol, sessions });
}

test.each([
  ["untagged", false, ["client-authentication"]],
  ["tagged", true, []],
] as const)("%s boxes", (_, isTagged, expected) => {
  const guarantees = ["client-authentication"];
  const campaign = new Campaign(subjectFor(anyLength(isTagged)), { seed: "mallory", guarantees });
  // In the workload in which everyone is called.
  compose(campaign, { work: 300_000, part: { index: 0, of: 20 } });
  const broken = campaign.finish(null).verdicts.filter((v) => v.verdict === "broken");
  expect(broken.map((v) => v.guarantee)).toEqual(expected);
  const sent = broken[0]?.finding?.attack.moves.filter((m) => m.move === "deliver") ?? [];
  expect(sent.length).toBe(isTagged ? 0 : 3);
});

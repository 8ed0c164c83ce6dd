/**
 * The attack of W. Diffie, P. van Oorschot and M. Wiener (1992, section 4) on a draft of ISO/IEC
 * 9798-3: a challenge is shown to the one who is played, as if it were a caller's number, and what
 * comes back answers it. Lines of text that differ in their verb alone.
 */
import { expect, test } from "vitest";
import type { Env, Output, Principal, Protocol } from "../../../protocol/endpoint.ts";
import { fromHex, hex, utf8 } from "../../../protocol/kit/bytes.ts";
import type { KeyPair } from "../../../protocol/kit/crypto.ts";
import { type Handler, protocolOf, subjectFor, transmit, words } from "../../testing/tiny.ts";
import { Campaign } from "../campaign.ts";
import { compose } from "./compose.ts";

type Keys = ReadonlyMap<Principal, KeyPair>;
const refused: readonly Output[] = [{ kind: "reject", reason: "bad-signature" }];
const draw = ({ crypto }: Env): string => hex(crypto.random(16));

function isSigned(keys: Keys, by: Principal, { crypto }: Env, text: string, signature = "") {
  const publicKey = keys.get(by)?.publicKey;
  const bytes = fromHex(signature);
  return (
    publicKey !== undefined && bytes !== undefined && crypto.verify(publicKey, utf8(text), bytes)
  );
}
const sign = (keys: Keys, { crypto, self }: Env, text: string): string =>
  hex(crypto.sign((keys.get(self) as KeyPair).privateKey, utf8(text)));

function initiator(env: Env, keys: Keys, isRepaired: boolean): Handler {
  const { self, peer = "" } = env;
  const mine = draw(env);
  return (input) => {
    if (input.kind === "start") return [transmit(`hello ${self} ${mine}`)];
    if (input.kind !== "datagram") return [];
    const [verb, theirs, signature] = words(input.bytes).split(" ");
    if (verb !== "asked") return refused;
    if (!isSigned(keys, peer, env, `${theirs} ${mine} ${self}`, signature)) return refused;
    const own = isRepaired ? mine : draw(env);
    return [
      { kind: "claim", claim: { kind: "running", peer, agreed: utf8(`${theirs}`) } },
      transmit(`reply ${own} ${sign(keys, env, `${own} ${theirs} ${peer}`)}`),
    ];
  };
}

interface Call {
  readonly who: Principal;
  readonly theirs: string;
  readonly mine: string;
}

function responder(env: Env, keys: Keys, isRepaired: boolean): Handler {
  const calls = new Map<string, Call>();
  const over = new Set<string>();
  return (input) => {
    if (input.kind !== "datagram") return [];
    const session = input.from;
    const [verb, first = "", second = ""] = words(input.bytes).split(" ");
    const call = calls.get(session);
    if (verb === "hello" && call === undefined && keys.has(first) && first !== env.self) {
      const mine = draw(env);
      calls.set(session, { who: first, theirs: second, mine });
      const signature = sign(keys, env, `${mine} ${second} ${first}`);
      return [{ ...transmit(`asked ${mine} ${signature}`, session), session }];
    }
    if (verb !== "reply" || call === undefined || over.has(session)) return refused;
    const { who, theirs, mine } = call;
    if (isRepaired && first !== theirs) return refused;
    if (!isSigned(keys, who, env, `${first} ${mine} ${env.self}`, second)) return refused;
    over.add(session);
    return [{ kind: "claim", claim: { kind: "commit", peer: who, agreed: utf8(mine) }, session }];
  };
}

const exchanged = { initiator: "bob", responder: "alice" };

function threePasses(isRepaired: boolean): Protocol {
  const protocol: Partial<Protocol> = {
    roles: [
      { name: "initiator", principals: ["alice"], process: "session", peer: "responder" },
      { name: "responder", principals: ["bob"], process: "service", port: 9798 },
    ],
    deploy({ crypto, principals }) {
      const names = [...new Set([...principals, "alice", "bob"])];
      const keys = new Map(names.map((name) => [name, crypto.signingKeyPair()] as const));
      const part = { initiator, responder };
      return {
        open: (role, env) => ({ handle: part[role as keyof typeof part](env, keys, isRepaired) }),
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
  ["another number", false, ["client-authentication"]],
  ["the first number", true, []],
] as const)("answered with %s", (_, isRepaired, expected) => {
  const guarantees = ["client-authentication"];
  const settings = { seed: "mallory", guarantees };
  const campaign = new Campaign(subjectFor(threePasses(isRepaired)), settings);
  compose(campaign, { work: isRepaired ? 240_000 : 720_000 });
  const broken = campaign.finish(null).verdicts.filter((v) => v.verdict === "broken");
  expect(broken.map((v) => v.guarantee)).toEqual(expected);
  const sent = broken[0]?.finding?.attack.moves.filter((m) => m.move === "deliver") ?? [];
  expect(sent.length).toBe(isRepaired ? 0 : 3);
});

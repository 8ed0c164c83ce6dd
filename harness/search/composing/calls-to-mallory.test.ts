/**
 * Who calls mallory over a connection is let in, shown the certificate that mallory has, and asked
 * the number that the bank has asked mallory: the signature opens the bank (the man in the middle
 * of every login that does not say where to).
 */
import { expect, test } from "vitest";
import type { Env, Output, Principal, Protocol } from "../../../protocol/endpoint.ts";
import { concat, text, utf8 } from "../../../protocol/kit/bytes.ts";
import type { KeyPair } from "../../../protocol/kit/crypto.ts";
import { type Handler, protocolOf, subjectFor } from "../../testing/tiny.ts";
import { Campaign } from "../campaign.ts";
import { compose } from "./compose.ts";

interface Setting {
  readonly users: ReadonlyMap<Principal, KeyPair>;
  readonly authority: Uint8Array;
  readonly certificates: ReadonlyMap<Principal, Uint8Array>;
  readonly saysWhere: boolean;
}
const refused: readonly Output[] = [{ kind: "reject", reason: "bad-signature" }];

/** Number of 16 bytes, certificate of 64, name. */
function client({ crypto, self, peer = "" }: Env, setting: Setting): Handler {
  const { users, authority, saysWhere } = setting;
  return (input) => {
    if (input.kind === "connected") return [{ kind: "transmit", bytes: utf8("hello, bank") }];
    if (input.kind !== "chunk" || input.bytes.length < 80) return [];
    const [number, certificate] = [input.bytes.slice(0, 16), input.bytes.slice(16, 80)];
    const name = input.bytes.slice(80);
    if (text(name) !== peer || !crypto.verify(authority, name, certificate)) return refused;
    const said = saysWhere ? concat(number, name) : number;
    const signature = crypto.sign((users.get(self) as KeyPair).privateKey, said);
    return [
      { kind: "claim", claim: { kind: "running", peer, agreed: number } },
      { kind: "transmit", bytes: signature },
    ];
  };
}

function server({ crypto, self }: Env, setting: Setting): Handler {
  const numbers = new Map<string, Uint8Array>();
  const certificate = setting.certificates.get(self) ?? new Uint8Array(0);
  return (input) => {
    if (input.kind !== "chunk") return [];
    const session = input.from;
    const number = numbers.get(session);
    if (number === undefined) {
      if (text(input.bytes) !== "hello, bank") return refused;
      const mine = crypto.random(16);
      numbers.set(session, mine);
      const bytes = concat(mine, certificate, utf8(self));
      return [{ kind: "transmit", bytes, to: session, session }];
    }
    const said = setting.saysWhere ? concat(number, utf8(self)) : number;
    const { publicKey } = setting.users.get("alice") as KeyPair;
    if (!crypto.verify(publicKey, said, input.bytes)) return refused;
    numbers.delete(session);
    return [{ kind: "claim", claim: { kind: "commit", peer: "alice", agreed: number }, session }];
  };
}

function bank(saysWhere: boolean): Protocol {
  const protocol: Partial<Protocol> = {
    transport: "messages",
    registration: true,
    roles: [
      { name: "client", principals: ["alice"], process: "session", peer: "server" },
      { name: "server", principals: ["bob"], process: "service", port: 443 },
    ],
    deploy({ crypto, principals }) {
      const users = new Map(principals.map((p) => [p, crypto.signingKeyPair()] as const));
      const { privateKey, publicKey } = crypto.signingKeyPair();
      const certificates = new Map(
        principals.map((p) => [p, crypto.sign(privateKey, utf8(p))] as const),
      );
      const setting = { users, authority: publicKey, certificates, saysWhere };
      const part = { client, server };
      return {
        open: (role, env) => ({ handle: part[role as keyof typeof part](env, setting) }),
        longTermSecrets: (p) => [users.get(p)?.privateKey ?? new Uint8Array(0)],
        publicValues: [publicKey, ...certificates.values()],
      };
    },
  };
  const sessions = [
    { start: 0, messages: [] },
    { start: 0, principals: { server: "mallory" }, messages: [] },
  ];
  return protocolOf({}, { protocol, sessions });
}

test.each([
  ["does not say where", false, ["client-authentication"]],
  ["says where", true, []],
] as const)("a signature that %s", (_, saysWhere, expected) => {
  const guarantees = ["client-authentication"];
  const campaign = new Campaign(subjectFor(bank(saysWhere)), { seed: "mallory", guarantees });
  compose(campaign, { work: 60_000 });
  const broken = campaign.finish(null).verdicts.filter((v) => v.verdict === "broken");
  expect(broken.map((v) => v.guarantee)).toEqual(expected);
  const sent = broken[0]?.finding?.attack.moves.filter((m) => m.move === "deliver") ?? [];
  expect(sent.length).toBe(saysWhere ? 0 : 3);
});

/**
 * A box to a public key, from whoever has made a half for it: what the adversary says in it is its
 * own, in words, under a key that follows from its own half at a distance.
 */
import { expect, test } from "vitest";
import type { Env, Output, Principal } from "../../../protocol/endpoint.ts";
import { concat, fromHex, hex, text, utf8 } from "../../../protocol/kit/bytes.ts";
import type { KeyPair } from "../../../protocol/kit/crypto.ts";
import { say } from "../../../protocol/kit/workload.ts";
import { type Handler, protocolOf, subjectFor, transmit, words } from "../../testing/tiny.ts";
import { Campaign } from "../campaign.ts";
import { compose } from "./compose.ts";

interface Setting {
  readonly site: KeyPair;
  readonly accounts: ReadonlyMap<Principal, Uint8Array>;
  /** Does what is said carry a MAC under the account's key? */
  readonly isRepaired: boolean;
}

const none = new Uint8Array(0);
const refused: readonly Output[] = [{ kind: "reject", reason: "unauthorized" }];

/** Derived twice: what is sealed depends on the halves at a distance. */
function keyFrom({ crypto }: Env, own: Uint8Array, peer: Uint8Array): Uint8Array {
  const secret = crypto.sharedSecret("x25519", own, peer) ?? none;
  const first = crypto.hkdf({ hash: "sha256", key: secret, info: utf8("one"), length: 32 });
  return crypto.hkdf({ hash: "sha256", key: first, info: utf8("two"), length: 32 });
}

const macOf = ({ crypto }: Env, s: Setting, who: string, said: string): string =>
  s.isRepaired ? hex(crypto.hmac("sha256", s.accounts.get(who) ?? none, utf8(said))) : "none";

function fieldsOf(json: string | undefined): Record<string, unknown> {
  try {
    return { ...JSON.parse(json ?? "{}") };
  } catch {
    return {};
  }
}

function client(env: Env, s: Setting): Handler {
  const { crypto, self } = env;
  return (input) => {
    if (input.kind === "start") return [{ kind: "ready" }];
    if (input.kind !== "send") return [];
    const pair = crypto.keyPair("x25519");
    const nonce = crypto.random(12);
    const said = words(input.message);
    const content = JSON.stringify({ from: self, said, mac: macOf(env, s, self, said) });
    const key = keyFrom(env, pair.privateKey, s.site.publicKey);
    const box = concat(nonce, crypto.seal("aes-gcm", key, nonce, utf8(content)));
    return [transmit(JSON.stringify({ half: hex(pair.publicKey), box: hex(box) }))];
  };
}

function server(env: Env, s: Setting): Handler {
  return (input) => {
    if (input.kind !== "datagram") return [];
    const { half: a, box: b } = fieldsOf(text(input.bytes));
    const [half, box] = [fromHex(String(a)), fromHex(String(b))];
    if (half?.length !== 32 || box === undefined) return refused;
    const key = keyFrom(env, s.site.privateKey, half);
    const content = env.crypto.open("aes-gcm", key, box.slice(0, 12), box.slice(12));
    const { from, said, mac } = fieldsOf(content && text(content));
    if (typeof from !== "string" || typeof said !== "string" || !s.accounts.has(from)) {
      return refused;
    }
    if (!env.crypto.equal(utf8(String(mac)), utf8(macOf(env, s, from, said)))) return refused;
    return [{ kind: "deliver", message: utf8(said), from, session: hex(half) }];
  };
}

test.each([
  ["anybody", false, ["integrity"]],
  ["who has the account's key", true, []],
] as const)("taken from %s", (_, isRepaired, expected) => {
  const protocol = protocolOf(
    {},
    {
      protocol: {
        deploy({ crypto, principals }) {
          const site = crypto.keyPair("x25519");
          const users = principals.filter((p) => p !== "bob");
          const accounts = new Map(users.map((p) => [p, crypto.random(32)] as const));
          const part = { client, server };
          const s: Setting = { site, accounts, isRepaired };
          return {
            open: (role, env) => ({ handle: part[role as keyof typeof part](env, s) }),
            longTermSecrets: (p) => [p === "bob" ? site.privateKey : (accounts.get(p) ?? none)],
            publicValues: [site.publicKey],
          };
        },
      },
      sessions: [{ start: 0, messages: say("client", "light the lamps") }],
    },
  );
  const settings = { seed: "mallory", guarantees: ["integrity"] };
  const campaign = new Campaign(subjectFor(protocol), settings);
  compose(campaign, { work: 60_000 });
  const broken = campaign.finish(null).verdicts.filter((v) => v.verdict === "broken");
  expect(broken.map((v) => v.guarantee)).toEqual(expected);
});

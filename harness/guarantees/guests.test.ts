/** What a host tells every user by name is no secret from the attacker as a user like others. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { Env, Principal, Protocol } from "../../protocol/endpoint.ts";
import { concat, utf8 } from "../../protocol/kit/bytes.ts";
import type { KeyPair } from "../../protocol/kit/crypto.ts";
import { claim } from "../testing/scripted.ts";
import { judgeRun, protocolOf, words } from "../testing/tiny.ts";
import { identityHiding } from "./identity-hiding.ts";
import { responderIdentity } from "./responder-identity.ts";

const none = new Uint8Array(0);
const nonce = new Uint8Array(12);
const names: Readonly<Record<string, Uint8Array>> = {
  bob: utf8("bob, at the house at the lake"),
  alice: utf8("alice, of the town hall"),
};

/**
 * A client says who it is; the server seals its own static key, and the identity of `told`, for
 * that user, whom it names as its peer. What it says to users it does not know is `toStrangers`.
 */
function hosting(told: Principal, toStrangers: "nothing" | "everything" = "nothing"): Protocol {
  return protocolOf(
    {},
    {
      protocol: {
        registration: true,
        deploy({ crypto, principals }) {
          const keys = new Map(principals.map((p) => [p, crypto.keyPair("x25519")]));
          const server = ({ crypto: own }: Env) => ({
            handle: (input: { kind: string; bytes?: Uint8Array; from?: string }) => {
              if (input.kind !== "datagram") return [];
              const user = words(input.bytes ?? none);
              const key = keys.get(user)?.publicKey;
              const content = concat((keys.get("bob") as KeyPair).publicKey, names[told] ?? none);
              if (key === undefined) {
                return toStrangers === "nothing"
                  ? []
                  : [{ kind: "transmit", bytes: content } as const];
              }
              const once = own.keyPair("x25519");
              const shared = own.sharedSecret("x25519", once.privateKey, key) ?? none;
              const sealed = own.seal("aes-gcm", own.hash("sha256", shared), nonce, content);
              const bytes = concat(once.publicKey, sealed);
              return [claim("running", user), { kind: "transmit", bytes } as const];
            },
          });
          const client = (env: Env) => ({
            handle: (input: { kind: string; bytes?: Uint8Array }) => {
              if (input.kind === "start") {
                return [{ kind: "transmit", bytes: utf8(env.self) } as const];
              }
              if (input.kind !== "datagram") return [];
              const { crypto: own } = env;
              const [theirs, sealed] = [input.bytes?.slice(0, 32), input.bytes?.slice(32)];
              const mine = (keys.get(env.self) as KeyPair).privateKey;
              const shared = own.sharedSecret("x25519", mine, theirs ?? none) ?? none;
              own.open("aes-gcm", own.hash("sha256", shared), nonce, sealed ?? none);
              return [];
            },
          });
          return {
            open: (role, env) => (role === "client" ? client(env) : server(env)),
            longTermSecrets: (p) => [(keys.get(p) as KeyPair).privateKey],
            identities: Object.values(names),
          };
        },
      },
    },
  );
}

const asUser: Attack = [
  { move: "participate", as: "mallory" },
  { move: "puppet", name: "puppet-a", role: "client", as: "mallory", facing: "server#0" },
];
const asStranger: Attack = [{ move: "inject", hex: "78", to: "server#0", when: "start" }];
const found = (protocol: Protocol, attack: Attack) =>
  [identityHiding, responderIdentity].map(
    (guarantee) => judgeRun(guarantee, protocol, attack).violation?.because,
  );

describe("a host that shows itself to its users", () => {
  test("does so to the attacker as well, who is one", () => {
    expect(found(hosting("bob"), asUser)).toEqual([undefined, undefined]);
    expect(judgeRun(identityHiding, hosting("bob"), asUser).atStake).toBe(2);
  });

  test("may not tell it about others", () => {
    expect(found(hosting("alice"), asUser)[0]).toMatch(/the identity “alice, of the town hall”/);
  });

  test("may not show itself to all the world besides", () => {
    const open = hosting("bob", "everything");
    const [hiding, responder] = found(open, [...asUser, ...asStranger]);
    expect(hiding).toMatch(/“bob, at the house/);
    // Where it plays host to the attacker, that is not told from what a stranger learns.
    expect(responder).toBeUndefined();
    expect(found(open, asStranger)[1]).toMatch(/bob's public key is sent in the clear/);
  });
});

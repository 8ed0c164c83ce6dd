/** Two honest services, and a client that may be led from the one that it means to the other. */
import { describe, expect, test } from "vitest";
import { ownKeys } from "../../attacker/strategies/own-keys.ts";
import { rerouting } from "../../attacker/strategies/rerouting.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Strategy } from "../../attacker/strategies/strategy.ts";
import type { Env, Output, Protocol } from "../../protocol/endpoint.ts";
import { concat, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import type { TransportName } from "../../protocol/transport.ts";
import { type Handler, protocolOf, subjectFor, words } from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

/** What one strategy makes of server-authentication. */
function authenticationBy(strategy: Strategy, protocol: Protocol) {
  const settings = { seed: "reroute", guarantees: ["server-authentication"] };
  const campaign = new Campaign(subjectFor(protocol), settings);
  campaign.try("undisturbed", { moves: [] });
  const scene = firstOfTheirKind(campaign.scene());
  for (const candidate of strategy.attacks(scene)) campaign.try(strategy.id, candidate);
  const [v] = campaign.finish(null).verdicts;
  return [v?.verdict, v?.capability];
}

const nonceBytes = 16;
const keyBytes = 32;
const signatureBytes = 64;
type Looks = "at the name" | "at nothing" | "at one pinned key";

/** A service signs the client's nonce under a key that its authority certifies, or that is known. */
function signedHello(looks: Looks, transport: TransportName): Protocol {
  const protocol: Partial<Protocol> = {
    transport,
    deploy({ crypto, principals }) {
      const authority = crypto.signingKeyPair();
      const owners = principals.map((name) => {
        const pair = crypto.signingKeyPair();
        const statement = concat(pair.publicKey, utf8(name));
        return {
          name,
          pair,
          card: concat(crypto.sign(authority.privateKey, statement), statement),
        };
      });
      const ownerOf = (name: string) => {
        const owner = owners.find((o) => o.name === name);
        if (owner === undefined) throw new Error(`${name} has no key`);
        return owner;
      };
      const server = (env: Env): Handler => {
        const { pair, card } = ownerOf(env.self);
        return (input) => {
          if (input.kind !== "datagram" && input.kind !== "chunk") return [];
          if (input.bytes.length !== nonceBytes) return [];
          const proof = concat(env.crypto.sign(pair.privateKey, input.bytes), card);
          return [
            { kind: "claim", claim: { kind: "running", peer: "alice" } },
            { kind: "transmit", bytes: proof, to: input.from },
          ];
        };
      };
      const client = (env: Env): Handler => {
        const nonce = env.crypto.random(nonceBytes);
        const commit: Output = {
          kind: "claim",
          claim: { kind: "commit", peer: env.peer ?? "" },
        };
        const hello = (): readonly Output[] => [{ kind: "transmit", bytes: nonce }];
        return (input) => {
          if (input.kind === "start") return transport === "datagram" ? hello() : [];
          if (input.kind === "connected") return hello();
          if (input.kind !== "datagram" && input.kind !== "chunk") return [];
          const [signature, card] = [
            input.bytes.slice(0, signatureBytes),
            input.bytes.slice(signatureBytes),
          ];
          const statement = card.slice(signatureBytes);
          const key = statement.slice(0, keyBytes);
          const name = words(statement.slice(keyBytes));
          const pinned = ownerOf(env.peer ?? "").pair.publicKey;
          const isSigned = env.crypto.verify(key, nonce, signature);
          const isCertified = (): boolean =>
            env.crypto.verify(authority.publicKey, statement, card.slice(0, signatureBytes));
          // A name without a key that is known is believed.
          const isKnown = (): boolean => name !== env.peer || env.crypto.equal(key, pinned);
          const isGood =
            looks === "at one pinned key"
              ? isKnown()
              : isCertified() && (looks === "at nothing" || name === env.peer);
          if (!isSigned || !isGood) return [{ kind: "reject", reason: "bad-signature" }];
          return [commit, { kind: "ready" }];
        };
      };
      return {
        open: (role, env) => ({ handle: (role === "client" ? client : server)(env) }),
        longTermSecrets: (p) => owners.flatMap((o) => (o.name === p ? [o.pair.privateKey] : [])),
        publicValues: [authority.publicKey, ...owners.map((o) => o.card)],
      };
    },
  };
  const messages = say("client", "the first message");
  const sessions = [
    { start: 0, messages },
    { start: "after-previous", messages, principals: { server: "carol" } },
  ] as const;
  return protocolOf({}, { protocol, sessions });
}

describe.each(["datagram", "messages"] as const)("over %s", (transport) => {
  test("a client that does not look whose certificate it is", () => {
    const protocol = signedHello("at nothing", transport);
    expect(authenticationBy(rerouting, protocol)).toEqual(["broken", "on-path"]);
  });
  test("and one that does", () => {
    const protocol = signedHello("at the name", transport);
    expect(authenticationBy(rerouting, protocol)).toEqual(["holds", null]);
  });
  test("a key of its own under a name that has none yet, where strangers cannot begin", () => {
    const protocol = signedHello("at one pinned key", transport);
    expect(authenticationBy(ownKeys, protocol)).toEqual(["broken", "on-path"]);
    const sound = signedHello("at the name", transport);
    expect(authenticationBy(ownKeys, sound)).toEqual(["holds", null]);
  });
});

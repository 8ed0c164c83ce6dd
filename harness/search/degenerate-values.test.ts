/** A key that is the same for everybody is the same on both ends, too. */
import { expect, test } from "vitest";
import { degenerating } from "../../attacker/strategies/degenerate-values.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Strategy } from "../../attacker/strategies/strategy.ts";
import { substitutingKeys } from "../../attacker/strategies/substituting.ts";
import type { Env, Protocol } from "../../protocol/endpoint.ts";
import { concat, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { deliver, type Handler, subjectFor, tiny } from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

/** Of RFC 2409 §6.1: safe, and of 96 bytes. */
const modulus = BigInt(
  `0x${[
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74",
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437",
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A63A3620FFFFFFFFFFFFFFFF",
  ].join("")}`,
);
const group = { modulus, generator: 2n } as const;
const keyBytes = 96;
const nonce = new Uint8Array(12);

/**
 * Halves in the clear, and each end shows that it has the same secret, under a key that the two
 * have dealt: who is in the middle has one secret with each of them, and shows nothing.
 * @param sound does it take halves from 2 to the modulus - 2 only?
 */
function compared(sound: boolean): Protocol {
  const isTrivial = (half: Uint8Array): boolean => half.slice(0, -1).every((byte) => byte === 0);
  const part = (env: Env, dealt: Uint8Array, isClient: boolean): Handler =>
    (() => {
      const { crypto } = env;
      const own = crypto.keyPair(group);
      let key: Uint8Array | undefined;
      const half = { kind: "transmit", bytes: own.publicKey } as const;
      const proof = (who: string, secret: Uint8Array) =>
        crypto.hmac("sha256", dealt, concat(utf8(who), secret));
      let secret: Uint8Array | undefined;
      const peer = isClient ? "bob" : "alice";
      return (input): ReturnType<Handler> => {
        if (input.kind === "start") return isClient ? [half] : [];
        if (input.kind === "send" && key !== undefined) {
          return [{ kind: "transmit", bytes: crypto.seal("aes-gcm", key, nonce, input.message) }];
        }
        if (input.kind !== "datagram") return [];
        const { bytes } = input;
        if (secret === undefined) {
          const theirs = bytes.slice(0, keyBytes);
          if (sound && isTrivial(theirs)) return [{ kind: "reject", reason: "bad-key" }];
          secret = crypto.sharedSecret(group, own.privateKey, theirs);
          if (secret === undefined) return [{ kind: "reject", reason: "bad-key" }];
          const shown = proof(isClient ? "client" : "server", secret);
          return isClient
            ? [{ kind: "transmit", bytes: shown }, ...finish(bytes.slice(keyBytes), secret)]
            : [{ ...half, bytes: concat(own.publicKey, shown) }];
        }
        if (key === undefined) return finish(bytes, secret);
        const text = crypto.open("aes-gcm", key, nonce, bytes);
        return text === undefined ? [{ kind: "reject", reason: "bad-tag" }] : [deliver(text, peer)];
      };
      function finish(shown: Uint8Array, agreed: Uint8Array): ReturnType<Handler> {
        if (!crypto.equal(shown, proof(isClient ? "server" : "client", agreed))) {
          return [{ kind: "reject", reason: "bad-tag" }];
        }
        key = crypto.hkdf({ hash: "sha256", key: agreed, info: utf8("key"), length: 16 });
        return [{ kind: "claim", claim: { kind: "secret", peer, value: key } }, { kind: "ready" }];
      }
    })();
  return tiny({
    client: () => () => [],
    server: () => () => [],
    sessions: [{ start: 0, messages: say("client", "a long text") }],
    protocol: {
      deploy({ crypto }) {
        const dealt = crypto.random(32);
        return {
          open: (role, env) => ({ handle: part(env, dealt, role === "client") }),
          longTermSecrets: () => [dealt],
        };
      },
    },
  });
}

function broken(strategy: Strategy, protocol: Protocol): readonly string[] {
  const about = { seed: "trivial", guarantees: ["key-secrecy"] };
  const campaign = new Campaign(subjectFor(protocol), about);
  campaign.try("undisturbed", { moves: [] });
  for (const candidate of strategy.attacks(firstOfTheirKind(campaign.scene()))) {
    campaign.try(strategy.id, candidate);
  }
  return campaign.finish(null).verdicts.map((v) => `${v.verdict} ${v.capability ?? ""}`.trim());
}

test("two halves become zero or one, and what both compare is no secret", () => {
  expect(broken(degenerating, compared(false))).toEqual(["broken on-path"]);
  expect(broken(degenerating, compared(true))).toEqual(["holds"]);
});

test("halves of the adversary's own do not do that", () => {
  expect(broken(substitutingKeys, compared(false))).toEqual(["holds"]);
});

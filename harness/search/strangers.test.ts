/** What strangers can do with honest code, and what puppets that cannot begin are worth. */
import { describe, expect, test } from "vitest";
import { ownKeys } from "../../attacker/strategies/own-keys.ts";
import { pressingOn } from "../../attacker/strategies/pressing-on.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Strategy } from "../../attacker/strategies/strategy.ts";
import type { Env, Protocol } from "../../protocol/endpoint.ts";
import { concat, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import {
  bareClient,
  bareServer,
  deliver,
  type Handler,
  subjectFor,
  tiny,
  words,
} from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

/** What an undisturbed run and the attacks of one strategy make of origin. */
function originBy(strategy: Strategy, protocol: Protocol) {
  const settings = { seed: "strangers", guarantees: ["origin"] };
  const campaign = new Campaign(subjectFor(protocol), settings);
  const scene = firstOfTheirKind(campaign.scene());
  campaign.try("undisturbed", { moves: [] });
  for (const candidate of strategy.attacks(scene)) campaign.try(strategy.id, candidate);
  const { verdicts, failedPuppets } = campaign.finish(null);
  const [v] = verdicts;
  return { is: [v?.verdict, v?.capability], strategies: v?.strategies, failedPuppets };
}
const nothing = new Uint8Array(0);
const sessions = [{ start: 0, messages: say("client", "open the door") }];

describe("a door that is opened only after a login", () => {
  const tagBytes = 32;
  /** The server draws a number, the client answers with a MAC, and is told a number of its own. */
  const door = (asks: boolean): Protocol => {
    const client =
      (env: Env, key: Uint8Array): Handler =>
      (input) => {
        if (input.kind === "connected") return [{ kind: "transmit", bytes: utf8("hello") }];
        if (input.kind === "send") {
          return [{ kind: "transmit", bytes: concat(utf8("> "), input.message) }];
        }
        if (input.kind !== "chunk") return [];
        const word = words(input.bytes.slice(0, 1));
        if (word === "?") {
          const bytes = env.crypto.hmac("sha256", key, input.bytes.slice(1));
          return [{ kind: "transmit", bytes }];
        }
        return word === "!" ? [{ kind: "ready" }] : [{ kind: "exit", ok: false }];
      };
    const server = (env: Env, key: Uint8Array): Handler => {
      const asked = new Map<string, Uint8Array>();
      const isIn = new Set<string>();
      return (input) => {
        if (input.kind !== "chunk") return [];
        const { bytes, from } = input;
        if (words(bytes) === "hello") {
          asked.set(from, env.crypto.random(16));
          return [{ kind: "transmit", bytes: concat(utf8("?"), asked.get(from) ?? nothing) }];
        }
        if (bytes.length === tagBytes) {
          const right = env.crypto.hmac("sha256", key, asked.get(from) ?? nothing);
          if (env.crypto.equal(bytes, right)) isIn.add(from);
          const number = env.crypto.random(8);
          return [{ kind: "transmit", bytes: concat(utf8(isIn.has(from) ? "!" : "no"), number) }];
        }
        if (asks && !isIn.has(from)) return [{ kind: "reject", reason: "unauthorized" }];
        return [deliver(bytes.slice(2), "alice")];
      };
    };
    const protocol: Partial<Protocol> = {
      transport: "messages",
      deploy({ crypto }) {
        const key = crypto.random(32);
        return {
          open: (role, env) => ({ handle: (role === "client" ? client : server)(env, key) }),
          longTermSecrets: () => [key],
        };
      },
    };
    return tiny({ client: () => () => [], server: () => () => [], protocol, sessions });
  };

  test("but does not ask for one: a stranger goes on without", () => {
    expect(originBy(pressingOn, door(false)).is).toEqual(["broken", "off-path"]);
  });
  test("and asks: strangers stay outside", () => {
    expect(originBy(pressingOn, door(true)).is).toEqual(["holds", null]);
  });
});

describe("certificates that any user gets, and clients that do not look whose they are", () => {
  const keyBytes = 32;
  const signatureBytes = 64;
  const certified = (looks: boolean, registration: boolean): Protocol => {
    const protocol: Partial<Protocol> = {
      registration,
      deploy({ crypto, principals }) {
        const authority = crypto.signingKeyPair();
        const owners = principals.map((name) => {
          const pair = crypto.signingKeyPair();
          const signed = concat(pair.publicKey, utf8(name));
          return {
            name,
            pair,
            certificate: concat(crypto.sign(authority.privateKey, signed), signed),
          };
        });
        const server = (env: Env): Handler => {
          const own = owners.find((o) => o.name === env.self);
          if (own === undefined) throw new Error(`${env.self} has no certificate`);
          const { pair, certificate } = own;
          return (input) => {
            if (input.kind === "datagram") return [{ kind: "ready", messages: 1 }];
            if (input.kind !== "send") return [];
            const signature = env.crypto.sign(pair.privateKey, input.message);
            const length = Uint8Array.of(certificate.length);
            const bytes = concat(length, certificate, signature, input.message);
            return [{ kind: "transmit", bytes, to: input.session ?? "" }];
          };
        };
        const client =
          (env: Env): Handler =>
          (input) => {
            if (input.kind === "start") return [{ kind: "transmit", bytes: utf8("who are you") }];
            if (input.kind !== "datagram") return [];
            const end = 1 + (input.bytes[0] ?? 0);
            const certificate = input.bytes.slice(1, end);
            const signed = certificate.slice(signatureBytes);
            const message = input.bytes.slice(end + signatureBytes);
            const isGood =
              env.crypto.verify(
                authority.publicKey,
                signed,
                certificate.slice(0, signatureBytes),
              ) &&
              env.crypto.verify(
                signed.slice(0, keyBytes),
                message,
                input.bytes.slice(end, end + signatureBytes),
              );
            const isBobs = !looks || words(signed.slice(keyBytes)) === "bob";
            return isGood && isBobs
              ? [deliver(message, "bob")]
              : [{ kind: "reject", reason: "bad-signature" }];
          };
        return {
          open: (role, env) => ({ handle: (role === "client" ? client : server)(env) }),
          longTermSecrets: (p) => owners.flatMap((o) => (o.name === p ? [o.pair.privateKey] : [])),
          publicValues: [authority.publicKey, ...owners.map((o) => o.certificate)],
        };
      },
    };
    const said = [{ start: 0, messages: say("server", "the door is open") }];
    return tiny({ client: () => () => [], server: () => () => [], protocol, sessions: said });
  };

  test("where anybody may register: the attacker's own certificate does", () => {
    expect(originBy(ownKeys, certified(false, true)).is).toEqual(["broken", "insider"]);
  });
  test("where none is given to strangers, and where they do look", () => {
    expect(originBy(ownKeys, certified(false, false)).is).toEqual(["holds", null]);
    expect(originBy(ownKeys, certified(true, true)).is).toEqual(["holds", null]);
  });
});

test("a strategy whose puppets all failed at their start has tried nothing, and that is said", () => {
  const protocol = (fails: boolean): Protocol =>
    tiny({
      client: (env) => {
        if (fails && env.address.startsWith("mallory")) throw new Error("no such user");
        return bareClient(env);
      },
      server: bareServer,
      sessions,
    });
  const only = (name: string): Strategy => ({
    ...ownKeys,
    *attacks(scene) {
      for (const candidate of ownKeys.attacks(scene)) {
        const [move] = candidate.moves;
        const isIt = move?.move === "puppet" && move.role === name && move.insteadOf === undefined;
        if (isIt) yield candidate;
      }
    },
  });
  const works = originBy(only("client"), protocol(false));
  expect([works.is, works.strategies, works.failedPuppets]).toEqual([
    ["broken", "off-path"],
    2,
    undefined,
  ]);
  const fails = originBy(only("client"), protocol(true));
  expect(fails.strategies).toBe(1);
  expect(fails.failedPuppets).toEqual([
    { strategy: "own-keys", puppets: 3, failed: 3, tried: false, because: "no such user" },
  ]);
  // Some that failed do not make nothing of the others.
  const some = originBy(ownKeys, protocol(true));
  expect(some.strategies).toBe(2);
  expect(some.failedPuppets?.[0]?.tried).toBe(true);
});

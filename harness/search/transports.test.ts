/** One protocol over each transport: what a transport gives and does not give shows in verdicts. */
import { expect, test } from "vitest";
import type { Endpoint, Env, Input, Output, Protocol } from "../../protocol/endpoint.ts";
import { concat } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { type TransportName, transports } from "../../protocol/transport.ts";
import { protocolOf, subjectFor } from "../testing/tiny.ts";
import { assess } from "./assess.ts";

const saltBytes = 16;

/**
 * 1  C → S   16 random bytes
 * 2  S → C   16 random bytes             both derive the session's key, with a key that they share
 * 3  C → S   AES-GCM(message)            the nonce is how many came before
 * @param counts without it every nonce is drawn and sent along, and nothing says what came before.
 */
function sealing(transport: TransportName, counts: boolean): Protocol {
  const { connected } = transports[transport];
  const isArrival = (input: Input) => input.kind === "chunk" || input.kind === "datagram";
  const nonceOf = (n: number) => new Uint8Array(12).fill(n, 11);
  const keyOf = ({ crypto }: Env, shared: Uint8Array, salt: Uint8Array) =>
    crypto.hkdf({ hash: "sha256", key: shared, salt, length: 16 });
  const secret = (peer: string, value: Uint8Array): Output => ({
    kind: "claim",
    claim: { kind: "secret", peer, value },
  });

  function client(env: Env, shared: Uint8Array): Endpoint {
    const own = env.crypto.random(saltBytes);
    let key: Uint8Array | undefined;
    let sent = 0;
    return {
      handle(input) {
        if (input.kind === (connected ? "connected" : "start")) {
          return [{ kind: "transmit", bytes: own }];
        }
        if (input.kind === "send" && key !== undefined) {
          const nonce = counts ? nonceOf(sent++) : env.crypto.random(12);
          const sealed = env.crypto.seal("aes-gcm", key, nonce, input.message);
          return [{ kind: "transmit", bytes: counts ? sealed : concat(nonce, sealed) }];
        }
        if (!isArrival(input) || !("bytes" in input)) return [];
        if (key !== undefined || input.bytes.length !== saltBytes) {
          return [{ kind: "reject", reason: "unexpected" }];
        }
        key = keyOf(env, shared, concat(own, input.bytes));
        return [secret("bob", key), { kind: "ready" }];
      },
    };
  }

  function server(env: Env, shared: Uint8Array): Endpoint {
    const sessions = new Map<string, { key: Uint8Array; taken: number }>();
    return {
      handle(input) {
        if (input.kind === "closed") sessions.delete(input.peer);
        if (!isArrival(input) || !("bytes" in input)) return [];
        const { bytes, from } = input;
        const session = sessions.get(from);
        if (session === undefined) {
          if (bytes.length !== saltBytes) return [{ kind: "reject", reason: "malformed" }];
          const own = env.crypto.random(saltBytes);
          const key = keyOf(env, shared, concat(bytes, own));
          sessions.set(from, { key, taken: 0 });
          return [secret("alice", key), { kind: "transmit", bytes: own }];
        }
        const nonce = counts ? nonceOf(session.taken) : bytes.slice(0, 12);
        const sealed = counts ? bytes : bytes.slice(12);
        const message =
          nonce.length < 12 ? undefined : env.crypto.open("aes-gcm", session.key, nonce, sealed);
        if (message === undefined) return [{ kind: "reject", reason: "bad-tag" }];
        session.taken++;
        return [{ kind: "deliver", message, from: "alice" }];
      },
      stateSize: () => sessions.size,
    };
  }

  return protocolOf(
    {},
    {
      sessions: [
        { start: 0, messages: say("client", "open the front door", "shut it again") },
        { start: "after-previous", messages: say("client", "open the back door") },
      ],
      protocol: {
        transport,
        deploy({ crypto }) {
          const shared = crypto.random(32);
          return {
            open: (role, env) => (role === "client" ? client : server)(env, shared),
            longTermSecrets: () => [shared],
          };
        },
      },
    },
  );
}

const judged = [
  "integrity",
  "replay",
  "replay-across-sessions",
  "ordering",
  "delivery",
  "reconnection",
];

/** Each verdict with the least that it takes, and the kinds of moves in the attack that is shown. */
function verdictsOf(transport: TransportName, counts: boolean, budgetRuns?: number) {
  const settings = { seed: "mallory", guarantees: judged, sessions: 2 };
  const subject = subjectFor(sealing(transport, counts));
  const { verdicts } = assess(subject, budgetRuns ? { ...settings, budgetRuns } : settings);
  return Object.fromEntries(
    verdicts.map(({ guarantee, verdict, capability, finding }) => {
      const moves = finding?.attack.moves.map((m) => m.move) ?? [];
      return [
        guarantee,
        [verdict, ...(capability === null ? [] : [capability]), ...moves].join(" "),
      ];
    }),
  );
}

test("messages that are counted, on connections: only an ending takes any away", () => {
  expect(verdictsOf("messages", true)).toEqual({
    integrity: "holds",
    replay: "holds",
    "replay-across-sessions": "holds",
    ordering: "holds",
    delivery: "holds",
    reconnection: "broken none cut",
  });
});

test("not counted: what an unreliable network does by itself takes an attacker on the path", () => {
  const budget = 600;
  expect(verdictsOf("datagram", false, budget)).toMatchObject({
    replay: "broken none duplicate",
    ordering: "broken none duplicate",
    delivery: "broken none drop",
  });
  expect(verdictsOf("messages", false, budget)).toMatchObject({
    replay: "broken on-path duplicate",
    ordering: "broken on-path duplicate",
    reconnection: "broken none cut",
  });
});

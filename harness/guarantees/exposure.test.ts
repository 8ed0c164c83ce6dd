/**
 * What session keys, random draws and states are worth to an attacker who gets them: published
 * attacks as lists of moves, what repairs them, and what no disclosure is to blame for.
 */
import { describe, expect, test } from "vitest";
import type { Attack, Move } from "../../attacker/move.ts";
import type { Env, OptionValues, Output, Protocol } from "../../protocol/endpoint.ts";
import { utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { naxos } from "../../protocol/textbook/naxos.ts";
import { needhamSchroederSymmetric } from "../../protocol/textbook/needham-schroeder-symmetric.ts";
import { plainDiffieHellman } from "../../protocol/textbook/plain-diffie-hellman.ts";
import { signedDh } from "../../protocol/textbook/signed-dh.ts";
import { simulate } from "../run/simulate.ts";
import { Baselines, judge } from "../search/judge-run.ts";
import { planOf } from "../subject.ts";
import { type Handler, sharingKey, subjectFor } from "../testing/tiny.ts";
import { baseWorkload } from "../workload.ts";
import { ephemeralLeak } from "./ephemeral-leak.ts";
import type { Guarantee } from "./guarantee.ts";
import { keySecrecy } from "./key-secrecy.ts";
import { knownKey } from "./known-key.ts";
import { postCompromise } from "./post-compromise.ts";

function judged(
  guarantee: Guarantee,
  protocol: Protocol,
  attack: Attack,
  options: OptionValues = {},
) {
  const subject = subjectFor(protocol, options);
  const trace = simulate(planOf(subject, { workload: baseWorkload, attack, seed: "mallory" }));
  return judge(guarantee, trace, new Baselines(subject, "mallory"));
}

const packet = (from: string, to: string, nth: number) => ({ from, to, nth });
type Disclose = Extract<Move, { move: "disclose" }>;
const learns = (principal: string, what: string, when: Disclose["when"]): Move => ({
  move: "disclose",
  principal,
  what,
  when,
});
const inPlaceOf = (role: string, as: string, taken: string, facing: string): Move => ({
  move: "puppet",
  name: `puppet-${as}`,
  role,
  as,
  facing,
  insteadOf: taken,
});

describe("known-key", () => {
  /** The last packet of the first session. */
  const over = packet("responder#0", "initiator#0", 2);
  const oldKey = learns("alice", "session-keys", { after: over });
  /** Alice's ticket once more, and an answer to what Bob asks. */
  const oldTicket: Move = {
    move: "hijack",
    name: "puppet-a",
    process: "initiator#0",
    after: over,
    again: 2,
  };

  test("Denning and Sacco: whoever has an old session key is Alice to Bob", () => {
    const { violation } = judged(knownKey, needhamSchroederSymmetric, [oldKey, oldTicket]);
    expect(violation?.because).toMatch(/responder#0 believes to have finished with alice twice/);
  });

  test("it takes both the key and the ticket", () => {
    const { atStake, violation } = judged(knownKey, needhamSchroederSymmetric, [oldKey]);
    expect(violation).toBeUndefined();
    expect(atStake).toBeGreaterThan(0);
    expect(judged(knownKey, needhamSchroederSymmetric, [oldTicket]).atStake).toBe(0);
  });

  test("timestamps repair it", () => {
    const attack = [oldKey, oldTicket];
    const { atStake, violation } = judged(knownKey, needhamSchroederSymmetric, attack, {
      timestamps: "on",
    });
    expect(violation).toBeUndefined();
    expect(atStake).toBeGreaterThan(0);
  });

  test("a middle that needs no old key is not its business", () => {
    const middle = inPlaceOf("responder", "bob", "responder#0", "initiator#1");
    const told = learns("alice", "session-keys", {
      after: packet("initiator#0", "responder#0", 4),
    });
    expect(judged(keySecrecy, plainDiffieHellman, [middle]).violation).toBeDefined();
    expect(judged(knownKey, plainDiffieHellman, [told, middle]).violation).toBeUndefined();
  });
});

/** Two sessions under keys that follow from a shared one, a number and what the client draws. */
function sessionsUnder(
  keyOf: (crypto: CryptoKit, shared: Uint8Array, nth: number, drawn: Uint8Array) => Uint8Array,
): Protocol {
  const say = (words: string) => [{ from: "client", message: utf8(words) }];
  const nonce = new Uint8Array(12);
  const numberOf = (env: Env): number => {
    const store = env.store("sessions");
    store.append(utf8("."));
    return store.read().length;
  };
  const opened = (peer: string, value: Uint8Array): readonly Output[] => [
    { kind: "claim", claim: { kind: "secret", peer, value } },
    { kind: "ready" },
  ];
  const client = (env: Env, shared: Uint8Array): Handler => {
    let key = shared;
    return (input) => {
      if (input.kind === "send") {
        const bytes = env.crypto.seal("chacha20-poly1305", key, nonce, input.message);
        return [{ kind: "transmit", bytes }];
      }
      if (input.kind !== "start") return [];
      const drawn = env.crypto.random(16);
      key = keyOf(env.crypto, shared, numberOf(env), drawn);
      return [{ kind: "transmit", bytes: drawn }, ...opened("bob", key)];
    };
  };
  const server = (env: Env, shared: Uint8Array): Handler => {
    const keys = new Map<string, Uint8Array>();
    return (input) => {
      if (input.kind !== "datagram") return [];
      const key = keys.get(input.from);
      if (key === undefined) {
        const made = keyOf(env.crypto, shared, numberOf(env), input.bytes);
        keys.set(input.from, made);
        return opened("alice", made);
      }
      const message = env.crypto.open("chacha20-poly1305", key, nonce, input.bytes);
      return message === undefined ? [] : [{ kind: "deliver", message, from: "alice" }];
    };
  };
  return {
    ...sharingKey(client, server),
    workload: () => ({
      sessions: [
        { start: 0, messages: say("the first thing to say") },
        { start: "after-previous", messages: say("and now the second") },
      ],
    }),
  };
}

/** One after the other, and each is the hash of the one before. */
const chained = sessionsUnder((crypto, shared, nth) => {
  let key = crypto.hmac("sha256", shared, utf8("first"));
  for (let i = 1; i < nth; i++) key = crypto.hash("sha256", key);
  return key;
});
const constant = sessionsUnder((crypto, shared) => crypto.hmac("sha256", shared, utf8("always")));
const fresh = sessionsUnder((crypto, shared, _, drawn) => crypto.hmac("sha256", shared, drawn));

describe("who listens, and knows the session key of a finished session", () => {
  const over = packet("client#0", "server#0", 2);

  test.each([
    ["reads on under a key that follows from it", chained],
    ["reads on under the same key", constant],
  ])("%s", (_, protocol) => {
    const { violation } = judged(knownKey, protocol, [
      learns("bob", "session-keys", { after: over }),
    ]);
    expect(violation?.because).toMatch(/the attacker knows the session key of (client#1|server#0)/);
  });

  test("reads nothing under a key that does not", () => {
    const { atStake, violation } = judged(knownKey, fresh, [
      learns("bob", "session-keys", { after: over }),
    ]);
    expect(violation).toBeUndefined();
    // Two keys and a message of the second session.
    expect(atStake).toBe(3);
  });
});

describe("ephemeral-leak", () => {
  const leak = (principal: string, when: Disclose["when"]) => learns(principal, "randomness", when);
  const posesAsBob = inPlaceOf("responder", "bob", "responder#0", "initiator#0");

  test.each(["alice", "bob"])("the draws of %s open a signed exchange", (principal) => {
    const { violation } = judged(ephemeralLeak, signedDh, [leak(principal, "end")]);
    expect(violation?.because).toMatch(/knows the session key/);
  });

  test("the draws of both ends do not open NAXOS", () => {
    for (const when of ["start", "end"] as const) {
      const { atStake, violation } = judged(ephemeralLeak, naxos, [
        leak("alice", when),
        leak("bob", when),
      ]);
      expect(violation).toBeUndefined();
      expect(atStake).toBeGreaterThan(0);
    }
  });

  test("with Alice's draws alone one is Bob to her, where they are her private keys", () => {
    const plain = { ephemeral: "plain" };
    const active = [leak("alice", "start"), posesAsBob];
    expect(judged(ephemeralLeak, naxos, [leak("alice", "start")], plain).violation).toBeUndefined();
    expect(judged(ephemeralLeak, naxos, active, plain).violation?.because).toMatch(/initiator#0/);
    expect(judged(ephemeralLeak, naxos, active).violation).toBeUndefined();
    // Afterwards it is too late.
    const late = [leak("alice", "end"), posesAsBob];
    expect(judged(ephemeralLeak, naxos, late, plain).violation).toBeUndefined();
  });
});

describe("post-compromise", () => {
  const state = (principal: string, after: ReturnType<typeof packet>): Attack => [
    learns(principal, "state", { after }),
  ];

  test("fresh halves heal what a shared key cannot", () => {
    const over = packet("initiator#0", "responder#0", 4);
    for (const principal of ["alice", "bob"]) {
      const { atStake, violation } = judged(postCompromise, signedDh, state(principal, over));
      expect(violation).toBeUndefined();
      expect(atStake).toBeGreaterThan(0);
      const shared = judged(
        postCompromise,
        fresh,
        state(principal, packet("client#0", "server#0", 2)),
      );
      expect(shared.violation?.because).toMatch(/in a session begun later/);
    }
  });

  test("a handshake that was under way is no new one", () => {
    for (const nth of [1, 2]) {
      const halfWay = packet("initiator#0", "responder#0", nth);
      expect(judged(postCompromise, signedDh, state("bob", halfWay)).violation).toBeUndefined();
    }
  });
});

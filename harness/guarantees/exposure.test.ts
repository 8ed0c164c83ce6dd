/**
 * What session keys, random draws and states are worth to an attacker who gets them: published
 * attacks as lists of moves, what repairs them, and what no disclosure is to blame for.
 */
import { describe, expect, test } from "vitest";
import type { Attack, Move } from "../../attacker/move.ts";
import type { Env, OptionValues, Output, Protocol } from "../../protocol/endpoint.ts";
import { concat, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../protocol/kit/crypto.ts";
import { naxos } from "../../protocol/textbook/naxos.ts";
import { needhamSchroederSymmetric } from "../../protocol/textbook/needham-schroeder-symmetric.ts";
import { plainDiffieHellman } from "../../protocol/textbook/plain-diffie-hellman.ts";
import { signedDh } from "../../protocol/textbook/signed-dh.ts";
import { simulate } from "../run/simulate.ts";
import { assess } from "../search/assess.ts";
import { Baselines, judge } from "../search/judge-run.ts";
import { planOf } from "../subject.ts";
import { type Handler, sharingKey, subjectFor } from "../testing/tiny.ts";
import { knowledgeOf } from "../trace/trace-knowledge.ts";
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

/** The first message of a session goes under the key of the last one, and the next under a new. */
const ratchet: Protocol = (() => {
  const nonce = new Uint8Array(12);
  const aead = "chacha20-poly1305";
  const first = (n: number) => utf8(`what is said first in session ${n}`);
  const client = (env: Env, dealt: Uint8Array): Handler => {
    const pair = env.crypto.keyPair("x25519");
    const store = env.store("last");
    let key = store.read().length > 0 ? store.read() : dealt;
    return (input) => {
      if (input.kind === "start") {
        const message = first(store.read().length);
        const bytes = concat(pair.publicKey, env.crypto.seal(aead, key, nonce, message));
        return [
          { kind: "submit", message, purpose: "message" },
          { kind: "transmit", bytes },
        ];
      }
      if (input.kind === "send") {
        return [{ kind: "transmit", bytes: env.crypto.seal(aead, key, nonce, input.message) }];
      }
      if (input.kind !== "datagram") return [];
      key = env.crypto.sharedSecret("x25519", pair.privateKey, input.bytes) ?? key;
      store.write(key);
      return [
        { kind: "claim", claim: { kind: "secret", peer: "bob", value: key } },
        { kind: "ready" },
      ];
    };
  };
  const server = (env: Env, dealt: Uint8Array): Handler => {
    const keys = new Map<string, Uint8Array>();
    let last = dealt;
    return (input) => {
      if (input.kind !== "datagram") return [];
      const key = keys.get(input.from) ?? last;
      const isFirst = !keys.has(input.from);
      const sealed = isFirst ? input.bytes.slice(32) : input.bytes;
      const message = env.crypto.open(aead, key, nonce, sealed);
      if (message === undefined) return [];
      const delivered: Output = { kind: "deliver", message, from: "alice" };
      if (!isFirst) return [delivered];
      const pair = env.crypto.keyPair("x25519");
      const half = input.bytes.slice(0, 32);
      last = env.crypto.sharedSecret("x25519", pair.privateKey, half) ?? last;
      keys.set(input.from, last);
      return [delivered, { kind: "transmit", bytes: pair.publicKey }];
    };
  };
  const say = (words: string) => [{ from: "client", message: utf8(words) }];
  return {
    ...sharingKey(client, server),
    workload: () => ({
      sessions: [
        { start: 0, messages: say("the first thing to say") },
        { start: "after-previous", messages: say("and now the second") },
      ],
    }),
  };
})();

/** Fresh halves, which the key of the session before authenticates; the first time, a dealt one. */
function resumed(authenticatedBy: (env: Env, dealt: Uint8Array) => Uint8Array): Protocol {
  const tag = (env: Env, key: Uint8Array, half: Uint8Array) =>
    concat(half, env.crypto.hmac("sha256", key, half));
  /** @returns the half of the other end, if its tag is right. */
  const read = (env: Env, key: Uint8Array, bytes: Uint8Array) => {
    const half = bytes.slice(0, 32);
    const isRight = env.crypto.equal(env.crypto.hmac("sha256", key, half), bytes.slice(32));
    return isRight ? half : undefined;
  };
  const agreed = (env: Env, pair: KeyPair, half: Uint8Array, peer: string): readonly Output[] => {
    const value = env.crypto.sharedSecret("x25519", pair.privateKey, half);
    if (value === undefined) return [];
    env.store("last").write(value);
    return [{ kind: "claim", claim: { kind: "secret", peer, value } }];
  };
  const client = (env: Env, dealt: Uint8Array): Handler => {
    const pair = env.crypto.keyPair("x25519");
    const key = authenticatedBy(env, dealt);
    return (input) => {
      if (input.kind === "start") {
        return [{ kind: "transmit", bytes: tag(env, key, pair.publicKey) }];
      }
      const half = input.kind === "datagram" ? read(env, key, input.bytes) : undefined;
      return half === undefined ? [] : agreed(env, pair, half, "bob");
    };
  };
  const server =
    (env: Env, dealt: Uint8Array): Handler =>
    (input) => {
      if (input.kind !== "datagram") return [];
      const key = authenticatedBy(env, dealt);
      const half = read(env, key, input.bytes);
      if (half === undefined) return [];
      const pair = env.crypto.keyPair("x25519");
      return [
        { kind: "transmit", bytes: tag(env, key, pair.publicKey) },
        ...agreed(env, pair, half, "alice"),
      ];
    };
  return {
    ...sharingKey(client, server),
    workload: () => ({
      sessions: [
        { start: 0, messages: [] },
        { start: "after-previous", messages: [] },
      ],
    }),
  };
}

describe("who knows the key of the last session, which authenticates the next one", () => {
  const verdictOf = (protocol: Protocol) =>
    assess(subjectFor(protocol), { seed: "mallory", guarantees: ["known-key"] }).verdicts[0];

  test("takes the other end's place in it: the search finds that", () => {
    const verdict = verdictOf(
      resumed((env, dealt) => {
        const last = env.store("last").read();
        return last.length > 0 ? last : dealt;
      }),
    );
    expect(verdict?.verdict).toBe("broken");
    expect(verdict?.finding?.steps.join("; ")).toMatch(/session keys .* plays the/);
  });

  test("does not, where a dealt key authenticates all of them", () => {
    expect(verdictOf(resumed((_, dealt) => dealt))?.verdict).toBe("holds");
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

  test("a session that begins under an old key counts once something has come back", () => {
    const over = packet("server#0", "client#0", 1);
    for (const principal of ["alice", "bob"]) {
      const { atStake, violation } = judged(postCompromise, ratchet, state(principal, over));
      expect(violation).toBeUndefined();
      // A message and a key of the second session: what was said first is not among them.
      expect(atStake).toBe(2);
      const attack = state(principal, over);
      const trace = simulate(planOf(subjectFor(ratchet), { workload: baseWorkload, attack }));
      expect(knowledgeOf(trace).derivable(utf8("what is said first in session 32"))).toBe(true);
    }
  });

  test("a handshake that was under way is no new one", () => {
    for (const nth of [1, 2]) {
      const halfWay = packet("initiator#0", "responder#0", nth);
      expect(judged(postCompromise, signedDh, state("bob", halfWay)).violation).toBeUndefined();
    }
  });
});

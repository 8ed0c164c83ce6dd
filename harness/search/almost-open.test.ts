/**
 * Messages that are almost sent openly, and such that only look so: keys one more than what is
 * seen, words that public texts happen to share, and what an adversary may know that acts as one of
 * the principals.
 */
import { describe, expect, test } from "vitest";
import type { Env, Protocol } from "../../protocol/endpoint.ts";
import { bigintBytes, bytesBigint, concat, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { confidentiality } from "../guarantees/confidentiality.ts";
import { deliver, type Handler, judgeRun, sharingKey, subjectFor } from "../testing/tiny.ts";
import { assess } from "./assess.ts";

const iv = new Uint8Array(12);
const plus = (n: Uint8Array, step: bigint): Uint8Array =>
  bigintBytes((bytesBigint(n) + step) % (1n << BigInt(8 * n.length)), n.length);

/** What goes before or after the sealed message, made with the key. */
type Beside = (key: Uint8Array, message: Uint8Array) => Uint8Array;

const client =
  (env: Env, key: Uint8Array, beside: Beside): Handler =>
  (input) => {
    if (input.kind === "start") return [{ kind: "ready" }];
    if (input.kind !== "send") return [];
    const sealed = env.crypto.seal("chacha20-poly1305", key, iv, input.message);
    const length = Uint8Array.of(sealed.length);
    return [{ kind: "transmit", bytes: concat(length, sealed, beside(key, input.message)) }];
  };
const server =
  (env: Env, key: Uint8Array): Handler =>
  (input) => {
    if (input.kind !== "datagram") return [];
    const sealed = input.bytes.slice(1, 1 + (input.bytes[0] ?? 0));
    const message = env.crypto.open("chacha20-poly1305", key, iv, sealed);
    return message === undefined ? [] : [deliver(message, "alice")];
  };
function sealing(beside: Beside, text = "open the front door"): Protocol {
  const protocol = sharingKey((env, key) => client(env, key, beside), server);
  return {
    ...protocol,
    workload: () => ({ sessions: [{ start: 0, messages: say("client", text) }] }),
  };
}
function verdictOf(protocol: Protocol) {
  const settings = { seed: "almost", guarantees: ["confidentiality"] };
  const [verdict] = assess(subjectFor(protocol), settings).verdicts;
  const { capability, finding } = verdict ?? {};
  return [`${verdict?.verdict} ${capability}`, finding?.compute ?? ""] as const;
}

describe("beside a sealed message goes", () => {
  const cases: Record<string, readonly [Beside, string, RegExp]> = {
    "nothing else": [() => new Uint8Array(0), "holds null", /^$/],
    "the key plus one": [(key) => plus(key, 1n), "broken passive", /^about 4 guesses of a key/],
    "the key without its end": [
      (key) => key.slice(0, -2),
      "broken passive",
      /^about 65,536 guesses/,
    ],
    "the key backwards": [
      (key) => key.slice().reverse(),
      "broken passive",
      /^one guess of a key: it was seen, backwards/,
    ],
    "the key under a constant": [
      (key) => key.map((byte, i) => byte ^ (7 * i + 3)),
      "broken passive",
      /^one guess of a key: .* differs from it by a constant/,
    ],
    "the key scrambled by the message": [
      (key, message) => key.map((byte, i) => byte ^ (message[i % message.length] ?? 0)),
      "unknown null",
      /^$/,
    ],
  };
  test.each(Object.entries(cases))("%s", (_, [beside, verdict, cost]) => {
    const [found, compute] = verdictOf(sealing(beside));
    expect(found).toBe(verdict);
    expect(compute).toMatch(cost);
  });
});

test("a key that can be guessed can be used as well, by whoever sees what is close to it", () => {
  const origin = (beside: Beside): string => {
    const settings = { seed: "almost", guarantees: ["origin"] };
    const [verdict] = assess(subjectFor(sealing(beside)), settings).verdicts;
    return `${verdict?.verdict} ${verdict?.capability}`;
  };
  expect(origin(() => iv)).toBe("holds null");
  expect(origin((key) => plus(key, 1n))).toBe("broken on-path");
});

describe("a message has words in common with public texts", () => {
  const text = "the agents meet at noon in harbours";
  const notes = "the agents meet at noon in vienna | alice loves old harbours";
  test("which do not say it", () => {
    expect(verdictOf(sealing(() => utf8(notes), text))[0]).toBe("holds null");
  });

  test("one of which is the same, word for word", () => {
    const banner = utf8("open the front door, it says on the wall");
    expect(verdictOf(sealing(() => banner))[0]).toBe("holds null");
    expect(verdictOf(sealing((_, m) => concat(banner, m)))[0]).toBe("broken passive");
  });

  test("which are made of it, and say it in two pieces", () => {
    const cut: Beside = (_, m) => concat(m.slice(0, 27), utf8("vienna | old "), m.slice(27));
    expect(verdictOf(sealing(cut, text))[0]).toBe("broken passive");
  });
});

test("whoever is given a principal's secrets may read what that one says or is told", () => {
  const protocol = sealing(() => iv);
  const dealing: Protocol = {
    ...protocol,
    deploy(env) {
      const deployment = protocol.deploy(env);
      const longTermSecrets = (principal: string) =>
        principal === "carol" ? [] : deployment.longTermSecrets(principal);
      return { ...deployment, longTermSecrets };
    },
  };
  const judged = (as: string) => {
    const { atStake, violation } = judgeRun(confidentiality, dealing, [
      { move: "participate", as },
    ]);
    return [atStake, violation === undefined];
  };
  expect(judged("alice")).toEqual([0, true]);
  expect(judged("bob")).toEqual([0, true]);
  expect(judged("carol")).toEqual([1, true]);
});

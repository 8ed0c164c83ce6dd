/** kci ignores commitments that are weak without an attack; it counts those that get weaker. */
import { describe, expect, test } from "vitest";
import type { Attack, Move } from "../../attacker/move.ts";
import type { Output } from "../../protocol/endpoint.ts";
import { assess } from "../search/assess.ts";
import { accept, addresses, claim } from "../testing/scripted.ts";
import {
  deliver,
  judgeRun,
  type Part,
  run,
  sharingKey,
  subjectFor,
  tiny,
  transmit,
} from "../testing/tiny.ts";
import { clientAuthentication, serverAuthentication } from "./authentication.ts";
import { kci } from "./kci.ts";
import { origin } from "./origin.ts";

/** Both ends accept anything; `agreeing` ones have at least claimed to be running before. */
const credulous = (agreeing: boolean) =>
  tiny({
    client: () => (input) => {
      if (input.kind === "datagram") return [claim("commit", "bob", "k")];
      if (input.kind !== "start") return [];
      return [...(agreeing ? [claim("running", "bob", "k")] : []), transmit("hello")];
    },
    server: () => (input) =>
      input.kind === "datagram"
        ? [
            claim("running", "alice", agreeing ? "k" : "something else"),
            transmit("welcome"),
            claim("commit", "alice", "k"),
          ]
        : [],
  });

const up = { from: "client#0", to: "server#0", nth: 1 };
const down = { from: "server#0", to: "client#0", nth: 1 };
const told = (principal: string): Attack => [
  { move: "disclose", principal, what: "long-term", when: "start" },
];
const posesAsBob: Attack = [
  { move: "drop", packet: up },
  { move: "inject", hex: "00", to: "client#0", from: addresses.server, when: { after: up } },
];
const posesAsAlice: Attack = [
  { move: "inject", hex: "00", to: "server#0", from: "mallory:1", when: { after: up } },
];
const late: Attack = [{ move: "hold", packet: down, delayMs: 50 }];

const because = (agreeing: boolean, attack: Attack) =>
  judgeRun(kci, credulous(agreeing), attack).violation?.because;

describe("where authentication is broken without any attack", () => {
  test("it is: aliveness at one end, weak agreement at the other", () => {
    const broken = [clientAuthentication, serverAuthentication].map(
      (guarantee) => judgeRun(guarantee, credulous(false)).violation?.because,
    );
    expect(broken[0]).toMatch(/aliveness only/);
    expect(broken[1]).toMatch(/weak agreement only/);
  });

  test.each(["alice", "bob"])("to know the secrets of %s changes nothing", (victim) => {
    expect(because(false, told(victim))).toBeUndefined();
    expect(because(false, [...told(victim), ...late])).toBeUndefined();
    expect(judgeRun(kci, credulous(false), told(victim)).atStake).toBe(0);
  });

  test("a weaker commitment counts", () => {
    expect(because(false, [...told("alice"), ...posesAsBob])).toMatch(/not even aliveness/);
  });

  test("and so does an additional one, though it is as weak as the other", () => {
    expect(because(false, [...told("bob"), ...posesAsAlice])).toMatch(/aliveness only/);
  });

  test("violations at the other end do not count", () => {
    expect(because(false, [...told("bob"), ...posesAsBob])).toBeUndefined();
    expect(because(false, [...told("alice"), ...posesAsAlice])).toBeUndefined();
  });
});

describe("where an undisturbed run is authenticated", () => {
  test.each(["alice", "bob"])("to know the secrets of %s changes nothing", (victim) => {
    expect(because(true, told(victim))).toBeUndefined();
    expect(judgeRun(kci, credulous(true), told(victim)).atStake).toBe(1);
  });

  test("to impersonate another principal does", () => {
    expect(because(true, [...told("alice"), ...posesAsBob])).toMatch(/not even aliveness/);
    expect(because(true, [...told("bob"), ...posesAsAlice])).toMatch(/no injective agreement/);
  });
});

describe("an excuse is for one commitment of the same process to the same peer", () => {
  const [k, q] = [claim("commit", "bob", "k"), claim("commit", "bob", "q")];
  const carol = claim("commit", "carol", "k");
  const nudge: Attack = [{ move: "inject", hex: "00", to: "client#0", when: { atMs: 5 } }];
  /** What Alice believes at 10 ms, undisturbed or with a packet of the attacker; Bob ran once. */
  const because = (
    calm: readonly Output[],
    nudged: readonly Output[],
    other: readonly Output[],
  ) => {
    const client: Part = ({ address }) => {
      let says = address === addresses.client ? calm : other;
      return {
        handle(input) {
          if (input.kind === "datagram" && input.bytes[0] === 0) says = nudged;
          if (input.kind !== "timeout") return [];
          const said = says;
          says = [];
          return said;
        },
        deadline: () => (says.length === 0 ? undefined : address === addresses.client ? 10 : 12),
      };
    };
    const server: Part = () => (input) =>
      input.kind === "start" ? [claim("running", "alice", "k"), transmit("x", "alice:1")] : [];
    const session = { start: 0, messages: [] };
    const protocol = tiny({ client, server, sessions: [session, session] });
    return judgeRun(kci, protocol, [...told("alice"), ...nudge]).violation?.because;
  };

  test.each<[string, Parameters<typeof because>, RegExp | undefined]>([
    ["the same as ever", [[q], [q], []], undefined],
    ["one less", [[q, q], [q], []], undefined],
    ["one more", [[q], [q, q], []], /client#0 .* do not agree/],
    ["a weaker one", [[k, k], [k, q], []], /do not agree/],
    ["one that is not as weak", [[k, q], [k, k], []], undefined],
    ["one with another peer", [[q], [carol], []], /with carol, who was not there/],
    ["one with another peer, as weak", [[carol], [claim("commit", "dave", "k")], []], /with dave/],
    ["one of another process", [[], [q], [q]], /client#0 .* do not agree/],
    ["one that was right", [[k], [q], []], /do not agree/],
    ["the same in another order", [[q, k, k], [k, k, q], []], undefined],
  ])("%s", (_, [calm, nudged, other], violated) => {
    const found = because(calm, nudged, other);
    if (violated === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(violated);
  });
});

describe("data accepted as coming from others", () => {
  const calm = sharingKey(
    ({ crypto }, shared) =>
      (input) => {
        if (input.kind === "start") return [{ kind: "ready" }];
        if (input.kind !== "send") return [];
        const sealed = crypto.seal("aes-gcm", shared, new Uint8Array(12), input.message);
        return [{ kind: "transmit", bytes: sealed }];
      },
    ({ crypto }, shared) =>
      (input) => {
        if (input.kind !== "datagram") return [];
        const message = crypto.open("aes-gcm", shared, new Uint8Array(12), input.bytes);
        return message === undefined ? [] : [deliver(message, "alice")];
      },
  );
  const asAlice: Move = {
    move: "puppet",
    name: "puppet-a",
    role: "client",
    as: "alice",
    facing: "server#0",
  };

  test("is at stake where nobody ever commits", () => {
    const honest = run(calm);
    expect(kci.notApplicable?.({ protocol: calm, honest, confirms: false })).toBeUndefined();
    expect(judgeRun(kci, calm, told("bob"))).toEqual({ atStake: 2 });
    expect(judgeRun(kci, calm, told("alice"))).toEqual({ atStake: 0 });
  });

  test("may not come from those who know the receiver's secrets", () => {
    const { violation } = judgeRun(kci, calm, [...told("bob"), asAlice]);
    expect(violation?.because).toMatch(/bob's own secrets .* server#0 accepted .* nobody sent it/);
    // What others are made to accept is not about the one whose secrets are known.
    expect(judgeRun(kci, calm, [...told("alice"), asAlice]).violation).toBeUndefined();
    expect(judgeRun(origin, calm, [asAlice]).violation).toBeUndefined();
  });

  /** The server takes `calm` for Alice's by itself, and `more` once a packet has come. */
  const misled = (calmly: readonly string[], more: readonly string[], from = "alice") =>
    judgeRun(
      kci,
      tiny({
        client: () => () => [],
        server: () => (input) => {
          const texts = { start: calmly, datagram: more }[input.kind as "start"] ?? [];
          return texts.map((word) => accept(word, "here", from));
        },
        deployment: { longTermSecrets: () => [new Uint8Array(16)] },
      }),
      [...told("bob"), { move: "inject", hex: "00", to: "server#0", when: { atMs: 5 } }],
    ).violation?.because;

  test.each<[string, Parameters<typeof misled>, boolean]>([
    ["what is wrong undisturbed is an excuse", [["x"], []], false],
    ["but not for more", [["x"], ["y"]], true],
    ["what is attributed to the receiver itself is no pose", [[], ["y"], "bob"], false],
    ["nor what a stranger says", [[], ["y"], "nobody-here"], false],
    ["nor what the attacker says in its own name", [[], ["y"], "mallory"], false],
    ["what is attributed to Alice is", [[], ["y"]], true],
  ])("%s", (_, situation, violated) => {
    expect(misled(...situation) !== undefined).toBe(violated);
  });

  test("and is found by the search, where a static secret of both keeps it from outsiders", () => {
    const about = { seed: "mallory", guarantees: [kci.id, origin.id] };
    const { verdicts } = assess(subjectFor(calm), about);
    expect(verdicts.map((v) => [v.guarantee, v.verdict, v.capability])).toEqual([
      ["origin", "holds", null],
      ["kci", "broken", "compromise"],
    ]);
  });
});

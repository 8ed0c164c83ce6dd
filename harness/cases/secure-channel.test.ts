import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import { continuing } from "../../attacker/strategies/hijack-then-send.ts";
import { otherwiseSet } from "../../attacker/strategies/impersonating.ts";
import type { Strategy } from "../../attacker/strategies/strategy.ts";
import { hex, latin1 } from "../../protocol/kit/bytes.ts";
import { encodeSuitesError } from "../../protocol/secure-channel/edhoc/messages.ts";
import { secureChannel } from "../../protocol/secure-channel/secure-channel.ts";
import { guarantees } from "../guarantees/catalog.ts";
import { calmNetwork, lossyNetwork } from "../run/network/conditions.ts";
import { simulate } from "../run/simulate.ts";
import { Campaign } from "../search/campaign.ts";
import { Baselines, judge } from "../search/judge-run.ts";
import { planOf } from "../subject.ts";
import { inPlaceOfBob } from "../testing/puppets.ts";
import { subjectFor } from "../testing/tiny.ts";
import type { NetworkConditions, Trace } from "../trace/trace.ts";

const claimed = guarantees.filter((g) => secureChannel.claims.some((c) => c.guarantee === g.id));

/** Which of the guarantees claimed are broken in this run. */
function broken(trace: Trace, baselines: Baselines): readonly string[] {
  return claimed
    .filter((g) => judge(g, trace, baselines).violation !== undefined)
    .map((g) => `${g.id}: ${judge(g, trace, baselines).violation?.because}`);
}

/** One lab run, and what it breaks. */
function attacked(options: Record<string, string>, attack: Attack): readonly string[] {
  const subject = subjectFor(secureChannel, options);
  const trace = simulate(planOf(subject, { attack }));
  return broken(trace, new Baselines(subject, trace.plan.seed)).map((b) => b.split(":")[0] ?? "");
}

const networks: readonly (readonly [string, Partial<NetworkConditions>])[] = [
  ["calm", {}],
  ["lossy, for twenty seconds", lossyNetwork],
  ["losing every fifth datagram", { loss: 0.2, faultsEndMs: 60_000 }],
  ["doubling and reordering", { duplication: 0.5, reordering: 0.5, faultsEndMs: 60_000 }],
  ["jittery", { jitterMs: 200, reordering: 0.3, faultsEndMs: 60_000 }],
  ["slow", { latencyMs: 400, jitterMs: 300, loss: 0.1, faultsEndMs: 60_000 }],
];
const seeds = Array.from({ length: 6 }, (_, i) => `bad network ${i}`);

describe.each(networks)("on a network that is %s", (_, network) => {
  const traces = seeds.map((seed) => {
    const subject = subjectFor(secureChannel);
    const about = { seed, workload: "within-limits", network: { ...calmNetwork, ...network } };
    return [simulate(planOf(subject, about)), new Baselines(subject, seed)] as const;
  });

  test("everything is delivered once, in order, and confirmed", () => {
    expect(traces.flatMap(([trace, baselines]) => broken(trace, baselines))).toEqual([]);
  });

  test("nothing is given up, and no process crashes", () => {
    const ends = traces.flatMap(([{ events }]) => events.map((e) => e.kind));
    expect(ends.filter((kind) => kind === "give-up" || kind === "crashed")).toEqual([]);
  });
});

test("nothing is confirmed that was not delivered, even where the network never recovers", () => {
  for (const seed of seeds) {
    const network = { ...calmNetwork, loss: 0.6, duplication: 0.2, faultsEndMs: 10_000_000 };
    const { events } = simulate(planOf(subjectFor(secureChannel), { seed, network }));
    const of = (kind: "deliver" | "confirm"): string[] =>
      events.flatMap((e) => (e.kind === kind ? [latin1(e.message)] : []));
    const delivered = of("deliver");
    for (const message of of("confirm")) {
      expect(delivered).toContain(message);
      delivered.splice(delivered.indexOf(message), 1);
    }
  }
});

const toServer = (nth: number) => ({ from: "client#0", to: "server#0", nth });
const toClient = (nth: number) => ({ from: "server#0", to: "client#0", nth });
const posing: Attack = [
  { move: "puppet", name: "puppet-a", role: "client", as: "alice", facing: "server#0" },
];
const inTheMiddle: Attack = [inPlaceOfBob];
/** RETRY becomes an ERROR with SUITES_R of 6 alone, under the same mac1. */
const worseSuite: Attack = [
  {
    move: "modify",
    packet: toClient(1),
    edits: [
      { edit: "set", at: 0, hex: "85" },
      { edit: "truncate", length: 9 },
      { edit: "extend", hex: hex(encodeSuitesError([6])) },
    ],
  },
];
/** Bob's second message gets lost, and its acknowledgement comes all the same. */
const forgedAck: Attack = [
  { move: "drop", packet: toClient(6) },
  {
    move: "inject",
    hex: `4905010300020000${"00".repeat(56)}`,
    to: "server#0",
    from: "alice:40000",
    when: { after: toClient(6) },
  },
];
const flood: Attack = [
  {
    move: "replay",
    packet: toServer(1),
    to: "server#0",
    times: 200,
    when: { after: toServer(1) },
  },
];
const breakIn = (principal: string, when: "start" | "end"): Attack => [
  { move: "disclose", principal, what: "long-term", when },
];

/** One attack for each defence: what it breaks without it, and that it breaks nothing with it. */
const weaknesses: readonly (readonly [string, Attack, readonly string[]])[] = [
  ["static-keys", inTheMiddle, ["server-authentication"]],
  ["static-keys", posing, ["client-authentication"]],
  ["macs", posing, ["client-authentication"]],
  ["confirmation", [{ move: "drop", packet: toServer(3) }], ["server-authentication"]],
  ["suite-list", worseSuite, ["downgrade"]],
  ["ephemeral-keys", [...breakIn("alice", "end"), ...breakIn("bob", "end")], ["forward-secrecy"]],
  ["ephemeral-keys", [...breakIn("bob", "start"), ...posing], ["kci"]],
  ["cookie", flood, ["bounded-state"]],
  ["window", [{ move: "duplicate", packet: toServer(4), delayMs: 1 }], ["replay"]],
  ["deduplication", [{ move: "drop", packet: toClient(9) }], ["replay"]],
  ["order", [{ move: "hold", packet: toServer(4), delayMs: 150 }], ["ordering"]],
  [
    "tag",
    [{ move: "modify", packet: toClient(4), edits: [{ edit: "flip", at: 8, mask: 1 }] }],
    ["integrity", "origin", "honest-acknowledgement"],
  ],
  ["ack-authentication", forgedAck, ["honest-acknowledgement"]],
  [
    "directions",
    [
      { move: "drop", packet: toClient(4) },
      { move: "reflect", packet: toServer(4) },
    ],
    ["origin", "honest-acknowledgement", "nonce-uniqueness"],
  ],
  ["nonces", [], ["nonce-uniqueness"]],
  ["retransmission", [{ move: "drop", packet: toServer(4) }], ["delivery"]],
  ["strictness", [{ move: "inject", hex: "00ff", to: "server#0", when: "start" }], ["robustness"]],
];

describe.each(weaknesses)("without %s", (option, attack, expected) => {
  test(`an attack breaks ${expected.join(", ")}`, () => {
    expect(attacked({ [option]: "off" }, attack)).toEqual(expect.arrayContaining([...expected]));
  });
  test("what it breaks is listed under the defence", () => {
    const carried = secureChannel.options?.[option]?.weakens?.off ?? [];
    expect(attacked({ [option]: "off" }, attack).filter((g) => !carried.includes(g))).toEqual([]);
  });
  test("with it, the same attack breaks nothing", () => {
    expect(attacked({}, attack)).toEqual([]);
  });
});

/** Defences whose absence is found only by a specific strategy. */
const found: readonly (readonly [string, Strategy, string])[] = [
  ["suite-list", otherwiseSet, "downgrade"],
  ["ack-authentication", continuing, "honest-acknowledgement"],
];

describe.each(found)("without %s, a strategy", (option, strategy, guarantee) => {
  function verdictOf(options: Record<string, string>) {
    const settings = { seed: "mallory", guarantees: [guarantee] };
    const campaign = new Campaign(subjectFor(secureChannel, options), settings);
    for (const candidate of strategy.attacks(campaign.scene()))
      campaign.try(strategy.id, candidate);
    return campaign.finish(null).verdicts[0]?.verdict;
  }
  test(`finds an attack on ${guarantee}`, () => {
    expect(verdictOf({ [option]: "off" })).toBe("broken");
  });
  test("finds none with it", () => expect(verdictOf({})).toBe("holds"));
});

describe("lengths", () => {
  const shapes = (options: Record<string, string>) =>
    ["lengths-short", "lengths-long"].map((workload) => {
      const { packets } = simulate(planOf(subjectFor(secureChannel, options), { workload }));
      return packets.map((p) => `${p.from} to ${p.to}: ${p.bytes.length}`).join();
    });
  test("show nowhere", () => expect(new Set(shapes({})).size).toBe(1));
  test("show without padding", () => expect(new Set(shapes({ padding: "off" })).size).toBe(2));
});

test("with cover traffic, everything that is claimed holds on a lossy network as well", () => {
  const subject = subjectFor(secureChannel, { cover: "on" });
  for (const seed of seeds.slice(0, 2)) {
    const about = { seed, workload: "within-limits", network: lossyNetwork };
    const trace = simulate(planOf(subject, about));
    expect(broken(trace, new Baselines(subject, seed))).toEqual([]);
  }
});

test("every switch of a defence has been tried", () => {
  const tried = new Set([
    ...weaknesses.map(([option]) => option),
    "padding",
    "pieces",
    "scan-filter",
    "suite",
    "cover",
  ]);
  expect(Object.keys(secureChannel.options ?? {}).filter((o) => !tried.has(o))).toEqual([]);
});

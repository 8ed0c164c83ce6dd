/** The end-to-end secure channel: what a malicious relay and an unreliable network can do to it. */
import { describe, expect, test } from "vitest";
import { type Attack, capabilityOf } from "../../attacker/move.ts";
import { splicing } from "../../attacker/strategies/impersonating.ts";
import { relaying } from "../../attacker/strategies/relaying.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Strategy } from "../../attacker/strategies/strategy.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { secureChannelRelay } from "../../protocol/secure-channel/relay/secure-channel-relay.ts";
import { guarantees } from "../guarantees/catalog.ts";
import { calmNetwork, lossyNetwork } from "../run/network/conditions.ts";
import { simulate } from "../run/simulate.ts";
import { Campaign } from "../search/campaign.ts";
import { Baselines, judge } from "../search/judge-run.ts";
import { defaultSeed, planOf } from "../subject.ts";
import { subjectFor } from "../testing/tiny.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";

const claimed = guarantees.filter((g) =>
  secureChannelRelay.claims.some((c) => c.guarantee === g.id),
);

const brokenIn = (trace: Trace, baselines: Baselines): readonly string[] =>
  claimed.flatMap((g) => (judge(g, trace, baselines).violation === undefined ? [] : [g.id]));

/** What a strategy tries on the first session, and which of the claims it breaks. */
function attacked(
  options: Record<string, string>,
  strategy: Strategy,
  chosen: (attack: Attack) => boolean = () => true,
) {
  const subject = subjectFor(secureChannelRelay, options);
  const campaign = new Campaign(subject, { seed: defaultSeed, guarantees: [] });
  const baselines = new Baselines(subject, defaultSeed);
  const scene = firstOfTheirKind(campaign.scene());
  const attacks = [...strategy.attacks(scene)].map(({ moves }) => moves).filter(chosen);
  const traces = attacks.map((attack) => simulate(planOf(subject, { attack })));
  const broken = new Set(traces.flatMap((trace) => brokenIn(trace, baselines)));
  return { traces, broken: [...broken].toSorted() };
}

const carriedBy = (option: string, value: string): readonly string[] =>
  (secureChannelRelay.options?.[option]?.weakens?.[value] ?? []).toSorted();

/** Four puppets in a row between two users. */
const between = (attack: Attack): boolean => attack.length > 2;

describe("a malicious relay", () => {
  const { traces, broken } = attacked({}, relaying);

  test("reads nothing, forges nothing, impersonates no user", () => {
    expect(broken).toEqual([]);
  });

  test("took part: it was in the middle of each two users, and had all of them as clients", () => {
    const middle = traces.filter((t) => between(t.plan.attack));
    expect(middle).toHaveLength(3);
    for (const trace of middle) {
      expect(capabilityOf(trace.plan.attack, "datagram")).toBe("relay");
      const fooled = eventsOf(trace, "commit").filter((e) => e.peer === "rita");
      expect(fooled.length).toBeGreaterThanOrEqual(3);
    }
  });

  test("gets no further where it also has the certificates", () => {
    expect(attacked({ certificates: "fetched" }, relaying, between).broken).toEqual([]);
  });

  test("and an attacker in the middle of one hop gets no further", () => {
    expect(attacked({}, splicing).broken).toEqual([]);
  });

  test.each([
    ["inner", "off", ["confidentiality", "integrity", "origin", "honest-acknowledgement"]],
    ["directory", "relay", ["client-authentication", "integrity", "key-secrecy", "origin"]],
  ])("with %s=%s breaks nothing but what that defence carries", (option, value, least) => {
    const weak = attacked({ [option]: value }, relaying, between);
    expect(weak.broken).toEqual(expect.arrayContaining(least));
    expect(carriedBy(option, value)).toEqual(expect.arrayContaining([...weak.broken]));
  });
});

test("every claim is at stake in an undisturbed run, or under attack", () => {
  const baselines = new Baselines(subjectFor(secureChannelRelay), defaultSeed);
  const { honest } = baselines.of("within-limits");
  const idle = claimed.filter((g) => judge(g, honest, baselines).atStake === 0).map((g) => g.id);
  const underAttackOnly = ["forward-secrecy", "kci", "robustness", "bounded-state"];
  expect(idle.filter((id) => ![...underAttackOnly, "length-hiding"].includes(id))).toEqual([]);
});

describe("on an unreliable network", () => {
  const seeds = Array.from({ length: 6 }, (_, i) => `bad network ${i}`);
  test("all is delivered once, in order, and confirmed", () => {
    const subject = subjectFor(secureChannelRelay);
    for (const seed of seeds) {
      const trace = simulate(planOf(subject, { seed, network: lossyNetwork }));
      expect(brokenIn(trace, new Baselines(subject, seed))).toEqual([]);
      expect(eventsOf(trace, "give-up")).toEqual([]);
      expect(eventsOf(trace, "crashed")).toEqual([]);
    }
  });

  test.each([
    ["held", seeds],
    ["fetched", seeds.slice(0, 3)],
  ])("also where every fifth datagram is lost for ever: certificates=%s", (certificates, some) => {
    const subject = subjectFor(secureChannelRelay, { certificates });
    const faults = { loss: 0.2, duplication: 0.2, reordering: 0.3, jitterMs: 100 };
    const network = { ...calmNetwork, ...faults, faultsEndMs: 10_000_000 };
    for (const seed of some) {
      const trace = simulate(planOf(subject, { seed, network }));
      const wanted = trace.outcomes.flatMap((o) => o.wanted).length;
      expect(brokenIn(trace, new Baselines(subject, seed))).toEqual([]);
      expect(eventsOf(trace, "deliver")).toHaveLength(wanted);
      expect(eventsOf(trace, "confirm")).toHaveLength(wanted);
      expect(eventsOf(trace, "give-up")).toEqual([]);
      expect(eventsOf(trace, "crashed")).toEqual([]);
    }
  });

  test("nothing is confirmed that was not delivered, even where it never recovers", () => {
    const subject = subjectFor(secureChannelRelay);
    for (const seed of seeds) {
      const network = { ...calmNetwork, loss: 0.4, duplication: 0.2, faultsEndMs: 10_000_000 };
      const trace = simulate(planOf(subject, { seed, network }));
      const delivered = eventsOf(trace, "deliver").map((e) => latin1(e.message));
      for (const { message } of eventsOf(trace, "confirm")) {
        expect(delivered).toContain(latin1(message));
        delivered.splice(delivered.indexOf(latin1(message)), 1);
      }
    }
  });
});

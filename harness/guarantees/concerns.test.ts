/** What one judge finds, each other one that it concerns sees, too: over attacked runs of all sorts. */
import { expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import { isCorrupt } from "../../attacker/move.ts";
import { strategies } from "../../attacker/strategies/catalog.ts";
import { bundledSubject } from "../input/bundled-protocols.ts";
import { parseProtocolName } from "../input/protocol-reference.ts";
import { simulate } from "../run/simulate.ts";
import { Campaign } from "../search/campaign.ts";
import { Baselines, judge } from "../search/judge-run.ts";
import { planOf, type Subject } from "../subject.ts";
import type { Trace } from "../trace/trace.ts";
import { baseWorkload } from "../workload.ts";
import { gradeCommits } from "./agreement.ts";
import { guarantees } from "./catalog.ts";
import { exchangesOf } from "./exchanges.ts";
import { falseOrigin } from "./origin.ts";

const seed = "mallory";
const sessions = 2;
const perStrategy = 5;
const chosen = ["compromise", "impersonate", "splice", "hijack", "inject", "flip", "replay"];

interface Case {
  readonly trace: Trace;
  readonly honest: Trace;
  violates(id: string): boolean;
}

function* casesOf(subject: Subject): Iterable<Case> {
  const campaign = new Campaign(subject, { seed, sessions });
  const scene = campaign.scene();
  const baselines = new Baselines(campaign.subject, seed);
  const { honest } = campaign;
  const principals = [...new Set(honest.processes.map((p) => p.principal))];
  const attacks = strategies
    .filter((s) => chosen.includes(s.id))
    .flatMap((s) => [...s.attacks(scene)].slice(0, perStrategy).map((c) => c.moves));
  const told = principals.flatMap((principal) =>
    attacks
      .filter((a) => a.every((m) => m.move !== "disclose"))
      .map(
        (a): Attack => [{ move: "disclose", principal, what: "long-term", when: "start" }, ...a],
      ),
  );
  for (const attack of [...attacks, ...told]) {
    const trace = simulate(planOf(campaign.subject, { seed, workload: baseWorkload, attack }));
    const violates = (id: string): boolean => {
      const guarantee = guarantees.find((g) => g.id === id);
      return guarantee !== undefined && judge(guarantee, trace, baselines).violation !== undefined;
    };
    yield { trace, honest, violates };
  }
}

const isWeak = (trace: Trace, at: string | undefined): boolean =>
  gradeCommits(trace).some(
    ({ commit, grade }) =>
      grade !== "injective agreement" && (at === undefined || commit.principal === at),
  );

/** Deliveries that were not sent, and are taken for those of others who are honest. */
const wrong = (trace: Trace, at: string | undefined) =>
  exchangesOf(trace).deliveries.filter(
    (d) =>
      (at === undefined || d.end.process.principal === at) &&
      d.other !== d.end.process.principal &&
      d.other !== undefined &&
      !isCorrupt(d.other, trace.plan.attack) &&
      falseOrigin(trace, d) !== undefined,
  );

/** The only one whose secrets are known from the start. */
const victimOf = ({ plan: { attack } }: Trace): string | undefined => {
  const [told, ...more] = attack.filter((m) => m.move === "disclose");
  return more.length === 0 && told?.when === "start" ? told.principal : undefined;
};

test.each([
  "preshared",
  "preshared?authentication=off",
  "preshared?directions=off",
  "reflection",
  "wide-mouthed-frog",
])("%s", (name) => {
  const seen = { integrity: 0, beliefs: 0, data: 0 };
  for (const { trace, honest, violates } of casesOf(bundledSubject(parseProtocolName(name)))) {
    const what = JSON.stringify(trace.plan.attack);
    const victim = victimOf(trace);
    if (victim === undefined) {
      const unsent = wrong(trace, undefined).filter(
        (d) => !exchangesOf(trace).submissions.some((s) => s.content === d.content),
      );
      if (violates("integrity")) seen.integrity++;
      if (violates("integrity")) expect(violates("origin"), what).toBe(true);
      if (unsent.length > 0) expect(violates("integrity"), what).toBe(true);
      const believed = violates("server-authentication") || violates("client-authentication");
      expect(believed, what).toBe(isWeak(trace, undefined));
      continue;
    }
    if (isWeak(trace, victim) && !isWeak(honest, victim)) {
      seen.beliefs++;
      expect(violates("kci"), what).toBe(true);
    }
    if (wrong(trace, victim).length > 0 && wrong(honest, victim).length === 0) {
      seen.data++;
      expect(violates("kci"), what).toBe(true);
    }
  }
  // What is never met proves nothing: each of these protocols is broken in some such way.
  expect(seen.integrity + seen.beliefs + seen.data).toBeGreaterThan(0);
});

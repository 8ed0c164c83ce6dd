/** Holds what comes out against what a scenario expects. */

import { describeMove } from "../attacker/describe.ts";
import { guarantees, isJudged } from "../harness/guarantees/catalog.ts";
import type { Guarantee, Unjudged } from "../harness/guarantees/guarantee.ts";
import { idleMoves } from "../harness/replay.ts";
import { capabilityFor, judge, Profiles, simulatePlainly } from "../harness/search/judge-run.ts";
import { storyOf } from "../harness/story.ts";
import { planOf, type Subject } from "../harness/subject.ts";
import type { Trace } from "../harness/trace.ts";
import type { GuaranteeVerdict, Layer, Story } from "../harness/verdict.ts";
import type { Expectation, Scenario, ScenarioRun } from "./scenario.ts";

/** As much of a verdict as an expectation can be about. */
export type Found = Pick<GuaranteeVerdict, "guarantee" | "verdict" | "capability" | "because"> & {
  readonly layer?: Pick<Layer, "verdict">;
};

export interface Held {
  readonly guarantee: string;
  /** Absent for what comes out without being expected. */
  readonly expected?: Expectation;
  /** Absent where the guarantee was not looked at. */
  readonly found?: Found;
  readonly asExpected: boolean;
}

const fits = (expected: Expectation, found: Found): boolean =>
  expected.verdict === found.verdict &&
  (expected.capability === undefined || expected.capability === found.capability) &&
  (expected.layer === undefined || expected.layer === found.layer?.verdict);

/** Something is broken that was expected to hold: true whatever was left untried. */
const worse = (expected: Expectation, found: Found): boolean =>
  (expected.verdict !== "broken" && found.verdict === "broken") ||
  (expected.layer !== undefined &&
    expected.layer !== "broken" &&
    found.layer?.verdict === "broken");

/**
 * @param partly that not everything was tried (a limited attacker, a budget, an interruption):
 *   then only what is worse than expected counts.
 */
export function hold(
  expect: ReadonlyMap<string, Expectation>,
  verdicts: readonly Found[],
  partly = false,
): readonly Held[] {
  const held = verdicts.map((found): Held => {
    const expected = expect.get(found.guarantee);
    if (expected === undefined) return { guarantee: found.guarantee, found, asExpected: true };
    const asExpected = partly ? !worse(expected, found) : fits(expected, found);
    return { guarantee: found.guarantee, expected, found, asExpected };
  });
  const missing = [...expect].filter(([id]) => !verdicts.some((v) => v.guarantee === id));
  return [
    ...held,
    ...missing.map(([guarantee, expected]): Held => ({ guarantee, expected, asExpected: partly })),
  ];
}

/** What a scenario wants to see besides verdicts, in the order of the file. */
export const sights = ["delivers", "loses", "shows"] as const;
export interface Sight {
  readonly kind: (typeof sights)[number];
  readonly text: string;
  /** Whether it is as the scenario wants it. */
  readonly found: boolean;
}

export interface ScenarioResult {
  readonly verdicts: readonly Found[];
  readonly seen: readonly Sight[];
  /** The attack in English, one line per move. */
  readonly steps: readonly string[];
  readonly story: Story;
  readonly digest: string;
  /** Positions of moves that did nothing. */
  readonly idle: readonly number[];
}

/** The one run of a scenario that has an attack. Pure. @throws ProtocolError */
export function runScenario(
  subject: Subject,
  scenario: Pick<Scenario, "seed" | "expect"> & { readonly run: ScenarioRun },
): ScenarioResult {
  const { run, seed } = scenario;
  const { attack, network, workload } = run;
  const trace = simulatePlainly(planOf(subject, { attack, network, workload, seed }));
  const profiles = new Profiles(subject, seed);
  const wanted = guarantees.filter((g) => scenario.expect.has(g.id));
  const verdicts = wanted.map((g) => verdictOf(g, trace, profiles));
  const broken = verdicts.find((v) => v.verdict === "broken");
  return {
    verdicts,
    seen: sightsOf(trace, run),
    steps: attack.map(describeMove),
    story: storyOf(trace, broken?.because),
    digest: trace.digest,
    idle: idleMoves(trace),
  };
}

function sightsOf(trace: Trace, run: ScenarioRun): readonly Sight[] {
  const decoder = new TextDecoder();
  const planned = trace.plan.workload.sessions.flatMap((s) => s.messages);
  const sent = new Set(planned.map((m) => decoder.decode(m.message)));
  const delivered = new Set<string>();
  const lines: string[] = [];
  for (const e of trace.events) {
    if (e.kind === "deliver") delivered.add(decoder.decode(e.message));
    if (e.kind === "log") lines.push(e.line);
    if (e.kind === "alarm") lines.push(e.text);
  }
  const found: Readonly<Record<Sight["kind"], (text: string) => boolean>> = {
    delivers: (text) => delivered.has(text),
    loses: (text) => sent.has(text) && !delivered.has(text),
    shows: (text) => lines.some((line) => line.includes(text)),
  };
  return sights.flatMap((kind) =>
    run[kind].map((text) => ({ kind, text, found: found[kind](text) })),
  );
}

/** What this one run says about a guarantee; `holds` is about this run, and no other. */
function verdictOf(guarantee: Guarantee | Unjudged, trace: Trace, profiles: Profiles): Found {
  const { id } = guarantee;
  const { protocol, attack, workloadName } = trace.plan;
  const none = { guarantee: id, capability: null } as const;
  const reason =
    protocol.notApplicable?.[id] ??
    (isJudged(guarantee) ? guarantee.notApplicable?.(profiles.of(workloadName)) : undefined);
  if (reason !== undefined) return { ...none, verdict: "not-applicable", because: reason };
  if (!isJudged(guarantee)) return { ...none, verdict: "unknown", because: "not judged yet" };
  const { violation, atStake } = judge(guarantee, trace, profiles);
  if (violation === undefined && atStake === 0) {
    const why = guarantee.idle === undefined ? "" : `: ${guarantee.idle}`;
    return { ...none, verdict: "unknown", because: `nothing was at stake in this run${why}` };
  }
  const verdict = violation === undefined ? "holds" : "broken";
  const layer =
    guarantee.layered && trace.handshakeUntouched ? { layer: { verdict } as const } : {};
  if (violation === undefined) {
    return { ...none, verdict, because: "no violation in this run", ...layer };
  }
  const capability = capabilityFor(guarantee, attack, protocol.transport);
  return { guarantee: id, verdict, capability, because: violation.because, ...layer };
}

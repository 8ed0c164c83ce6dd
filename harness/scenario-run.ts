/** The one run of a scenario that has an attack, and what is seen in it. */
import { describeMove } from "../attacker/describe.ts";
import type { Attack } from "../attacker/move.ts";
import type { Expectation, Found } from "./expectation.ts";
import { guarantees } from "./guarantees/catalog.ts";
import type { Guarantee } from "./guarantees/guarantee.ts";
import { type IneffectiveMove, ineffectiveMoves } from "./ineffective-moves.ts";
import { UserError } from "./input/user-error.ts";
import { Baselines, capabilityFor, capabilityShown, judge } from "./search/judge-run.ts";
import type { Outside } from "./search/outside.ts";
import { simulateTwice } from "./search/reproducibility.ts";
import { violatedAfter } from "./search/violation-moment.ts";
import { planOf, type Subject } from "./subject.ts";
import { messageSequenceOf } from "./trace/message-sequence.ts";
import type { NetworkConditions, Trace } from "./trace/trace.ts";
import type { MessageSequence } from "./verdict.ts";
import { whyNoWorkload } from "./workload.ts";

export interface ScenarioRun {
  readonly attack: Attack;
  readonly network: NetworkConditions;
  readonly workload: string;
  readonly delivers: readonly string[];
  readonly loses: readonly string[];
  readonly shows: readonly string[];
}

/** What a scenario wants to see besides verdicts, in the order of the file. */
export const observations = ["delivers", "loses", "shows"] as const;
export interface Observation {
  readonly kind: (typeof observations)[number];
  readonly text: string;
  /** Whether it is as the scenario wants it. */
  readonly found: boolean;
}

export interface ScenarioResult {
  readonly verdicts: readonly Found[];
  readonly seen: readonly Observation[];
  /** The attack in English, one line per move. */
  readonly steps: readonly string[];
  readonly story: MessageSequence;
  readonly digest: string;
  /** Moves that did nothing: then the scenario does not tell what it says. */
  readonly ineffective: readonly IneffectiveMove[];
}

/**
 * The one run of a scenario that has an attack. Pure.
 * @throws ProtocolError; UserError if the protocol has no such workload.
 */
export function runScenario(
  subject: Subject,
  scenario: {
    readonly run: ScenarioRun;
    readonly seed: string;
    readonly expect: ReadonlyMap<string, Expectation>;
  },
  outside: Outside = {},
): ScenarioResult {
  const { run, seed } = scenario;
  const { attack, network, workload } = run;
  const none = whyNoWorkload(subject.protocol, subject.options, workload);
  if (none !== undefined) throw new UserError(none);
  const plan = planOf(subject, { attack, network, workload, seed });
  const trace = simulateTwice(plan, outside);
  const profiles = new Baselines(subject, seed);
  const wanted = guarantees.filter((g) => scenario.expect.has(g.id));
  const verdicts = wanted.map((g) => verdictOf(g, trace, profiles));
  const broken = verdicts.find((v) => v.verdict === "broken");
  const first = wanted.find((g) => g.id === broken?.guarantee);
  const until = first && violatedAfter(first, trace, profiles);
  return {
    verdicts,
    seen: sightsOf(trace, run),
    steps: attack.map(describeMove),
    story: messageSequenceOf(trace, broken?.because, until),
    digest: trace.digest,
    ineffective: ineffectiveMoves(trace),
  };
}

function sightsOf(trace: Trace, run: ScenarioRun): readonly Observation[] {
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
  const found: Readonly<Record<Observation["kind"], (text: string) => boolean>> = {
    delivers: (text) => delivered.has(text),
    loses: (text) => sent.has(text) && !delivered.has(text),
    shows: (text) => lines.some((line) => line.includes(text)),
  };
  return observations.flatMap((kind) =>
    run[kind].map((text) => ({ kind, text, found: found[kind](text) })),
  );
}

/** What this one run says about a guarantee; `holds` is about this run, and no other. */
function verdictOf(guarantee: Guarantee, trace: Trace, profiles: Baselines): Found {
  const { id } = guarantee;
  const { protocol, attack, workloadName } = trace.plan;
  const none = { guarantee: id, capability: null } as const;
  const reason =
    protocol.notApplicable?.[id] ?? guarantee.notApplicable?.(profiles.of(workloadName));
  if (reason !== undefined) return { ...none, verdict: "not-applicable", because: reason };
  const { violation, atStake } = judge(guarantee, trace, profiles);
  if (violation === undefined && atStake === 0) {
    const why = guarantee.vacuousBecause === undefined ? "" : `: ${guarantee.vacuousBecause}`;
    return { ...none, verdict: "unknown", because: `nothing was at stake in this run${why}` };
  }
  const verdict = violation === undefined ? "holds" : "broken";
  const layer =
    guarantee.layered && trace.handshakeUntouched ? { layer: { verdict } as const } : {};
  if (violation === undefined) {
    return { ...none, verdict, because: "no violation in this run", ...layer };
  }
  const acting = capabilityFor(guarantee, attack, protocol.transport);
  const capability = capabilityShown(guarantee, acting, trace, profiles);
  return { guarantee: id, verdict, capability, because: violation.because, ...layer };
}

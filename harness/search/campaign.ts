/**
 * A search in progress: runs attacks, holds every guarantee against every run, keeps the smallest
 * violations. What it found, and how hard it tried, becomes verdicts in verdicts.ts. Which attacks
 * are tried is decided by assess.ts, explore.ts and fuzz.ts.
 */
import {
  type Attack,
  capabilityOf,
  capabilityRank,
  withoutRegistration,
} from "../../attacker/move.ts";
import type { Candidate, Scene } from "../../attacker/strategies/strategy.ts";
import { guarantees } from "../guarantees/catalog.ts";
import type { Guarantee } from "../guarantees/guarantee.ts";
import { Conversations } from "../run/conversations.ts";
import { networkName, networks } from "../run/network/conditions.ts";
import { simulate } from "../run/simulate.ts";
import { planOf, type Subject } from "../subject.ts";
import type { RunPlan, Trace } from "../trace/trace.ts";
import type { Composed, GuaranteeVerdict, ProtocolReport } from "../verdict.ts";
import { baseWorkload } from "../workload.ts";
import { asInsider } from "./as-insider.ts";
import type { SearchSettings, Watch } from "./campaign-settings.ts";
import { FailedPuppets } from "./failed-puppets.ts";
import { Findings } from "./findings.ts";
import { honestRunOf } from "./honest-run.ts";
import { Baselines, judge, type RunChoice, weigh } from "./judge-run.ts";
import { Judging } from "./judging.ts";
import { RunChecks } from "./run-checks.ts";
import { sceneOf } from "./scene.ts";
import { faultsOf, remarksOf } from "./undisturbed.ts";
import { untrackedIn } from "./untracked.ts";
import { notApplicable, type SearchOutcome, verdictOf } from "./verdicts.ts";

const progressEvery = 100;
/** A matrix has fewer runs; a long random search does not repeat itself, and needs its memory. */
const mostRemembered = 50_000;

export class Campaign {
  readonly subject: Subject;
  readonly settings: SearchSettings;
  readonly #watch: Watch;
  readonly #baselines: Baselines;
  /** The undisturbed run that attacks are held against. */
  readonly honest: Trace;
  readonly #judging: Judging;
  readonly #findings: Findings;
  readonly #puppets = new FailedPuppets();
  runs = 0;
  #cutShort: string | undefined;
  #composed: Composed | undefined;
  readonly #checks: RunChecks;
  #untracked: readonly string[] | undefined;
  #other: Trace | undefined;
  #sameWords: Trace | undefined;
  /** Runs that were judged already: strategies overlap, and the exhaustive search repeats them. */
  readonly #tried = new Set<string>();
  readonly #plans = new Map<string, RunPlan>();
  readonly #conversations: Conversations | undefined;
  /** Where the first exception of the undisturbed run came from. */
  readonly #exceptionPlace: string | undefined;
  #step = { title: "", done: 0, total: 0 };

  constructor(subject: Subject, settings: SearchSettings, watch: Watch = {}) {
    const { sessions } = settings;
    this.subject = sessions === undefined ? subject : { ...subject, sessions };
    this.settings = settings;
    this.#watch = watch;
    this.#baselines = new Baselines(this.subject, settings.seed);
    // Foreign code is watched while it runs, and nobody knows what it shares.
    if (watch.within === undefined) this.#conversations = new Conversations(subject.protocol);
    watch.beat?.("the undisturbed run");
    this.honest = this.#baselines.of(baseWorkload).honest;
    this.#checks = new RunChecks(watch);
    this.#checks.begin(this.honest);
    this.#cutShort = this.#checks.meaningless;
    this.#exceptionPlace = watch.exceptionPlace?.();
    const baseline = this.#baselines.of(baseWorkload);
    const judged = this.#chosen().filter(
      (g) => this.#whyNot(g.id) === undefined && !g.notApplicable?.(baseline),
    );
    const progress = watch.progress?.bind(watch);
    this.#judging = new Judging(this.subject, settings, this.#baselines, judged, progress);
    watch.progress?.({
      kind: "protocol",
      name: subject.source,
      guarantees: this.#chosen().map((g) => g.id),
    });
    const beat = (): void => watch.beat?.("shrinking");
    this.#findings = new Findings(this.subject, this.#baselines, beat, this.#conversations);
  }

  #chosen() {
    const wanted = this.settings.guarantees;
    return guarantees.filter((g) => wanted === undefined || wanted.includes(g.id));
  }

  #whyNot(id: string): string | undefined {
    return this.subject.protocol.notApplicable?.[id];
  }

  undisturbed(workload: string): Trace {
    return this.#baselines.of(workload).honest;
  }

  /** Looks at undisturbed runs: what strategies have to work with. */
  scene(): Scene {
    return this.sceneAfter(this.honest);
  }

  /** The undisturbed run with other randomness. */
  get sameWords(): Trace {
    this.#sameWords ??= this.#otherwise(baseWorkload);
    return this.#sameWords;
  }

  /** The undisturbed run with other randomness and other messages. */
  get #otherRun(): Trace {
    this.#other ??= this.#otherwise("other-content");
    return this.#other;
  }

  #otherwise(workload: string): Trace {
    return simulate(planOf(this.subject, { seed: `${this.settings.seed}/other`, workload }));
  }

  /** The same for a run that was attacked: packets it induced can be attacked in turn. */
  sceneAfter(trace: Trace): Scene {
    return sceneOf(trace, this.sameWords, this.#otherRun);
  }

  /** What the lab cannot follow: then deduction proves nothing. */
  get #unfollowed(): readonly string[] {
    this.#untracked ??= untrackedIn(this.honest, this.#otherRun);
    return this.#untracked;
  }

  get over(): boolean {
    return this.#cutShort !== undefined;
  }

  noteComposed(composed: Composed): void {
    if (composed.runs > 0) this.#composed = composed;
  }

  /** Tells what is being tried. */
  step(title: string, done: number, total: number): void {
    this.#step = { title, done, total };
    this.#report();
  }

  #report(): void {
    const { title: strategy, done, total } = this.#step;
    const about = { name: this.subject.source, strategy, done, total, runs: this.runs };
    this.#watch.progress?.({ kind: "step", ...about });
  }

  /** @param exhaustiveDepth all attacks of up to this many moves were tried. */
  finish(exhaustiveDepth: number | null): ProtocolReport {
    this.#checks.end();
    const outcome: SearchOutcome = {
      subject: this.subject,
      honest: this.honest,
      findings: this.#findings,
      untracked: this.#unfollowed,
      meaningless: this.#checks.meaningless,
      cutShort: this.#cutShort,
      depth: this.over ? null : exhaustiveDepth,
    };
    const { protocol, options, source } = this.subject;
    const faults = faultsOf(this.honest, this.#baselines, {
      exception: this.#exceptionPlace,
      ofRole: this.#watch.rolePlace,
    });
    const remarks = remarksOf(this.honest);
    const report: ProtocolReport = {
      name: source,
      title: protocol.title,
      flow: protocol.flow,
      options,
      source: source === protocol.name ? "bundled" : source,
      verdicts: this.#chosen().map((g) => this.#verdict(outcome, g)),
      honest: honestRunOf(this.#baselines.of("default").honest),
      ...(faults.length === 0 ? {} : { faults }),
      ...(remarks.length === 0 ? {} : { remarks }),
      ...this.#puppets.forReport(),
      ...(this.#composed === undefined ? {} : { composed: this.#composed }),
      runs: this.runs,
    };
    this.#watch.progress?.({ kind: "finished", report });
    return report;
  }

  #verdict(outcome: SearchOutcome, guarantee: Guarantee): GuaranteeVerdict {
    const { id } = guarantee;
    const reason = this.#whyNot(id) ?? guarantee.notApplicable?.(this.#baselines.of(baseWorkload));
    if (reason !== undefined) return notApplicable(this.subject, id, reason);
    const verdict = verdictOf(outcome, this.#judging.of(guarantee));
    this.#watch.progress?.({ kind: "cell", name: this.subject.source, verdict });
    return verdict;
  }

  /**
   * Runs an attack and judges it.
   * @param always run it even if no verdict can change: its trace is wanted.
   * @param key the JSON of the moves, for whoever has it at hand.
   * @returns the trace; `undefined` if it was not run, or the search is over.
   */
  try(
    strategy: string,
    candidate: Candidate,
    always = false,
    key = JSON.stringify(candidate.moves),
  ): Trace | undefined {
    const choice = this.#choice(candidate);
    const weighed = weigh(choice.attack, this.subject.protocol.transport);
    const insider = choice.attack !== candidate.moves;
    const isNew = this.#isNew(choice, `${insider} ${key}`);
    const due = isNew ? this.#judging.due(choice, weighed, this.#unfollowed.length > 0) : [];
    if ((due.length === 0 && !always) || this.over) return undefined;
    if (this.#watch.stop?.() === true) {
      this.#cutShort = "stopped";
      return undefined;
    }
    if (this.settings.budgetRuns !== undefined && this.runs >= this.settings.budgetRuns) {
      this.#cutShort = "the budget ended before the search did";
      return undefined;
    }
    this.#watch.beat?.(strategy);
    const plan = this.#plan(choice);
    const trace = this.#simulate(plan);
    this.#checks.note(plan, trace);
    this.runs++;
    this.#puppets.note(strategy, trace);
    if (this.runs % progressEvery === 0) this.#report();
    this.#judging.note(due, trace, { choice, weighed, strategy });
    return trace;
  }

  /** Does this take more than any attacker asked for can do? More moves never take less. */
  isBeyond(attack: Attack): boolean {
    const wanted = this.settings.capabilities ?? [];
    const acting = withoutRegistration(attack);
    const needed = capabilityRank(capabilityOf(acting, this.subject.protocol.transport));
    return wanted.length > 0 && wanted.every((c) => capabilityRank(c) < needed);
  }

  #isNew({ network, workload, seed }: RunChoice, attackKey: string): boolean {
    const key = `${seed} ${workload} ${networkName(network)} ${attackKey}`;
    const isNew = !this.#tried.has(key);
    if (this.#tried.size < mostRemembered) this.#tried.add(key);
    return isNew;
  }

  /** Runs an attack without judging or counting it. */
  run(candidate: Candidate): Trace | undefined {
    return this.simulate(this.planFor(candidate), "exhaustive");
  }

  /** The plan of such a run. */
  planFor(candidate: Candidate): RunPlan {
    return this.#plan(this.#choice(candidate));
  }

  /** Runs a plan, for looking at it. @returns `undefined` if the search is over. */
  simulate(plan: RunPlan, what: string): Trace | undefined {
    if (this.#watch.stop?.() === true) this.#cutShort = "stopped";
    if (this.over) return undefined;
    this.#watch.beat?.(what);
    return this.#simulate(plan);
  }

  #simulate(plan: RunPlan): Trace {
    const trace = simulate(plan, this.#conversations);
    this.#watch.ran?.(trace);
    return trace;
  }

  /** Guarantees about which such an attack could be news, and whose violation stays one. */
  openFor(candidate: Candidate): readonly Guarantee[] {
    const choice = this.#choice(candidate);
    const weighed = weigh(choice.attack, this.subject.protocol.transport);
    const due = this.#judging.due(choice, weighed, this.#unfollowed.length > 0);
    return due.map((t) => t.guarantee).filter((g) => g.safety && g.otherWorld === undefined);
  }

  claims({ id }: Guarantee): boolean {
    return this.subject.protocol.claims.some((c) => c.guarantee === id);
  }

  /** Does it look so? The run may be cut off, and is not counted. */
  isViolated(guarantee: Guarantee, trace: Trace): boolean {
    return judge(guarantee, trace, this.#baselines).violation !== undefined;
  }

  /** Runs of the same workload share it. */
  #plan({ attack, network, workload, seed }: RunChoice): RunPlan {
    let plan = this.#plans.get(workload);
    if (plan === undefined) {
      plan = planOf(this.subject, { workload });
      this.#plans.set(workload, plan);
    }
    return { ...plan, attack, network, seed };
  }

  #choice(candidate: Candidate): RunChoice {
    return {
      attack: asInsider(candidate.moves, this.subject.protocol, this.settings.capabilities),
      network: networks[candidate.network ?? "calm"],
      workload: candidate.workload ?? baseWorkload,
      seed: this.settings.seed + (candidate.seedSuffix ? `/${candidate.seedSuffix}` : ""),
    };
  }
}

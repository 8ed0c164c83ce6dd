/** Makes the runs that grades rest on, and sees to it that runs can be relied on. */
import { type Attack, attackerHost } from "../../attacker/move.ts";
import type { Scene } from "../../attacker/strategies/strategy.ts";
import { calmNetwork } from "../run/network/conditions.ts";
import { simulate } from "../run/simulate.ts";
import type { Watch } from "../search/campaign-settings.ts";
import { Baselines } from "../search/judge-run.ts";
import { RunChecks } from "../search/run-checks.ts";
import { sceneOf } from "../search/scene.ts";
import { repeatedSessions } from "../search/session-kinds.ts";
import { faultsOf } from "../search/undisturbed.ts";
import { untrackedIn } from "../search/untracked.ts";
import { planOf, type Subject } from "../subject.ts";
import type { RunPlan, Trace } from "../trace/trace.ts";
import { baseWorkload } from "../workload.ts";
import { messagesOf } from "./places.ts";

/** In turn, so that each message is sent only when those before it have arrived. */
const turns = "in-turn";
const otherWords = { [turns]: "in-turn-other-content", [baseWorkload]: "other-content" };

export interface GradeSettings {
  readonly seed: string;
  /** Only the first so many sessions of the workload. */
  readonly sessions?: number;
  /** At most this many runs; what is left untried leaves grades unknown. */
  readonly budgetRuns?: number;
}

export class Laboratory {
  readonly subject: Subject;
  readonly seed: string;
  readonly workload: keyof typeof otherWords;
  readonly honest: Trace;
  /** Another installation: what differs between the two is no constant. */
  readonly #other: Trace;
  readonly #settings: GradeSettings;
  readonly #watch: Watch;
  readonly #checks: RunChecks;
  readonly #plan: RunPlan;
  /** Why nothing more is tried. */
  cutShort: string | undefined;
  runs = 0;

  /** @throws IrreproducibleError, SharedMemoryError */
  constructor(subject: Subject, settings: GradeSettings, watch: Watch) {
    const { sessions, seed } = settings;
    this.subject = sessions === undefined ? subject : { ...subject, sessions };
    this.seed = seed;
    this.#settings = settings;
    this.#watch = watch;
    watch.beat?.("the undisturbed run");
    const inTurn = this.#undisturbed(turns);
    const freely = this.#undisturbed(baseWorkload);
    const arriving = (trace: Trace): number => messagesOf(trace).filter((m) => m.arrives).length;
    // Where the users cannot take turns, they say everything as they like.
    const isStuck = arriving(inTurn) < arriving(freely);
    this.workload = isStuck ? baseWorkload : turns;
    this.honest = isStuck ? freely : inTurn;
    this.#checks = new RunChecks(watch);
    this.#checks.begin(this.honest);
    this.cutShort = this.#checks.meaningless;
    this.#plan = this.honest.plan;
    this.#other = simulate({ ...this.#plan, seed: `${seed}/other` });
  }

  #undisturbed(workload: string): Trace {
    return simulate(planOf(this.subject, { workload, seed: this.#settings.seed }));
  }

  /** Sessions that go like an earlier one. */
  get repeated(): ReadonlyMap<number, number> {
    return repeatedSessions(this.#other);
  }

  scene(): Scene {
    return sceneOf(this.honest, this.#other, this.#other);
  }

  /** Why deduction says nothing here, if it does not. */
  untracked(): string | undefined {
    const workload = otherWords[this.workload];
    const words = simulate(planOf(this.subject, { workload, seed: `${this.seed}/other` }));
    const [first] = untrackedIn(this.honest, words);
    return first === undefined ? undefined : `untracked: ${first}`;
  }

  /** What is wrong with the protocol before anything attacks it. */
  faults(): readonly string[] {
    const baselines = new Baselines(this.subject, this.seed);
    const { honest } = baselines.of(baseWorkload);
    return faultsOf(honest, baselines, {
      exception: this.#watch.exceptionPlace?.(),
      ofRole: this.#watch.rolePlace,
    });
  }

  /** Where anybody may register, the attacker has done so. */
  asInsider(attack: Attack): Attack {
    const registers = this.subject.protocol.registration === true;
    return registers ? [{ move: "participate", as: attackerHost }, ...attack] : attack;
  }

  planFor(attack: Attack): RunPlan {
    return { ...this.#plan, attack, network: calmNetwork };
  }

  /** @returns `undefined` once nothing more is to be tried. */
  run(attack: Attack, what: string): Trace | undefined {
    const { budgetRuns } = this.#settings;
    if (this.cutShort === undefined && this.#watch.stop?.() === true) this.cutShort = "stopped";
    if (budgetRuns !== undefined && this.runs >= budgetRuns) {
      this.cutShort ??= "the budget ended before the grading did";
    }
    if (this.cutShort !== undefined) return undefined;
    this.#watch.beat?.(what);
    const plan = this.planFor(attack);
    const trace = simulate(plan);
    this.#checks.note(plan, trace);
    this.runs++;
    return trace;
  }

  beat(what: string): void {
    this.#watch.beat?.(what);
  }

  step(strategy: string, done: number, total: number): void {
    const { source: name } = this.subject;
    this.#watch.progress?.({ kind: "step", name, strategy, done, total, runs: this.runs });
  }

  /** @throws IrreproducibleError if a run that is made again comes out differently. */
  checkAgain(): void {
    this.#checks.end();
    this.cutShort ??= this.#checks.meaningless;
  }
}

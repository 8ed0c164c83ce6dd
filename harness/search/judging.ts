/** Holds every chosen guarantee against the runs of a search, and keeps score for each. */
import type { Guarantee } from "../guarantees/guarantee.ts";
import type { Subject } from "../subject.ts";
import type { Trace } from "../trace/trace.ts";
import type { MatrixProgress } from "../verdict.ts";
import type { SearchSettings } from "./campaign-settings.ts";
import { allFailed } from "./failed-puppets.ts";
import {
  type Baselines,
  capabilityShown,
  concerns,
  isAboutConduct,
  judgeCounting,
  type RunChoice,
  type Weighed,
} from "./judge-run.ts";
import { Tally } from "./tally.ts";
import { observablyEqual } from "./trace-equivalence.ts";
import { disclosesInVain, restsOnDeduction } from "./untracked.ts";
import { provisionalVerdict } from "./verdicts.ts";

/** What is known of a run beside its trace. */
export interface Tried {
  readonly choice: RunChoice;
  readonly weighed: Weighed;
  readonly strategy: string;
}

export class Judging {
  readonly #subject: Subject;
  readonly #wanted: SearchSettings["capabilities"];
  readonly #baselines: Baselines;
  readonly #tallies: readonly Tally[];
  readonly #progress: ((event: MatrixProgress) => void) | undefined;

  /** @param judged the guarantees that can be broken at all. */
  constructor(
    subject: Subject,
    { capabilities }: SearchSettings,
    baselines: Baselines,
    judged: readonly Guarantee[],
    progress: ((event: MatrixProgress) => void) | undefined,
  ) {
    this.#subject = subject;
    this.#wanted = capabilities;
    this.#baselines = baselines;
    this.#tallies = judged.map((g) => new Tally(g));
    this.#progress = progress;
  }

  /** The score of a guarantee that is judged. */
  of(guarantee: Guarantee): Tally {
    return this.#tallies.find((t) => t.guarantee === guarantee) as Tally;
  }

  /**
   * Tallies to which such a run can still be news.
   * @param isUnfollowed the lab cannot follow the code's cryptography: deduction proves nothing.
   */
  due(choice: RunChoice, weighed: Weighed, isUnfollowed: boolean): readonly Tally[] {
    if (isUnfollowed && restsOnDeduction(choice.attack)) return [];
    const isIdle = disclosesInVain(choice.attack);
    return this.#tallies.filter((tally) => {
      if (isIdle && isAboutConduct(tally.guarantee)) return false;
      if (!concerns(tally.guarantee, choice)) return false;
      if (tally.guarantee.secrecy && isUnfollowed) return false;
      if (!weighed.counts(tally.guarantee)) return false;
      const capability = weighed.capability(tally.guarantee);
      if (this.#wanted?.includes(capability) === false) return false;
      return tally.wants(capability, choice);
    });
  }

  /** Judges a run for the tallies that are due. */
  note(due: readonly Tally[], trace: Trace, tried: Tried): void {
    const changed = !observablyEqual(trace, this.#baselines.of(tried.choice.workload).honest);
    for (const tally of due) this.#judge(tally, trace, tried, changed);
  }

  #judge(tally: Tally, trace: Trace, { choice, weighed, strategy }: Tried, changed: boolean): void {
    const { guarantee } = tally;
    const { violation, atStake, doubt, chance } = judgeCounting(guarantee, trace, this.#baselines);
    const capability = weighed.capability(guarantee);
    tally.doubt ??= doubt;
    tally.chance ??= chance;
    tally.runs++;
    tally.atStake += atStake;
    if (!allFailed(trace)) {
      if (weighed.isInsider) tally.tried.add("insider");
      tally.strategies.add(strategy);
      tally.tried.add(capability);
    }
    if (changed) tally.effective++;
    if (trace.handshakeUntouched) {
      tally.triedInLayer.add(capability);
      tally.layerRuns++;
      tally.layerAtStake += atStake;
    }
    if (violation === undefined) return;
    const { because } = violation;
    const shown = capabilityShown(guarantee, capability, trace, this.#baselines);
    if (this.#wanted?.includes(shown) === false) return;
    const hit = { choice, capability: shown, strategy, because };
    if (!tally.record(hit, trace.handshakeUntouched)) return;
    const verdict = provisionalVerdict(this.#subject, tally, because, shown);
    this.#progress?.({ kind: "cell", name: this.#subject.source, verdict });
  }
}

/** Two protocols, or two versions of one: what a change made better, and what worse. */
import { differences, type VerdictChange } from "../search/diff.ts";
import type { ProtocolReport } from "../verdict.ts";
import { assessChecked } from "./assess-all.ts";
import { checkProtocols } from "./check-protocols.ts";
import type { CheckedProtocol } from "./checked-protocol.ts";
import { type MatrixRun, reportOn } from "./matrix-run.ts";
import {
  completeSettings,
  type Observer,
  type RunnerSettings,
  withWorkerPool,
} from "./settings.ts";

/** One side of the comparison. */
export interface ComparedSide {
  readonly label: string;
  readonly report: ProtocolReport;
}

export interface ComparedProtocols {
  readonly run: MatrixRun;
  /** Absent where one side failed, or was stopped before it began. */
  readonly compared?: {
    readonly before: ComparedSide;
    readonly after: ComparedSide;
    readonly differences: readonly VerdictChange[];
  };
}

/**
 * Assesses both sides, and compares them guarantee by guarantee.
 * @throws UserError, OwnError as {@link assessAll} does.
 */
export async function compareProtocols(
  before: string,
  after: string,
  settings: RunnerSettings = {},
  observer: Observer = {},
): Promise<ComparedProtocols> {
  const complete = completeSettings(settings);
  return withWorkerPool(complete, 2, async (pool) => {
    const checked = await checkProtocols(pool, [before, after], observer);
    const run = await assessChecked(pool, checked, complete, observer);
    // What is named twice is assessed once.
    const [a, b] = [sideOf(run, checked[0]), sideOf(run, checked.at(-1))];
    if (a === undefined || b === undefined) return { run };
    const found = differences(a.report, b.report);
    return { run, compared: { before: a, after: b, differences: found } };
  });
}

function sideOf(run: MatrixRun, one: CheckedProtocol | undefined): ComparedSide | undefined {
  const report = reportOn(run, one);
  return one === undefined || report === undefined ? undefined : { label: one.label, report };
}

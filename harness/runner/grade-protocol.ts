/** Every message of one protocol, graded in a worker thread. */
import type { GradesReport } from "../grades/message-grade.ts";
import { checkReference } from "./check-protocols.ts";
import type { CheckedProtocol } from "./checked-protocol.ts";
import {
  type CompleteSettings,
  completeSettings,
  type Observer,
  type RunnerSettings,
  withWorkerPool,
} from "./settings.ts";
import { Stopper } from "./stopper.ts";
import { startStopwatch } from "./stopwatch.ts";
import type { Failure, WorkerPool } from "./worker-pool.ts";

export interface GradedProtocol {
  readonly protocol: CheckedProtocol;
  /** Absent where it failed, or was stopped before it began. */
  readonly report?: GradesReport;
  /** Why there is no report, in one line. */
  readonly failures: readonly Failure[];
  /** Did the caller's signal end it? */
  readonly interrupted: boolean;
  readonly seconds: number;
}

/** What grading takes of the settings: it has its own attackers, and no guarantees. */
export type GradeProtocolSettings = Omit<RunnerSettings, "guarantees" | "capabilities" | "bail">;

/**
 * Grades every message of the undisturbed run by what attackers can do about it.
 * @throws UserError if the name, the file or a setting is wrong; OwnError if the lab failed.
 */
export async function gradeProtocol(
  reference: string,
  settings: GradeProtocolSettings = {},
  observer: Observer = {},
): Promise<GradedProtocol> {
  const complete = completeSettings(settings);
  return withWorkerPool(complete, 1, async (pool) => {
    const one = await checkReference(pool, reference, observer);
    observer.begin?.([one]);
    return gradeChecked(pool, one, complete, observer);
  });
}

/** The same for a protocol that has been looked at. */
export async function gradeChecked(
  pool: WorkerPool,
  one: CheckedProtocol,
  settings: CompleteSettings,
  observer: Observer,
): Promise<GradedProtocol> {
  const seconds = startStopwatch();
  const { seed, sessions } = settings.limits;
  const stopper = new Stopper(settings);
  const asked = {
    seed,
    ...(sessions === undefined ? {} : { sessions }),
    ...(settings.budget?.unit === "runs" ? { budgetRuns: settings.budget.runs } : {}),
  };
  const print = (line: string): void => observer.note?.(`${one.label} prints: ${line}`);
  const job = pool.run("grade", one, { settings: asked }, { progress: observer.progress, print });
  stopper.onStop(() => job.stop());
  const result = await job.result.finally(() => stopper.close());
  const about = { protocol: one, interrupted: stopper.interrupted, seconds: seconds() };
  if (result.end === "stopped") return { ...about, failures: [] };
  if (result.end !== "done") return { ...about, failures: [result] };
  return { ...about, report: named(result.answer, stopper.reason), failures: [] };
}

/** The search knows that it was stopped; why, the runner does. */
const named = (report: GradesReport, reason: string | undefined): GradesReport =>
  report.incomplete === undefined || reason === undefined
    ? report
    : { ...report, incomplete: reason };

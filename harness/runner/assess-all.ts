/** Assesses several protocols at once in worker threads, and gathers what comes back. */
import { guarantees } from "../guarantees/catalog.ts";
import { simulate } from "../run/simulate.ts";
import { planOf } from "../subject.ts";
import type { MatrixProgress, ProtocolReport } from "../verdict.ts";
import { checkEach, everydayNames } from "./check-protocols.ts";
import type { CheckedProtocol } from "./checked-protocol.ts";
import type { MatrixRun } from "./matrix-run.ts";
import {
  type CompleteSettings,
  completeSettings,
  type Observer,
  type RunnerSettings,
  withWorkerPool,
} from "./settings.ts";
import { Stopper } from "./stopper.ts";
import { startStopwatch } from "./stopwatch.ts";
import { version } from "./version.ts";
import type { Failure, Job, Result, WorkerPool } from "./worker-pool.ts";

export interface AssessAllSettings extends RunnerSettings {
  /** Begins with the first protocol, for an observer that shows them; default: the longest. */
  readonly inOrder?: boolean | undefined;
}

/**
 * Every guarantee of every protocol under every generic attack. That one protocol fails, or one of
 * several files is wrong, does not keep the others from being reported; it is in the result.
 * @param references bundled names, as `name?option=value`, or files, as `./my.ts#export`; none:
 *   all bundled protocols but those that take minutes.
 * @throws UserError, in one line, if a name, the only file or a setting is wrong: then nothing was
 *   tried.
 * @throws OwnError if the lab itself failed while it looked at the protocols.
 */
export async function assessAll(
  references: readonly string[],
  settings: AssessAllSettings = {},
  observer: Observer = {},
): Promise<MatrixRun> {
  const complete = completeSettings(settings);
  const names = references.length > 0 ? references : await everydayNames();
  return withWorkerPool(complete, names.length, async (pool) => {
    const { checked, failures } = await checkEach(pool, names, observer);
    const { inOrder = false } = settings;
    return assessChecked(pool, checked, complete, observer, { inOrder, failures });
  });
}

/** The same for protocols that have been looked at. The order in which they begin decides no more. */
export async function assessChecked(
  pool: WorkerPool,
  checked: readonly CheckedProtocol[],
  settings: CompleteSettings,
  observer: Observer,
  {
    inOrder = false,
    failures: before = [],
  }: { readonly inOrder?: boolean; readonly failures?: readonly Failure[] } = {},
): Promise<MatrixRun> {
  observer.begin?.(checked);
  const seconds = startStopwatch();
  const wanted = settings.limits.guarantees;
  const ids = guarantees.map((g) => g.id).filter((id) => wanted?.includes(id) ?? true);
  // All at once and in this order, whichever thread is ready first.
  for (const { label } of checked) {
    observer.progress?.({ kind: "protocol", name: label, guarantees: ids });
  }
  const asGiven = inOrder || checked.length <= pool.workers;
  if (!asGiven) pool.warm(checked.length);
  const order = asGiven ? checked : await longestFirst(checked);
  const stopper = new Stopper(settings);
  const jobs = new Map(order.map((one) => [one, startOne(pool, one, settings, observer, stopper)]));
  stopper.onStop(() => {
    for (const job of jobs.values()) job.stop();
  });
  const inReport = checked.map((one) => (jobs.get(one) as Job<"assess">).result);
  const results = await Promise.all(inReport).finally(() => stopper.close());
  const gathered = gather(checked, results, before);
  const reports = [...gathered.subjects.keys()];
  const incomplete = incompleteness(stopper.reason, gathered, settings);
  return {
    report: {
      schema: "mallory/matrix@1",
      seed: settings.limits.seed,
      version,
      protocols: reports,
      runs: reports.reduce((sum, r) => sum + r.runs, 0),
      seconds: seconds(),
      ...(incomplete === undefined ? {} : { incomplete }),
    },
    failures: gathered.failures,
    interrupted: stopper.interrupted,
    subjects: gathered.subjects,
  };
}

/**
 * Longest first, so that no thread is left alone with it in the end. There are about as many
 * attacks as packets to attack, and each costs as much as they do; of a user's own file nothing
 * is known.
 */
async function longestFirst(
  checked: readonly CheckedProtocol[],
): Promise<readonly CheckedProtocol[]> {
  const { bundledSubject } = await import("../input/bundled-protocols.ts");
  const effortOf = ({ name }: CheckedProtocol): number => {
    if (name.file !== undefined) return Number.MAX_VALUE;
    const { packets, crypto } = simulate(planOf(bundledSubject(name)));
    return packets.length * (packets.length + crypto.length);
  };
  const efforts = new Map(checked.map((one) => [one, effortOf(one)]));
  return checked.toSorted((a, b) => (efforts.get(b) ?? 0) - (efforts.get(a) ?? 0));
}

function startOne(
  pool: WorkerPool,
  one: CheckedProtocol,
  { limits, budget, bail, settingNames }: CompleteSettings,
  observer: Observer,
  stopper: Stopper,
): Job<"assess"> {
  const { label } = one;
  const runs = budget?.unit === "runs" ? { budgetRuns: budget.runs } : {};
  const progress = (event: MatrixProgress): void => {
    observer.progress?.(event);
    if (event.kind !== "cell" || !bail) return;
    if (event.verdict.verdict !== "broken" || !event.verdict.claimed) return;
    stopper.stop(`stopped at the first broken claim (${settingNames.bail})`);
  };
  const print = (line: string): void => observer.note?.(`${label} prints: ${line}`);
  const job = pool.run("assess", one, { settings: { ...limits, ...runs } }, { progress, print });
  const result = job.result.then((r) => {
    if (r.end === "done") {
      observer.progress?.({ kind: "finished", report: { ...r.answer, name: label } });
    }
    return r;
  });
  return { ...job, result };
}

interface Gathered {
  readonly subjects: ReadonlyMap<ProtocolReport, CheckedProtocol>;
  readonly failures: readonly Failure[];
  /** Labels of protocols that were stopped before they began. */
  readonly untried: readonly string[];
}

function gather(
  checked: readonly CheckedProtocol[],
  results: readonly Result<"assess">[],
  before: readonly Failure[],
): Gathered {
  const subjects = new Map<ProtocolReport, CheckedProtocol>();
  const failures: Failure[] = [...before];
  const untried: string[] = [];
  for (const [i, one] of checked.entries()) {
    const result = results[i] as Result<"assess">;
    if (result.end === "done") subjects.set(result.answer, one);
    else if (result.end === "stopped") untried.push(one.label);
    else failures.push(result);
  }
  return { subjects, failures, untried };
}

function incompleteness(
  reason: string | undefined,
  { subjects, failures, untried }: Gathered,
  { budget }: CompleteSettings,
): string | undefined {
  const spent = budget?.unit === "runs" && [...subjects.keys()].some((r) => r.runs >= budget.runs);
  const parts = [
    ...(reason === undefined ? [] : [reason]),
    ...(spent ? [`the budget of ${budget.runs} runs ended before the catalogue did`] : []),
    ...(untried.length === 0 ? [] : [`not tried: ${untried.join(", ")}`]),
    ...failures.map((f) => f.message),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}

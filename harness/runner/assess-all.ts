/** Assesses several protocols at once in worker threads, and gathers what comes back. */
import { availableParallelism } from "node:os";
import { byNameOnly, protocols } from "../../protocol/catalog.ts";
import type { Flags } from "../../reports/cli/flags.ts";
import type { Io } from "../../reports/cli/io.ts";
import { guarantees } from "../guarantees/catalog.ts";
import { bundledSubject } from "../input/bundled-protocols.ts";
import { type ProtocolName, parseProtocolName } from "../input/protocol-reference.ts";
import { UserError } from "../input/user-error.ts";
import { simulate } from "../run/simulate.ts";
import type { SearchSettings } from "../search/campaign.ts";
import { planOf } from "../subject.ts";
import type { MatrixProgress, MatrixReport, ProtocolReport } from "../verdict.ts";
import { OwnError } from "./own-error.ts";
import { version } from "./version.ts";
import { type Failure, type Job, WorkerPool } from "./worker-pool.ts";
import { type CheckedSubject, checkedSubject } from "./worker-task.ts";

export interface Checked {
  readonly name: ProtocolName;
  readonly subject: CheckedSubject;
  /** Names it within one report. */
  readonly label: string;
}

const defaultStuckMs = 10_000;

export function openWorkerPool(io: Io, flags: Pick<Flags, "workers">, tasks: number): WorkerPool {
  const asked = Number(io.env.MALLORY_STUCK_MS);
  return new WorkerPool({
    cwd: io.cwd,
    workers: flags.workers ?? Math.max(1, Math.min(availableParallelism(), tasks)),
    stuckMs: asked > 0 ? asked : defaultStuckMs,
    ...(io.pool === undefined ? {} : { pool: io.pool }),
  });
}

/** What came wrong out of a worker, as the exception it stands for. */
export const errorOf = (failure: Failure): Error =>
  failure.end === "user" ? new UserError(failure.message) : new OwnError(failure);

/**
 * Looks at every protocol before any work begins, so that a misspelt name costs no time.
 * @param written as names are on a command line; none: all bundled ones but those that take long.
 * @throws UserError, OwnError
 */
export async function checkAll(
  workshop: WorkerPool,
  written: readonly string[],
  print: (line: string) => void,
): Promise<readonly Checked[]> {
  const everyday = protocols.filter((p) => !byNameOnly.includes(p)).map((p) => p.name);
  const names = written.length > 0 ? written : everyday;
  return checkNames(workshop, [...new Set(names)].map(parseProtocolName), print);
}

/** The same for names that have been read already. */
export async function checkNames(
  workshop: WorkerPool,
  names: readonly ProtocolName[],
  print: (line: string) => void,
): Promise<readonly Checked[]> {
  const checked = names.map((name) => checkOne(workshop, name, print));
  const settled = await Promise.allSettled(checked);
  const failed = settled.find((s) => s.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const subjects = await Promise.all(checked);
  return [...new Map(subjects.map((c) => [c.label, c])).values()];
}

async function checkOne(
  workshop: WorkerPool,
  name: ProtocolName,
  print: (line: string) => void,
): Promise<Checked> {
  if (name.file === undefined) {
    const subject = checkedSubject(bundledSubject(name));
    return { name, subject, label: subject.label };
  }
  const result = await workshop.run("check", name, {}, { print }).result;
  if (result.end === "stopped") throw new UserError(`${name.source}: stopped`);
  if (result.end !== "done") throw errorOf(result);
  return { name, subject: result.answer, label: result.answer.label };
}

/**
 * Longest first, so that no thread is left alone with it in the end. There are about as many
 * attacks as packets to attack, and each costs as much as they do; of a user's own file nobody
 * knows.
 */
function longestFirst(checked: readonly Checked[]): readonly Checked[] {
  const effortOf = ({ name }: Checked): number => {
    if (name.file !== undefined) return Number.MAX_VALUE;
    const { packets, crypto } = simulate(planOf(bundledSubject(name)));
    return packets.length * (packets.length + crypto.length);
  };
  const efforts = new Map(checked.map((one) => [one, effortOf(one)]));
  return checked.toSorted((a, b) => (efforts.get(b) ?? 0) - (efforts.get(a) ?? 0));
}

export interface MatrixRun {
  readonly report: MatrixReport;
  readonly failures: readonly Failure[];
  readonly interrupted: boolean;
  /** Which protocol each report is about. */
  readonly subjects: ReadonlyMap<ProtocolReport, Checked>;
}

export interface Observer {
  progress(event: MatrixProgress): void;
  /** A line about a protocol, such as what it printed. */
  note(text: string): void;
}

/** Ends a campaign before its time; the first reason counts. */
export class Stopper {
  #reason: string | undefined;
  readonly #listeners: (() => void)[] = [];

  get reason(): string | undefined {
    return this.#reason;
  }

  onStop(listener: () => void): void {
    this.#listeners.push(listener);
  }

  stop(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const listener of this.#listeners) listener();
  }
}

export const interruptedReason = "stopped by Ctrl-C";
const bailReason = "stopped at the first broken claim (--bail)";

/**
 * The report for people: where two files hold protocols of the same name, such as two versions of
 * one, their paths tell them apart.
 */
export function shownReport({ report, subjects }: MatrixRun): MatrixReport {
  const same = (a: ProtocolReport, b: ProtocolReport): boolean =>
    a.name === b.name && JSON.stringify(a.options) === JSON.stringify(b.options);
  const protocols = report.protocols.map((p) => {
    const twins = report.protocols.filter((other) => same(p, other)).length > 1;
    return twins ? { ...p, name: subjects.get(p)?.name.source ?? p.name } : p;
  });
  return { ...report, protocols };
}

/** Runs everything; failures of one protocol do not keep the others from being reported. */
export async function assessAll(
  workshop: WorkerPool,
  checked: readonly Checked[],
  flags: Flags,
  io: Io,
  viewer: Observer,
  { stopper = new Stopper(), watched = false }: { stopper?: Stopper; watched?: boolean } = {},
): Promise<MatrixRun> {
  const startedMs = io.now();
  const ids = guarantees.map((g) => g.id).filter((id) => flags.guarantees?.includes(id) ?? true);
  // All at once and in this order, whichever thread is ready first.
  for (const { label } of checked)
    viewer.progress({ kind: "protocol", name: label, guarantees: ids });
  // Whoever watches wants to see something at the top; and few of them all start at once.
  const inOrder = watched || checked.length <= workshop.workers;
  const started = new Map(
    (inOrder ? checked : longestFirst(checked)).map((one) => [
      one,
      startOne(workshop, one, flags, viewer, stopper),
    ]),
  );
  const jobs = checked.map((one) => started.get(one) as Job<"assess">);
  stopper.onStop(() => {
    for (const job of jobs) job.stop();
  });
  const release = io.onInterrupt(() => {
    viewer.note("stopping; press Ctrl-C again to quit at once");
    stopper.stop(interruptedReason);
  });
  const timer = secondsTimer(flags, stopper);
  const results = await Promise.all(jobs.map((job) => job.result));
  clearTimeout(timer);
  release();
  const subjects = new Map<ProtocolReport, Checked>();
  const failures: Failure[] = [];
  const untried: string[] = [];
  results.forEach((result, i) => {
    const one = checked[i];
    if (one === undefined) return;
    if (result.end === "done") {
      // The harness knows only how it was named, which for a file is a path.
      subjects.set({ ...result.answer, name: one.subject.protocolName }, one);
    }
    if (result.end === "done") return;
    if (result.end === "stopped") untried.push(one.label);
    else failures.push(result);
  });
  const reports = [...subjects.keys()];
  const incomplete = incompleteness(stopper.reason, untried, failures, flags, reports);
  return {
    report: {
      schema: "mallory/matrix@1",
      seed: flags.seed,
      version,
      protocols: reports,
      runs: reports.reduce((sum, r) => sum + r.runs, 0),
      seconds: Math.round(io.now() - startedMs) / 1000,
      ...(incomplete === undefined ? {} : { incomplete }),
    },
    failures,
    interrupted: stopper.reason === interruptedReason,
    subjects,
  };
}

/** Ends a search after so many seconds, where that is its budget. */
export function secondsTimer(flags: Flags, stopper: Stopper): NodeJS.Timeout | undefined {
  const { budget } = flags;
  if (budget?.unit !== "seconds") return undefined;
  const reason = `the budget of ${budget.seconds} s ended; another run may get further`;
  return setTimeout(() => stopper.stop(reason), Math.min(budget.seconds * 1_000, 2 ** 31 - 1));
}

function incompleteness(
  reason: string | undefined,
  untried: readonly string[],
  failures: readonly Failure[],
  flags: Flags,
  reports: readonly ProtocolReport[],
): string | undefined {
  const { budget } = flags;
  const spent = budget?.unit === "runs" && reports.some((r) => r.runs >= budget.runs);
  const parts = [
    ...(reason === undefined ? [] : [reason]),
    ...(spent ? [`the budget of ${budget.runs} runs ended before the catalogue did`] : []),
    ...(untried.length === 0 ? [] : [`not tried: ${untried.join(", ")}`]),
    ...failures.map((f) => f.message),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}

/** Flags that every kind of search takes, as the harness names them. */
export const limitsOf = ({
  seed,
  guarantees: ids,
  capabilities,
  sessions,
}: Flags): Pick<SearchSettings, "seed" | "guarantees" | "capabilities" | "sessions"> => ({
  seed,
  ...(ids === undefined ? {} : { guarantees: ids }),
  ...(capabilities === undefined ? {} : { capabilities }),
  ...(sessions === undefined ? {} : { sessions }),
});

function startOne(
  workshop: WorkerPool,
  one: Checked,
  flags: Flags,
  viewer: Observer,
  stopper: Stopper,
): Job<"assess"> {
  const { budget } = flags;
  const settings = {
    ...limitsOf(flags),
    ...(budget?.unit === "runs" ? { budgetRuns: budget.runs } : {}),
  };
  const progress = (event: MatrixProgress): void => {
    // The harness knows sources; two sets of options of one protocol have the same.
    viewer.progress(event.kind === "finished" ? event : { ...event, name: one.label });
    if (event.kind !== "cell" || !flags.bail) return;
    if (event.verdict.verdict === "broken" && event.verdict.claimed) stopper.stop(bailReason);
  };
  const print = (line: string): void => viewer.note(`${one.label} prints: ${line}`);
  const job = workshop.run("assess", one.name, { settings }, { progress, print });
  const result = job.result.then((r) => {
    if (r.end === "done") {
      viewer.progress({ kind: "finished", report: { ...r.answer, name: one.label } });
    }
    return r;
  });
  return { ...job, result };
}

/** Random attacks on one protocol, with a memory of those that led somewhere. */
import type { Attack } from "../../attacker/move.ts";
import { UserError } from "../input/user-error.ts";
import type { Checkpoint, FuzzResult } from "../search/fuzz.ts";
import { checkReference } from "./check-protocols.ts";
import type { CheckedProtocol } from "./checked-protocol.ts";
import { Corpus, contentOf } from "./corpus.ts";
import { beginFuzz, type FuzzBeginning, fuzzShards } from "./fuzz-beginning.ts";
import type { MatrixRun } from "./matrix-run.ts";
import {
  type Budget,
  type CompleteSettings,
  checkCount,
  completeSettings,
  type Observer,
  type RunnerSettings,
  withWorkerPool,
} from "./settings.ts";
import { putTogether, runShards, share } from "./shards.ts";
import type { Stopper } from "./stopper.ts";
import type { WorkerPool } from "./worker-pool.ts";
import type { Ask, Reached } from "./worker-task.ts";

export interface FuzzProtocolSettings extends RunnerSettings {
  /** How many attacks are drawn or grown; default: 10000, or what the resumed search was to draw. */
  readonly runs?: number | undefined;
  /** A budget in runs is `runs`. */
  readonly budget?: (Budget & { readonly unit: "seconds" }) | undefined;
  /** A folder that keeps attacks that led somewhere, and how far the search came; default: none. */
  readonly corpus?: string | undefined;
  /** Goes on with the search in that folder; its settings must be the same. */
  readonly resume?: boolean | undefined;
}

/** What there is to say of a random search beside its verdicts. */
export interface FuzzStatistics {
  readonly runs: number;
  readonly shards: number;
  readonly transitions: number;
  readonly effective: number;
  /** Attacks worth keeping. */
  readonly kept: number;
  /** Guarantees and the runs of its shard after which the first shard broke them. */
  readonly firstBroken: Readonly<Record<string, number>>;
  /** Runs of earlier sittings. */
  readonly resumedAfter?: number;
}

export interface FuzzedProtocol {
  readonly run: MatrixRun;
  readonly statistics: FuzzStatistics;
  /** The folder, and how many attacks it holds now. */
  readonly corpus?: { readonly folder: string; readonly size: number };
  /** What kept the corpus from being written, if anything did; the search ended there. */
  readonly problem: UserError | undefined;
}

/**
 * The result is the same for any number of workers, and for any number of interruptions.
 * @throws UserError, OwnError as {@link assessAll} does; UserError also if the folder cannot be
 *   used, or holds no search that can go on with these settings.
 */
export async function fuzzProtocol(
  reference: string,
  settings: FuzzProtocolSettings = {},
  observer: Observer = {},
): Promise<FuzzedProtocol> {
  const complete = completeSettings(settings);
  checkCount("runs", settings.runs);
  const { cwd, settingNames } = complete;
  if (settings.resume === true && settings.corpus === undefined) {
    throw new UserError(`${settingNames.resume} needs a folder; add ${settingNames.corpus}`);
  }
  const corpus =
    settings.corpus === undefined ? undefined : new Corpus(cwd, settings.corpus, settingNames);
  return withWorkerPool(complete, fuzzShards, async (pool) => {
    const one = await checkReference(pool, reference, observer);
    const beginning = beginFuzz(one, settings, corpus, complete, observer);
    observer.begin?.([one]);
    const { run, results } = await search(pool, one, beginning, complete, observer);
    return {
      run,
      statistics: statisticsOf(results, beginning.shards),
      ...(corpus === undefined ? {} : { corpus: { folder: corpus.folder, size: corpus.size } }),
      problem: beginning.keeper?.problem,
    };
  });
}

async function search(
  pool: WorkerPool,
  one: CheckedProtocol,
  { runs, start, known, shards, keeper }: FuzzBeginning,
  settings: CompleteSettings,
  observer: Observer,
): Promise<{ readonly run: MatrixRun; readonly results: readonly FuzzResult[] }> {
  const { limits } = settings;
  const asks = shards.map((resume, i): Ask<"fuzz"> => {
    const seed = `${limits.seed}/shard-${i}`;
    const fuzzRuns = share(runs, i, fuzzShards);
    const from = resume === undefined ? { corpus: start } : { resume };
    const part = { index: i, of: fuzzShards };
    return { settings: { ...limits, seed, fuzzRuns, known, part, ...from } };
  });
  const work = {
    kind: "fuzz",
    asks,
    runsOf: (r: FuzzResult) => r.report.runs,
    checkpoint: (i: number, reached: Reached, stopper: Stopper) => {
      keeper?.reach(i, reached);
      // A search that cannot be kept is not the one that was asked for.
      if (keeper?.problem !== undefined) stopper.stop(keeper.problem.message);
    },
  } as const;
  const done = await runShards(pool, one, work, settings, observer);
  const results = done.answers.filter((r) => r !== undefined);
  done.answers.forEach((result, i) => {
    if (result?.checkpoint !== undefined) keeper?.finish(i, result.checkpoint);
  });
  const reports = results.map((r) => r.report);
  keeper?.found(
    results.flatMap((r) => r.corpus),
    brokenBy(reports),
  );
  return { run: putTogether(one, reports, done, done.reason, limits.seed), results };
}

/** All shrunk attacks. */
const brokenBy = (reports: readonly FuzzResult["report"][]): readonly Attack[] =>
  reports.flatMap((report) =>
    report.verdicts.flatMap((v) =>
      [v.finding, ...v.others, v.layer?.finding].flatMap((f) =>
        f === undefined ? [] : [f.attack.moves],
      ),
    ),
  );

function statisticsOf(
  results: readonly FuzzResult[],
  before: readonly (Checkpoint | undefined)[],
): FuzzStatistics {
  const firstBroken = new Map<string, number>();
  for (const [id, n] of results.flatMap((r) => Object.entries(r.firstBroken))) {
    firstBroken.set(id, Math.min(n, firstBroken.get(id) ?? n));
  }
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const earlier = sum(before.map((b) => b?.runs ?? 0));
  return {
    runs: sum(results.map((r) => r.report.runs)),
    shards: fuzzShards,
    transitions: new Set(results.flatMap((r) => r.reached)).size,
    effective: sum(results.map((r) => r.effective)),
    kept: new Set(results.flatMap((r) => r.corpus.map(contentOf))).size,
    firstBroken: Object.fromEntries([...firstBroken].sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(earlier === 0 ? {} : { resumedAfter: earlier }),
  };
}

/** Every attack of up to so many moves on one protocol, divided among worker threads. */
import { exploreShards } from "../search/explore.ts";
import type { ProtocolReport } from "../verdict.ts";
import { checkReference } from "./check-protocols.ts";
import type { MatrixRun } from "./matrix-run.ts";
import {
  checkCount,
  completeSettings,
  type Observer,
  type RunnerSettings,
  withWorkerPool,
} from "./settings.ts";
import { putTogether, runShards, share } from "./shards.ts";
import type { Ask } from "./worker-task.ts";

export interface ExploreProtocolSettings extends RunnerSettings {
  /** How many moves an attack may have, at least 1; each multiplies the work by some hundreds. */
  readonly depth?: number | undefined;
}

export const defaultDepth = 2;

/**
 * The budget is that of the whole search. The result is the same for any number of workers.
 * @throws UserError, OwnError as {@link assessAll} does.
 */
export async function exploreProtocol(
  reference: string,
  settings: ExploreProtocolSettings = {},
  observer: Observer = {},
): Promise<MatrixRun> {
  const complete = completeSettings(settings);
  const { depth = defaultDepth } = settings;
  checkCount("depth", depth);
  const { limits, budget } = complete;
  // One move is too little work to be divided.
  const shards = depth === 1 ? 1 : exploreShards;
  const asks = Array.from({ length: shards }, (_, index): Ask<"explore"> => {
    const runs = budget?.unit === "runs" ? { budgetRuns: share(budget.runs, index, shards) } : {};
    return { settings: { ...limits, ...runs, depth, shard: { index, of: shards } } };
  });
  return withWorkerPool(complete, shards, async (pool) => {
    const one = await checkReference(pool, reference, observer);
    observer.begin?.([one]);
    const work = { kind: "explore", asks, runsOf: (r: ProtocolReport) => r.runs } as const;
    const done = await runShards(pool, one, work, complete, observer);
    const parts = done.answers.filter((a) => a !== undefined);
    const spent = budget?.unit === "runs" && parts.some((p) => !isWhole(p, depth));
    const incomplete =
      done.reason ??
      (spent ? `the budget of ${budget.runs} runs ended before the search did` : undefined);
    return putTogether(one, parts, done, incomplete, limits.seed);
  });
}

/** A search that was cut short says of no guarantee how deep it went. */
const isWhole = ({ verdicts }: ProtocolReport, depth: number): boolean =>
  verdicts.some((v) => v.exhaustiveDepth === depth) ||
  verdicts.every((v) => v.verdict === "not-applicable");

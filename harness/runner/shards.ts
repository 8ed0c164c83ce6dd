/**
 * Long searches of one protocol, in a fixed number of shards: however many threads there are, the
 * shards are the same, and so is what comes out when they are put together.
 */
import { mergeReports } from "../search/merge.ts";
import type { GuaranteeVerdict, Layer, MatrixProgress, ProtocolReport } from "../verdict.ts";
import type { CheckedProtocol } from "./checked-protocol.ts";
import type { MatrixRun } from "./matrix-run.ts";
import type { CompleteSettings, Observer } from "./settings.ts";
import { Stopper } from "./stopper.ts";
import { startStopwatch } from "./stopwatch.ts";
import { version } from "./version.ts";
import type { Failure, Job, WorkerPool } from "./worker-pool.ts";
import type { Answer, Ask, Reached } from "./worker-task.ts";

type SearchKind = "explore" | "fuzz";

export interface ShardsDone<K extends SearchKind> {
  /** In the order of the shards; `undefined` where one failed or never began. */
  readonly answers: readonly (Answer<K> | undefined)[];
  readonly failures: readonly Failure[];
  /** Why it ended before its time, if it did. */
  readonly reason: string | undefined;
  /** Was it the caller's signal that ended it? */
  readonly interrupted: boolean;
  readonly seconds: number;
}

export interface ShardedWork<K extends SearchKind> {
  readonly kind: K;
  readonly asks: readonly Ask<K>[];
  runsOf(answer: Answer<K>): number;
  /** A shard of a random search has come so far. */
  checkpoint?(index: number, reached: Reached, stopper: Stopper): void;
}

/** An equal part of so many runs, the same for any number of workers. */
export const share = (runs: number, index: number, shards: number): number =>
  Math.floor(runs / shards) + (index < runs % shards ? 1 : 0);

/** Runs all shards; the first that fails ends the others, which report what they have. */
export async function runShards<K extends SearchKind>(
  pool: WorkerPool,
  one: CheckedProtocol,
  work: ShardedWork<K>,
  settings: CompleteSettings,
  observer: Observer,
): Promise<ShardsDone<K>> {
  const seconds = startStopwatch();
  const stopper = new Stopper(settings);
  const together = new ProgressOfShards(one.label, work.asks.length);
  const failures = new Map<string, Failure>();
  const printed = new Set<string>();
  const print = (line: string): void => {
    // Every shard's copy of the protocol prints the same.
    if (!printed.has(line)) observer.note?.(`${one.label} prints: ${line}`);
    printed.add(line);
  };
  const jobs = work.asks.map((ask, i): Job<K> => {
    const progress = (event: MatrixProgress): void => {
      const shown = together.take(i, event);
      if (shown !== undefined) observer.progress?.(shown);
    };
    const checkpoint = (reached: Reached): void => work.checkpoint?.(i, reached, stopper);
    return pool.run(work.kind, one, ask, { progress, print, checkpoint });
  });
  stopper.onStop(() => {
    for (const job of jobs) job.stop();
  });
  const answerOf = async (job: Job<K>, i: number): Promise<Answer<K> | undefined> => {
    const result = await job.result;
    if (result.end === "stopped") return undefined;
    if (result.end !== "done") {
      failures.set(result.message, result);
      stopper.stop(result.message);
      return undefined;
    }
    observer.progress?.(together.finish(i, work.runsOf(result.answer)));
    return result.answer;
  };
  const answers = await Promise.all(jobs.map(answerOf)).finally(() => stopper.close());
  return {
    answers,
    failures: [...failures.values()],
    reason: stopper.reason,
    interrupted: stopper.interrupted,
    seconds: seconds(),
  };
}

/** Makes one progress out of that of the shards. */
class ProgressOfShards {
  readonly #label: string;
  readonly #shards: { fraction: number; runs: number }[];
  #strategy = "starting";

  constructor(label: string, shards: number) {
    this.#label = label;
    this.#shards = Array.from({ length: shards }, () => ({ fraction: 0, runs: 0 }));
  }

  take(index: number, event: MatrixProgress): MatrixProgress | undefined {
    if (event.kind === "cell") return event;
    if (event.kind !== "step") return undefined;
    this.#strategy = event.strategy;
    const fraction = event.total === 0 ? 0 : event.done / event.total;
    return this.#set(index, fraction, event.runs);
  }

  finish(index: number, runs: number): MatrixProgress {
    return this.#set(index, 1, runs);
  }

  #set(index: number, fraction: number, runs: number): MatrixProgress {
    this.#shards[index] = { fraction, runs };
    return {
      kind: "step",
      name: this.#label,
      strategy: this.#strategy,
      done: this.#shards.reduce((n, s) => n + s.fraction, 0),
      total: this.#shards.length,
      runs: this.#shards.reduce((n, s) => n + s.runs, 0),
    };
  }
}

/**
 * One protocol's report out of those of its shards.
 * @param incomplete why not everything was tried; then nothing holds.
 */
export function putTogether(
  one: CheckedProtocol,
  parts: readonly ProtocolReport[],
  done: Pick<ShardsDone<SearchKind>, "failures" | "interrupted" | "seconds">,
  incomplete: string | undefined,
  seed: string,
): MatrixRun {
  const reports =
    parts.length === 0
      ? []
      : [incomplete === undefined ? mergeReports(parts) : cutShort(parts, incomplete)];
  return {
    report: {
      schema: "mallory/matrix@1",
      seed,
      version,
      protocols: reports,
      runs: reports.reduce((n, r) => n + r.runs, 0),
      seconds: done.seconds,
      ...(incomplete === undefined ? {} : { incomplete }),
    },
    failures: done.failures,
    interrupted: done.interrupted,
    subjects: new Map(reports.map((r) => [r, one])),
  };
}

/** What one part found holds for the whole; that it found nothing does not. */
function cutShort(parts: readonly ProtocolReport[], because: string): ProtocolReport {
  const doubt = <T extends Layer | GuaranteeVerdict>(v: T): T =>
    v.verdict === "holds" ? { ...v, verdict: "unknown", because } : v;
  const merged = mergeReports(parts);
  const verdicts = merged.verdicts.map((v) => ({
    ...doubt(v),
    ...(v.layer === undefined ? {} : { layer: doubt(v.layer) }),
    exhaustiveDepth: null,
  }));
  return { ...merged, verdicts };
}

/** Where in a protocol's code attacks come through, found out in worker threads. */
import type { AttackPlaces } from "../code-places.ts";
import type { Finding, ProtocolReport } from "../verdict.ts";
import type { CheckedProtocol } from "./checked-protocol.ts";
import type { MatrixRun } from "./matrix-run.ts";
import {
  completeSettings,
  type Observer,
  type RunnerSettings,
  withWorkerPool,
} from "./settings.ts";
import { Stopper } from "./stopper.ts";
import type { WorkerPool } from "./worker-pool.ts";

export type Located = ReadonlyMap<Finding, AttackPlaces>;

/**
 * Runs the smallest attack of everything that is broken again, watched.
 * @returns what could be found out: that a place is not known is no failure.
 */
export async function locateAttacks(
  { subjects }: Pick<MatrixRun, "subjects">,
  settings: RunnerSettings = {},
  observer: Observer = {},
): Promise<Located> {
  // It is a run or two for each attack; what a search may take has been used up by now.
  const complete = completeSettings({ ...settings, budget: undefined });
  const broken = [...subjects].map(([report, one]) => ({ one, findings: findingsOf(report) }));
  const tasks = broken.filter(({ findings }) => findings.length > 0);
  if (tasks.length === 0) return new Map();
  return withWorkerPool(complete, tasks.length, async (pool) => {
    observer.begin?.(tasks.map(({ one }) => one));
    const stopper = new Stopper(complete);
    const found = tasks.map((task) => locateIn(pool, task, observer, stopper));
    const located = await Promise.all(found).finally(() => stopper.close());
    return new Map(located.flat());
  });
}

const findingsOf = ({ verdicts }: ProtocolReport): readonly Finding[] =>
  verdicts.flatMap((v) => (v.verdict === "broken" && v.finding !== undefined ? [v.finding] : []));

async function locateIn(
  pool: WorkerPool,
  { one, findings }: { readonly one: CheckedProtocol; readonly findings: readonly Finding[] },
  observer: Observer,
  stopper: Stopper,
): Promise<readonly (readonly [Finding, AttackPlaces])[]> {
  const print = (line: string): void => observer.note?.(`${one.label} prints: ${line}`);
  const attacks = findings.map((f) => f.attack);
  const job = pool.run("locate", one, { attacks }, { print });
  stopper.onStop(() => job.stop());
  const result = await job.result;
  if (result.end !== "done") return [];
  return findings.flatMap((finding, i) => {
    const places = result.answer[i];
    return places === undefined ? [] : [[finding, places] as const];
  });
}

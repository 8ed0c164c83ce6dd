/**
 * Long searches of one protocol, in a fixed number of shards: however many threads there are, the
 * shards are the same, and so is what comes out when they are put together.
 */

import type { AttackFiles } from "../../reports/cli/attack-files.ts";
import type { Flags } from "../../reports/cli/flags.ts";
import type { Io } from "../../reports/cli/io.ts";
import { codeOf, deviationsOf } from "../../reports/cli/matrix.ts";
import { openProgress } from "../../reports/cli/progress.ts";
import { terminalText } from "../../reports/escape.ts";
import { matrixJson } from "../../reports/json.ts";
import { matrixText } from "../../reports/text.ts";
import { jsonText } from "../json-text.ts";
import { mergeReports } from "../search/merge.ts";
import type {
  GuaranteeVerdict,
  Layer,
  MatrixProgress,
  MatrixReport,
  ProtocolReport,
} from "../verdict.ts";
import {
  type Checked,
  interruptedReason,
  type MatrixRun,
  Stopper,
  secondsTimer,
} from "./assess-all.ts";
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
  readonly seconds: number;
}

export interface ShardsOptions<K extends SearchKind> {
  readonly kind: K;
  readonly asks: readonly Ask<K>[];
  reportOf(answer: Answer<K>): ProtocolReport;
  /** A shard of a random search has come so far. */
  checkpoint?(index: number, reached: Reached, stopper: Stopper): void;
}

/** Runs all shards; the first that fails ends the others, which report what they have. */
export async function runShards<K extends SearchKind>(
  workshop: WorkerPool,
  { name, label }: Checked,
  about: ShardsOptions<K>,
  flags: Flags,
  io: Io,
): Promise<ShardsDone<K>> {
  const startedMs = io.now();
  const stopper = new Stopper();
  const view = openProgress(io, [label], flags);
  if (!io.errIsTerminal && !flags.quiet) io.err(`${terminalText(`trying ${label}`, 600)}\n`);
  const together = new Together(label, about.asks.length);
  const failures = new Map<string, Failure>();
  const printed = new Set<string>();
  const print = (line: string): void => {
    // Every shard's copy of the protocol prints the same.
    if (!printed.has(line)) view.note(`${label} prints: ${line}`);
    printed.add(line);
  };
  const jobs = about.asks.map((ask, i): Job<K> => {
    const progress = (event: MatrixProgress): void => {
      const shown = together.take(i, event);
      if (shown !== undefined) view.progress(shown);
    };
    const checkpoint = (reached: Reached): void => about.checkpoint?.(i, reached, stopper);
    return workshop.run(about.kind, name, ask, { progress, print, checkpoint });
  });
  stopper.onStop(() => {
    for (const job of jobs) job.stop();
  });
  const release = io.onInterrupt(() => {
    view.note("stopping; press Ctrl-C again to quit at once");
    stopper.stop(interruptedReason);
  });
  const timer = secondsTimer(flags, stopper);
  const answerOf = async (job: Job<K>, i: number): Promise<Answer<K> | undefined> => {
    const result = await job.result;
    if (result.end === "stopped") return undefined;
    if (result.end !== "done") {
      failures.set(result.message, result);
      stopper.stop(result.message);
      return undefined;
    }
    view.progress(together.finish(i, about.reportOf(result.answer).runs));
    return result.answer;
  };
  const answers = await Promise.all(jobs.map(answerOf));
  clearTimeout(timer);
  release();
  view.close();
  return {
    answers,
    failures: [...failures.values()],
    reason: stopper.reason,
    seconds: Math.round(io.now() - startedMs) / 1000,
  };
}

/** Makes one progress out of that of the shards. */
class Together {
  readonly #label: string;
  readonly #shards: { fraction: number; runs: number }[];
  #strategy = "starting";

  constructor(label: string, shards: number) {
    this.#label = label;
    this.#shards = Array.from({ length: shards }, () => ({ fraction: 0, runs: 0 }));
  }

  take(index: number, event: MatrixProgress): MatrixProgress | undefined {
    if (event.kind === "cell") return { ...event, name: this.#label };
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

/** One protocol's report out of those of its shards. */
export interface Searched {
  readonly report: MatrixReport;
  readonly failures: readonly Failure[];
  readonly interrupted: boolean;
  readonly subjects: MatrixRun["subjects"];
}

/** @param incomplete why not everything was tried; then nothing holds. */
export function putTogether(
  one: Checked,
  parts: readonly ProtocolReport[],
  done: Pick<ShardsDone<SearchKind>, "failures" | "reason" | "seconds">,
  incomplete: string | undefined,
  seed: string,
): Searched {
  const reports =
    parts.length === 0
      ? []
      : [named(incomplete === undefined ? mergeReports(parts) : cutShort(parts, incomplete), one)];
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
    interrupted: done.reason === interruptedReason,
    subjects: new Map(reports.map((r) => [r, one])),
  };
}

/** The harness knows only how it was named, which for a file is a path. */
const named = (report: ProtocolReport, { subject }: Checked): ProtocolReport => ({
  ...report,
  name: subject.protocolName,
});

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

export interface SearchWords {
  readonly schema: string;
  /** Further fields of the JSON document. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What is printed below the verdicts. */
  readonly text: string;
}

/** Prints verdicts and statistics. @returns the exit code */
export function tellSearch(
  searched: Searched,
  words: SearchWords,
  files: Pick<AttackFiles, "pathOf" | "replayCommand" | "problem">,
  flags: Flags,
  io: Io,
): number {
  const { report, interrupted } = searched;
  if (flags.json) {
    const document = matrixJson(report, (finding) => files.pathOf(finding)) as object;
    io.out(jsonText({ ...document, schema: words.schema, ...words.fields }));
  } else if (report.protocols.length > 0) {
    const color = flags.color && io.outIsTerminal;
    const replayCommand = files.replayCommand.bind(files);
    io.out(matrixText(report, { color, width: io.columns(), replayCommand }) + words.text);
  }
  if (report.protocols.length === 0 && interrupted) {
    io.err(`${terminalText(report.incomplete ?? "")}\n`);
  }
  const deviations = deviationsOf(searched, true, flags, io);
  const tell = flags.json ? io.err : io.out;
  for (const line of deviations.lines) tell.call(io, `${terminalText(line)}\n`);
  return codeOf(searched, files, deviations.count, flags, io);
}

/** `mallory explore`: every attack of up to so many moves. */

import { UserError } from "../../harness/input/user-error.ts";
import {
  type Checked,
  checkAll,
  limitsOf,
  openWorkerPool,
} from "../../harness/runner/assess-all.ts";
import { putTogether, runShards, type Searched, tellSearch } from "../../harness/runner/shards.ts";
import type { WorkerPool } from "../../harness/runner/worker-pool.ts";
import type { Ask } from "../../harness/runner/worker-task.ts";
import { exploreShards } from "../../harness/search/explore.ts";
import type { ProtocolReport } from "../../harness/verdict.ts";
import { terminalText } from "../escape.ts";
import { exploreText } from "../search-text.ts";
import { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { saveAttacks } from "./matrix.ts";

/** Each move more multiplies the work by some hundreds. */
const deepest = 9;

/** @throws UserError */
export function parseDepth(text: string): number {
  const depth = /^\d$/.test(text) ? Number(text) : 0;
  if (depth >= 1 && depth <= deepest) return depth;
  throw new UserError(`--depth "${text}": write a number of moves from 1 to ${deepest}`);
}

export async function exploreCommand(
  name: string,
  depth: number,
  flags: Flags,
  io: Io,
): Promise<number> {
  const files = new AttackFiles(io.cwd, flags.out);
  // One move is too little work to be divided.
  const shards = depth === 1 ? 1 : exploreShards;
  const workshop = openWorkerPool(io, flags, shards);
  let searched: Searched;
  try {
    const [one] = await checkAll(workshop, [name], (line) => io.err(`${terminalText(line)}\n`));
    searched = await searchAll(workshop, one as Checked, depth, shards, flags, io);
  } finally {
    await workshop.close();
  }
  saveAttacks(searched, files);
  const { runs, incomplete } = searched.report;
  const complete = incomplete === undefined;
  const scope = flags.sessions === undefined ? {} : { sessions: flags.sessions };
  const options = { color: flags.color && io.outIsTerminal, width: io.columns() };
  const words = {
    schema: "mallory/explore@1",
    fields: { depth, ...scope, complete },
    text: exploreText({ depth, ...scope, runs, complete }, options),
  };
  return tellSearch(searched, words, files, flags, io);
}

async function searchAll(
  workshop: WorkerPool,
  one: Checked,
  depth: number,
  shards: number,
  flags: Flags,
  io: Io,
): Promise<Searched> {
  const { budget } = flags;
  const asks = Array.from({ length: shards }, (_, index): Ask<"explore"> => {
    const runs = budget?.unit === "runs" ? { budgetRuns: share(budget.runs, index, shards) } : {};
    return { settings: { ...limitsOf(flags), ...runs, depth, shard: { index, of: shards } } };
  });
  const about = { kind: "explore", asks, reportOf: (r: ProtocolReport) => r } as const;
  const done = await runShards(workshop, one, about, flags, io);
  const parts = done.answers.filter((a) => a !== undefined);
  const spent = budget?.unit === "runs" && parts.some((p) => !whole(p, depth));
  const incomplete =
    done.reason ??
    (spent ? `the budget of ${budget.runs} runs ended before the search did` : undefined);
  return putTogether(one, parts, done, incomplete, flags.seed);
}

/** An equal part of so many runs, the same for any number of workers. */
export const share = (runs: number, index: number, shards: number): number =>
  Math.floor(runs / shards) + (index < runs % shards ? 1 : 0);

/** A search that was cut short says of no guarantee how deep it went. */
const whole = ({ verdicts }: ProtocolReport, depth: number): boolean =>
  verdicts.some((v) => v.exhaustiveDepth === depth) ||
  verdicts.every((v) => v.verdict === "not-applicable");

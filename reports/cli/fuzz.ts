/** `mallory fuzz`: random attacks, with a memory of those that led somewhere. */
import type { Attack } from "../../attacker/move.ts";
import { UserError } from "../../harness/input/user-error.ts";
import {
  type Checked,
  checkAll,
  limitsOf,
  openWorkerPool,
  type Stopper,
} from "../../harness/runner/assess-all.ts";
import { Corpus, CorpusKeeper, contentOf, type FuzzState } from "../../harness/runner/corpus.ts";
import { putTogether, runShards, type Searched, tellSearch } from "../../harness/runner/shards.ts";
import type { WorkerPool } from "../../harness/runner/worker-pool.ts";
import type { Ask, Reached } from "../../harness/runner/worker-task.ts";
import type { Checkpoint, FuzzResult } from "../../harness/search/fuzz.ts";
import { defaultSeed } from "../../harness/subject.ts";
import { terminalText } from "../escape.ts";
import { type FuzzWords, fuzzText } from "../search-text.ts";
import { AttackFiles, shellWord } from "./attack-files.ts";
import { share } from "./explore.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { saveAttacks } from "./matrix.ts";

/** Fixed, so that the result does not depend on the workers. */
const fuzzShards = 4;
const defaultRuns = 10_000;

/** As commander hands them over. */
export interface FuzzFlags {
  readonly runs?: string;
  readonly corpus?: string;
  readonly resume?: boolean;
}

function parseRuns(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const runs = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (runs >= 1) return runs;
  throw new UserError(`--runs "${text}": write a number of runs, such as 5000`);
}

/** What is known before the search begins. */
interface Beginning {
  readonly one: Checked;
  readonly runs: number;
  readonly start: readonly Attack[];
  readonly known: readonly Attack[];
  readonly shards: readonly (Checkpoint | undefined)[];
  readonly corpus?: Corpus;
  readonly keeper?: CorpusKeeper;
}

export async function fuzzCommand(
  name: string,
  given: FuzzFlags,
  flags: Flags,
  io: Io,
): Promise<number> {
  const runs = parseRuns(given.runs);
  if (flags.budget?.unit === "runs") {
    throw new UserError(`--budget is for seconds here; write --runs ${flags.budget.runs}`);
  }
  if (given.resume === true && given.corpus === undefined) {
    throw new UserError("--resume goes on with the search in a folder; add --corpus <folder>");
  }
  const files = new AttackFiles(io.cwd, flags.out);
  const corpus = given.corpus === undefined ? undefined : new Corpus(io.cwd, given.corpus);
  const workshop = openWorkerPool(io, flags, fuzzShards);
  const tell = (line: string): void => io.err(`${terminalText(line)}\n`);
  try {
    const [checked] = await checkAll(workshop, [name], tell);
    const one = checked as Checked;
    const beginning = begin(one, runs, corpus, given.resume === true, flags, tell);
    const { searched, words } = await search(workshop, beginning, flags, io);
    saveAttacks(searched, files);
    const color = flags.color && io.outIsTerminal;
    const go = corpus === undefined ? {} : { corpus: goOn(name, searched, corpus, flags) };
    const text = fuzzText({ ...words, ...go }, { color, width: io.columns() });
    const fields = { fuzz: { ...words, ...sizeOf(corpus) } };
    const told = { schema: "mallory/fuzz@1", fields, text };
    const saved = {
      pathOf: files.pathOf.bind(files),
      replayCommand: files.replayCommand.bind(files),
      problem: files.problem ?? beginning.keeper?.problem,
    };
    return tellSearch(searched, told, saved, flags, io);
  } finally {
    await workshop.close();
  }
}

const sizeOf = (corpus: Corpus | undefined) =>
  corpus === undefined ? {} : { corpus: { folder: corpus.folder, size: corpus.size } };

function begin(
  one: Checked,
  asked: number | undefined,
  corpus: Corpus | undefined,
  resume: boolean,
  flags: Flags,
  tell: (line: string) => void,
): Beginning {
  const shards = Array.from({ length: fuzzShards }, () => undefined);
  const runs = asked ?? defaultRuns;
  if (corpus === undefined) return { one, runs, start: [], known: [], shards };
  if (resume) return goingOn(one, asked, corpus, flags);
  const start = corpus.load(tell);
  const keeper = new CorpusKeeper(corpus, {
    schema: "mallory/fuzz-state@1",
    about: aboutOf(one, flags),
    runs,
    start: [...start],
    found: [],
    shards: shards.map(() => null),
  });
  const attacks = start.map((file) => corpus.attackNamed(file));
  return { one, runs, start: attacks, known: [], shards, corpus, keeper };
}

const aboutOf = ({ label }: Checked, flags: Flags): FuzzState["about"] => ({
  protocol: label,
  seed: flags.seed,
  guarantees: flags.guarantees === undefined ? null : [...flags.guarantees].sort(),
  capabilities: flags.capabilities === undefined ? null : [...flags.capabilities].sort(),
  sessions: flags.sessions ?? null,
});

/** @throws UserError if it was another search. */
function goingOn(one: Checked, asked: number | undefined, corpus: Corpus, flags: Flags): Beginning {
  const saved = corpus.loadState();
  const about = aboutOf(one, flags);
  for (const key of ["protocol", "seed", "guarantees", "capabilities", "sessions"] as const) {
    const [before, now] = [saved.about[key], about[key]].map((v) => String(v ?? "all"));
    if (before === now) continue;
    const says = `the search there is about ${key} ${before}, not ${now}`;
    throw new UserError(`${corpus.folder}: ${says}; leave out --resume to begin another`);
  }
  if (saved.shards.length !== fuzzShards) {
    const says = `the search there has ${saved.shards.length} shards, not ${fuzzShards}`;
    throw new UserError(`${corpus.folder}: ${says}; leave out --resume to begin another`);
  }
  const attacks = (names: readonly string[]): readonly Attack[] =>
    names.map((name) => corpus.attackNamed(name));
  const runs = asked ?? saved.runs;
  return {
    one,
    runs,
    start: attacks(saved.start),
    known: attacks(saved.found),
    shards: saved.shards.map((s) =>
      s === null
        ? undefined
        : { ...s, kept: attacks(s.kept), firstBroken: s.firstBroken as Record<string, number> },
    ),
    corpus,
    keeper: new CorpusKeeper(corpus, { ...saved, runs }),
  };
}

async function search(
  workshop: WorkerPool,
  beginning: Beginning,
  flags: Flags,
  io: Io,
): Promise<{ readonly searched: Searched; readonly words: FuzzWords }> {
  const { one, runs, start, known, shards, keeper } = beginning;
  const asks = shards.map((resume, i): Ask<"fuzz"> => {
    const seed = `${flags.seed}/shard-${i}`;
    const fuzzRuns = share(runs, i, fuzzShards);
    const from = resume === undefined ? { corpus: start } : { resume };
    return { settings: { ...limitsOf(flags), seed, fuzzRuns, known, ...from } };
  });
  const about = {
    kind: "fuzz",
    asks,
    reportOf: (r: FuzzResult) => r.report,
    checkpoint: (i: number, reached: Reached, stopper: Stopper) => {
      keeper?.reach(i, reached);
      // A search that cannot be kept is not the one that was asked for.
      if (keeper?.problem !== undefined) stopper.stop(keeper.problem.message);
    },
  } as const;
  const done = await runShards(workshop, one, about, flags, io);
  const results = done.answers.filter((r) => r !== undefined);
  done.answers.forEach((result, i) => {
    if (result?.checkpoint !== undefined) keeper?.finish(i, result.checkpoint);
  });
  const reports = results.map((r) => r.report);
  keeper?.found(
    results.flatMap((r) => r.corpus),
    brokenBy(reports),
  );
  const searched = putTogether(one, reports, done, done.reason, flags.seed);
  const scope = flags.sessions === undefined ? {} : { sessions: flags.sessions };
  return { searched, words: { ...wordsOf(results, shards), ...scope } };
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

function wordsOf(
  results: readonly FuzzResult[],
  before: readonly (Checkpoint | undefined)[],
): FuzzWords {
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

/** The command that goes on: with what is left, or else with as many runs again. */
function goOn(
  name: string,
  { report }: Searched,
  { folder, size }: Corpus,
  flags: Flags,
): NonNullable<FuzzWords["corpus"]> {
  const { seed, guarantees, capabilities, sessions } = flags;
  const words = ["npx", "mallory", "fuzz", name, "--corpus", folder, "--resume"];
  if (report.incomplete === undefined) words.push("--runs", String(2 * report.runs));
  if (seed !== defaultSeed) words.push("--seed", seed);
  if (guarantees !== undefined) words.push("--guarantee", guarantees.join(","));
  if (capabilities !== undefined) words.push("--capability", capabilities.join(","));
  if (sessions !== undefined) words.push("--sessions", String(sessions));
  return { folder, size, command: words.map(shellWord).join(" ") };
}

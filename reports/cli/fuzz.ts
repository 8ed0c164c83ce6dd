/** `mallory fuzz`: random attacks, with a corpus of those that reached new behaviour. */

import { UserError } from "../../harness/input/user-error.ts";
import { type FuzzedProtocol, fuzzProtocol } from "../../harness/runner/fuzz-protocol.ts";
import type { MatrixRun } from "../../harness/runner/matrix-run.ts";
import { defaultSeed } from "../../harness/subject.ts";
import { type FuzzWords, fuzzText } from "../search-text.ts";
import { AttackFiles, shellWord } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { saveAttacks } from "./matrix.ts";
import { saving } from "./saving.ts";
import { supervised } from "./supervise.ts";
import { tellSearch } from "./tell-search.ts";

/** The options as commander parses them. */
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

export async function fuzzCommand(
  name: string,
  given: FuzzFlags,
  flags: Flags,
  io: Io,
): Promise<number> {
  const runs = parseRuns(given.runs);
  const { budget } = flags;
  if (budget?.unit === "runs") {
    throw new UserError(`--budget is for seconds here; write --runs ${budget.runs}`);
  }
  if (given.resume === true && given.corpus === undefined) {
    throw new UserError("--resume goes on with the search in a folder; add --corpus <folder>");
  }
  const files = new AttackFiles(io.cwd, flags.out);
  const { corpus: folder, resume } = given;
  const fuzzed = await supervised(flags, io, (settings, observer) =>
    fuzzProtocol(
      name,
      { ...settings, runs, budget, corpus: folder, resume },
      saving(files, observer),
    ),
  );
  const { run, corpus } = fuzzed;
  saveAttacks(run, files);
  const words = {
    ...fuzzed.statistics,
    ...(flags.sessions === undefined ? {} : { sessions: flags.sessions }),
  };
  const go = corpus === undefined ? {} : { corpus: goOn(name, run, corpus, flags) };
  const options = { color: flags.color && io.outIsTerminal, width: io.columns() };
  const search = {
    schema: "mallory/fuzz@1",
    fields: { fuzz: { ...words, ...(corpus === undefined ? {} : { corpus }) } },
    text: fuzzText({ ...words, ...go }, options),
  };
  const saved = {
    pathOf: files.pathOf.bind(files),
    replayCommand: files.replayCommand.bind(files),
    problem: files.problem ?? fuzzed.problem,
  };
  return tellSearch(run, search, saved, flags, io);
}

/** The command that goes on: with what is left, or else with as many runs again. */
function goOn(
  name: string,
  { report }: MatrixRun,
  { folder, size }: NonNullable<FuzzedProtocol["corpus"]>,
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

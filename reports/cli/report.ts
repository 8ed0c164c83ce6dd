/** `mallory report`: assesses protocols, grades their messages, and writes it all as documents. */
import { join } from "node:path";
import { nearest } from "../../harness/input/suggestions.ts";
import { UserError } from "../../harness/input/user-error.ts";
import { writeOut } from "../../harness/runner/files.ts";
import { type GradedProtocol, gradeProtocols } from "../../harness/runner/grade-protocol.ts";
import { type Located, locateAttacks } from "../../harness/runner/locate-attacks.ts";
import type { MatrixRun } from "../../harness/runner/matrix-run.ts";
import type { Observer, RunnerSettings } from "../../harness/runner/settings.ts";
import { terminalText } from "../escape.ts";
import { type DocumentSource, type ReportFormat, reportFormats } from "../formats.ts";
import type { TitleData } from "../title-data.ts";
import type { AttackFiles } from "./attack-files.ts";
import { formatNames } from "./choices.ts";
import type { Flags } from "./flags.ts";
import { saveCaps } from "./grade-messages.ts";
import type { Io } from "./io.ts";
import { assessAndSave, codeOf, shownReport } from "./matrix.ts";
import { supervised } from "./supervise.ts";

/** @param words names or endings, several in one word with commas. @throws UserError */
export function parseFormats(words: readonly string[]): readonly ReportFormat[] {
  const asked = words.flatMap((w) => w.split(",")).filter((w) => w !== "");
  const known = asked.map((word) => {
    const format = reportFormats.find((f) => f.id === word || f.ending === word);
    if (format !== undefined) return format;
    const near = nearest(word, formatNames);
    const meant = near === undefined ? "" : ` did you mean "${near}"?`;
    throw new UserError(`--format "${word}":${meant} there are ${formatNames.join(", ")}`);
  });
  return [...new Set(known)];
}

export interface ReportWanted {
  readonly formats: readonly ReportFormat[];
  /** With how well each message is protected? */
  readonly grades: boolean;
  readonly title: TitleData;
}

export async function reportCommand(
  names: readonly string[],
  { formats, grades, title }: ReportWanted,
  flags: Flags,
  io: Io,
): Promise<number> {
  const { run, files } = await assessAndSave(names, flags, io);
  const graded = grades ? await gradesOf(run, files, flags, io) : [];
  const needsPlaces = formats.some((f) => f.needsPlaces === true);
  const source: DocumentSource = {
    report: run.report,
    shownReport: shownReport(run),
    title,
    ...(needsPlaces ? { places: await placesOf(run, flags, io) } : {}),
    attackFile: (finding) => files.pathOf(finding),
    replayCommand: (finding) => files.replayCommand(finding),
    ...(graded.length === 0 ? {} : { grades: graded.map((g) => g.report) }),
  };
  for (const { ending, render } of run.report.protocols.length === 0 ? [] : formats) {
    const path = join(flags.out, `report.${ending}`);
    writeOut(io.cwd, path, render(source), "--out");
    io.out(`${terminalText(path)}\n`);
  }
  const failures = [...run.failures, ...graded.flatMap((g) => g.failures)];
  const interrupted = run.interrupted || graded.some((g) => g.interrupted);
  return codeOf({ failures, interrupted }, files, 0, flags, io);
}

/** Where in the code the attacks come through, which takes a run or two for each. */
function placesOf(run: MatrixRun, flags: Flags, io: Io): Promise<Located> {
  if (run.interrupted || run.subjects.size === 0) return Promise.resolve(new Map());
  const quiet = { ...flags, quiet: true };
  const locate = (settings: RunnerSettings, observer: Observer) =>
    locateAttacks(run, settings, observer);
  return supervised(quiet, io, locate, { announced: false });
}

/** How well each message is protected, in the order of the report. */
async function gradesOf(
  { subjects, interrupted }: MatrixRun,
  files: AttackFiles,
  flags: Flags,
  io: Io,
): Promise<readonly GradedProtocol[]> {
  if (interrupted || subjects.size === 0) return [];
  const graded = await supervised(
    flags,
    io,
    (settings, observer) => gradeProtocols([...subjects.values()], settings, observer),
    { announced: false },
  );
  for (const one of graded) saveCaps(one, files);
  return graded;
}

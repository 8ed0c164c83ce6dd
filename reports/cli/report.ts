/** `mallory report`: assesses protocols and writes the result as documents. */
import { join } from "node:path";
import { nearest } from "../../harness/input/suggestions.ts";
import { UserError } from "../../harness/input/user-error.ts";
import { writeOut } from "../../harness/runner/files.ts";
import { terminalText } from "../escape.ts";
import { type DocumentSource, type ReportFormat, reportFormats } from "../formats.ts";
import { formatNames } from "./choices.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { assessAndSave, codeOf, shownReport } from "./matrix.ts";

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

export async function reportCommand(
  names: readonly string[],
  wanted: readonly ReportFormat[],
  flags: Flags,
  io: Io,
): Promise<number> {
  const { run, files } = await assessAndSave(names, flags, io);
  const source: DocumentSource = {
    report: run.report,
    shownReport: shownReport(run),
    attackFile: (finding) => files.pathOf(finding),
    replayCommand: (finding) => files.replayCommand(finding),
  };
  for (const { ending, render } of run.report.protocols.length === 0 ? [] : wanted) {
    const path = join(flags.out, `report.${ending}`);
    writeOut(io.cwd, path, render(source), "--out");
    io.out(`${terminalText(path)}\n`);
  }
  return codeOf(run, files, 0, flags, io);
}

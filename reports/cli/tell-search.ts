/** What longer searches print when they have ended. */
import { jsonText } from "../../harness/json-text.ts";
import type { MatrixRun } from "../../harness/runner/matrix-run.ts";
import { terminalText } from "../escape.ts";
import { matrixJson } from "../json.ts";
import { matrixText } from "../text.ts";
import type { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { codeOf, deviationsOf } from "./matrix.ts";

export interface SearchWords {
  readonly schema: string;
  /** Further fields of the JSON document. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What is printed below the verdicts. */
  readonly text: string;
}

/** Prints verdicts and statistics. @returns the exit code */
export function tellSearch(
  run: MatrixRun,
  words: SearchWords,
  files: Pick<AttackFiles, "pathOf" | "replayCommand" | "problem">,
  flags: Flags,
  io: Io,
): number {
  const { report, interrupted } = run;
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
  const deviations = deviationsOf(run, true, flags, io);
  const print = flags.json ? io.err : io.out;
  for (const line of deviations.lines) print.call(io, `${terminalText(line)}\n`);
  return codeOf(run, files, deviations.count, flags, io);
}

/** `mallory grade-messages`: how well is each message protected? */
import type { Cap, GradesReport } from "../../harness/grades/message-grade.ts";
import { aspects } from "../../harness/grades/message-grade.ts";
import { jsonText } from "../../harness/json-text.ts";
import { type GradedProtocol, gradeProtocol } from "../../harness/runner/grade-protocol.ts";
import { version } from "../../harness/runner/version.ts";
import { terminalText } from "../escape.ts";
import { gradesJson } from "../grades-json.ts";
import { gradesMarkdown, gradesText } from "../grades-text.ts";
import { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { codeOf, ownerOf } from "./matrix.ts";
import { supervised } from "./supervise.ts";

export async function gradeMessagesCommand(
  name: string,
  markdown: boolean,
  flags: Flags,
  io: Io,
): Promise<number> {
  const files = new AttackFiles(io.cwd, flags.out);
  const graded = await supervised(flags, io, (settings, observer) =>
    gradeProtocol(name, settings, observer),
  );
  const { report, protocol, seconds, interrupted } = graded;
  if (report === undefined) {
    if (interrupted) io.err("stopped before anything was tried\n");
    return codeOf(graded, files, 0, flags, io);
  }
  saveCaps(graded, report, files);
  const { label } = protocol;
  const words = { label, report, seconds };
  if (flags.json) io.out(jsonText(jsonOf(graded, report, flags, files)));
  else if (markdown) io.out(gradesMarkdown(words));
  else {
    const color = flags.color && io.outIsTerminal;
    const replayCommand = (cap: Cap): string => files.replayCommand(cap);
    io.out(gradesText(words, { color, width: io.columns(), replayCommand }));
  }
  if (flags.json || markdown) {
    for (const fault of report.faults ?? []) io.err(`${terminalText(`${label}: ${fault}`, 600)}\n`);
  }
  // As for every command: what is wrong before any attack is the author's to mend.
  const own = protocol.name.file === undefined ? 0 : (report.faults?.length ?? 0);
  return codeOf(graded, files, own, flags, io);
}

function saveCaps({ protocol }: GradedProtocol, report: GradesReport, files: AttackFiles): void {
  for (const message of report.messages) {
    for (const aspect of aspects) {
      const grade = message[aspect];
      if (grade.grade === "unknown" || grade.cap === undefined) continue;
      files.saveCap(ownerOf(protocol), `${aspect}-${message.sender}-${message.nth}`, grade.cap);
    }
  }
}

function jsonOf(
  { protocol, seconds }: GradedProtocol,
  report: GradesReport,
  { seed }: Flags,
  files: AttackFiles,
): unknown {
  return {
    schema: "mallory/grades@1",
    version,
    seed,
    protocol: protocol.label,
    name: report.name,
    options: report.options,
    source: report.source,
    ...(report.faults === undefined ? {} : { faults: report.faults }),
    ...gradesJson(report, (cap) => files.pathOf(cap)),
    seconds,
    ...(report.incomplete === undefined ? {} : { incomplete: report.incomplete }),
  };
}

/** `mallory diff`: what a change improved and what it made worse. */

import { jsonText } from "../../harness/json-text.ts";
import {
  type ComparedProtocols,
  type ComparedSide,
  compareProtocols,
} from "../../harness/runner/compare-protocols.ts";
import type { MatrixRun } from "../../harness/runner/matrix-run.ts";
import { version } from "../../harness/runner/version.ts";
import type { GuaranteeVerdict } from "../../harness/verdict.ts";
import { changesOf, diffText } from "../diff-text.ts";
import { terminalText } from "../escape.ts";
import { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { codeOf, saveAttacks } from "./matrix.ts";
import { saving } from "./saving.ts";
import { supervised } from "./supervise.ts";

type Compared = NonNullable<ComparedProtocols["compared"]>;

export async function diffCommand(
  [before, after]: readonly [string, string],
  flags: Flags,
  io: Io,
): Promise<number> {
  const files = new AttackFiles(io.cwd, flags.out);
  const { run, compared } = await supervised(flags, io, (settings, observer) =>
    compareProtocols(before, after, settings, saving(files, observer)),
  );
  saveAttacks(run, files);
  if (compared === undefined) {
    if (run.interrupted) io.err(`${terminalText(run.report.incomplete ?? "")}\n`);
    return codeOf(run, files, 0, flags, io);
  }
  if (flags.json) io.out(jsonText(jsonOf(compared, run, files)));
  else {
    const { runs, seconds, incomplete } = run.report;
    const replayCommand = files.replayCommand.bind(files);
    const options = { color: flags.color && io.outIsTerminal, width: io.columns(), replayCommand };
    const labels = { before: compared.before.label, after: compared.after.label };
    const { differences } = compared;
    io.out(diffText({ ...labels, differences, runs, seconds, incomplete }, options));
  }
  return codeOf(run, files, changesOf(compared.differences).worse, flags, io);
}

function verdictJson(verdict: GuaranteeVerdict | undefined): unknown {
  if (verdict === undefined) return null;
  const { verdict: word, claimed, capability, because } = verdict;
  return { verdict: word, claimed, capability, because };
}

function jsonOf(
  { before, after, differences }: Compared,
  { report }: MatrixRun,
  files: AttackFiles,
): unknown {
  const side = ({ label, report: r }: ComparedSide): unknown => ({
    label,
    name: r.name,
    options: r.options,
    source: r.source,
  });
  return {
    schema: "mallory/diff@1",
    seed: report.seed,
    version,
    before: side(before),
    after: side(after),
    guarantees: differences.map((d) => {
      const finding = d.change === "worse" ? d.after?.finding : undefined;
      return {
        guarantee: d.guarantee,
        before: verdictJson(d.before),
        after: verdictJson(d.after),
        change: d.change,
        attack:
          finding === undefined
            ? null
            : { moves: finding.attack.moves, file: files.pathOf(finding) },
      };
    }),
    ...changesOf(differences),
    runs: report.runs,
    seconds: report.seconds,
    ...(report.incomplete === undefined ? {} : { incomplete: report.incomplete }),
  };
}

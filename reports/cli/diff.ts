/** `mallory diff`: what a change made better and what it made worse. */

import { jsonText } from "../../harness/json-text.ts";
import {
  assessAll,
  type Checked,
  checkAll,
  type MatrixRun,
  openWorkerPool,
} from "../../harness/runner/assess-all.ts";
import { version } from "../../harness/runner/version.ts";
import { type Difference, differences } from "../../harness/search/diff.ts";
import type { GuaranteeVerdict, ProtocolReport } from "../../harness/verdict.ts";
import { changesOf, diffText } from "../diff-text.ts";
import { terminalText } from "../escape.ts";
import { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { codeOf, saveAttacks } from "./matrix.ts";
import { openProgress } from "./progress.ts";

/** One side of the comparison. */
interface Side {
  readonly label: string;
  readonly report: ProtocolReport;
}

export async function diffCommand(
  names: readonly [string, string],
  flags: Flags,
  io: Io,
): Promise<number> {
  const files = new AttackFiles(io.cwd, flags.out);
  const workshop = openWorkerPool(io, flags, names.length);
  let campaign: MatrixRun;
  let sides: readonly [Side | undefined, Side | undefined];
  try {
    const checked = await checkAll(workshop, names, (l) => io.err(`${terminalText(l)}\n`));
    const labels = checked.map((c) => c.label);
    if (!io.errIsTerminal && !flags.quiet) {
      io.err(`${terminalText(`trying ${labels.join(", ")}`, 600)}\n`);
    }
    const progress = openProgress(io, labels, flags);
    campaign = await assessAll(workshop, checked, flags, io, progress);
    progress.close();
    // What is named twice is assessed once.
    sides = [sideOf(campaign, checked[0]), sideOf(campaign, checked.at(-1))];
  } finally {
    await workshop.close();
  }
  saveAttacks(campaign, files);
  const [before, after] = sides;
  if (before === undefined || after === undefined) {
    if (campaign.interrupted) io.err(`${terminalText(campaign.report.incomplete ?? "")}\n`);
    return codeOf(campaign, files, 0, flags, io);
  }
  const found = differences(before.report, after.report);
  if (flags.json) io.out(jsonText(jsonOf(before, after, found, campaign, files)));
  else {
    const { runs, seconds, incomplete } = campaign.report;
    const replayCommand = files.replayCommand.bind(files);
    const options = { color: flags.color && io.outIsTerminal, width: io.columns(), replayCommand };
    const labels = { before: before.label, after: after.label };
    io.out(diffText({ ...labels, differences: found, runs, seconds, incomplete }, options));
  }
  return codeOf(campaign, files, changesOf(found).worse, flags, io);
}

function sideOf({ subjects }: MatrixRun, one: Checked | undefined): Side | undefined {
  for (const [report, checked] of subjects) {
    if (checked === one) return { label: checked.label, report };
  }
  return undefined;
}

function verdictJson(verdict: GuaranteeVerdict | undefined): unknown {
  if (verdict === undefined) return null;
  const { verdict: word, claimed, capability, because } = verdict;
  return { verdict: word, claimed, capability, because };
}

function jsonOf(
  before: Side,
  after: Side,
  found: readonly Difference[],
  { report }: MatrixRun,
  files: AttackFiles,
): unknown {
  const side = ({ label, report: r }: Side): unknown => ({
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
    guarantees: found.map((d) => {
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
    ...changesOf(found),
    runs: report.runs,
    seconds: report.seconds,
    ...(report.incomplete === undefined ? {} : { incomplete: report.incomplete }),
  };
}

/** `mallory defences`: switches off one defence after another, and says what breaks. */

import { UserError } from "../../harness/input/user-error.ts";
import { jsonText } from "../../harness/json-text.ts";
import {
  assessAll,
  type Checked,
  checkAll,
  checkNames,
  type MatrixRun,
  openWorkerPool,
} from "../../harness/runner/assess-all.ts";
import { version } from "../../harness/runner/version.ts";
import { isAsDeclared, type Weakened, weakened } from "../../harness/search/defences.ts";
import { defencesMarkdown, defencesText } from "../defences-text.ts";
import { terminalText } from "../escape.ts";
import { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { codeOf, saveAttacks } from "./matrix.ts";
import { openProgress } from "./progress.ts";

export async function defencesCommand(
  name: string,
  markdown: boolean,
  flags: Flags,
  io: Io,
): Promise<number> {
  const files = new AttackFiles(io.cwd, flags.out);
  const workshop = openWorkerPool(io, flags, 16);
  const print = (line: string): void => io.err(`${terminalText(line)}\n`);
  let campaign: MatrixRun;
  let found: readonly Weakened[];
  let label: string;
  try {
    const [whole] = await checkAll(workshop, [name], print);
    if (whole === undefined) throw new UserError(`${name}: nothing to look at`);
    label = whole.label;
    const { weakenings } = whole.subject;
    if (weakenings.length === 0) {
      throw new UserError(`${label}: no option says what it weakens; see "weakens" in endpoint.ts`);
    }
    const { given } = whole.name;
    const names = weakenings.map((w) => ({
      ...whole.name,
      given: { ...given, [w.option]: w.value },
    }));
    const weak = await checkNames(workshop, names, print);
    const all = [whole, ...weak];
    const progress = openProgress(
      io,
      all.map((c) => c.label),
      flags,
    );
    campaign = await assessAll(workshop, all, flags, io, progress);
    progress.close();
    const reportOf = (one: Checked) => [...campaign.subjects].find(([, c]) => c === one)?.[0];
    const before = reportOf(whole);
    found = weakenings.flatMap((w, i) => {
      const after = reportOf(weak[i] as Checked);
      return before === undefined || after === undefined ? [] : [weakened(w, before, after)];
    });
  } finally {
    await workshop.close();
  }
  saveAttacks(campaign, files);
  const { runs, seconds, incomplete } = campaign.report;
  const words = { label, weakened: found, runs, seconds, incomplete };
  if (flags.json) io.out(jsonText(jsonOf(label, found, campaign)));
  else if (markdown) io.out(defencesMarkdown(words));
  else {
    const color = flags.color && io.outIsTerminal;
    const replayCommand = files.replayCommand.bind(files);
    io.out(defencesText(words, { color, width: io.columns(), replayCommand }));
  }
  const deviations = found.filter((w) => !isAsDeclared(w)).length;
  return codeOf(campaign, files, deviations, flags, io);
}

function jsonOf(label: string, found: readonly Weakened[], { report }: MatrixRun): unknown {
  return {
    schema: "mallory/defences@1",
    version,
    seed: report.seed,
    protocol: label,
    defences: found.map(({ broken, ...about }) => ({
      ...about,
      asDeclared: isAsDeclared({ broken, ...about }),
      broken: broken.map((v) => ({
        guarantee: v.guarantee,
        capability: v.capability,
        because: v.because,
        steps: v.finding?.steps ?? [],
      })),
    })),
    runs: report.runs,
    seconds: report.seconds,
    ...(report.incomplete === undefined ? {} : { incomplete: report.incomplete }),
  };
}

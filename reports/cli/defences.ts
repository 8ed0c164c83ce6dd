/** `mallory defences`: switches off one defence after another, and says what breaks. */

import { jsonText } from "../../harness/json-text.ts";
import { type AssessedDefences, assessDefences } from "../../harness/runner/assess-defences.ts";
import type { MatrixRun } from "../../harness/runner/matrix-run.ts";
import type { Observer, RunnerSettings } from "../../harness/runner/settings.ts";
import { version } from "../../harness/runner/version.ts";
import { isAsDeclared, type Weakened } from "../../harness/search/defences.ts";
import { defencesMarkdown, defencesText } from "../defences-text.ts";
import { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { codeOf, saveAttacks } from "./matrix.ts";
import { supervised } from "./supervise.ts";

export async function defencesCommand(
  name: string,
  markdown: boolean,
  flags: Flags,
  io: Io,
): Promise<number> {
  const files = new AttackFiles(io.cwd, flags.out);
  const work = (settings: RunnerSettings, observer: Observer): Promise<AssessedDefences> =>
    assessDefences(name, settings, observer);
  const { label, run, weakened } = await supervised(flags, io, work, { announced: false });
  saveAttacks(run, files);
  const { runs, seconds, incomplete } = run.report;
  const words = { label, weakened, runs, seconds, incomplete };
  if (flags.json) io.out(jsonText(jsonOf(label, weakened, run)));
  else if (markdown) io.out(defencesMarkdown(words));
  else {
    const color = flags.color && io.outIsTerminal;
    const replayCommand = files.replayCommand.bind(files);
    io.out(defencesText(words, { color, width: io.columns(), replayCommand }));
  }
  const deviations = weakened.filter((w) => !isAsDeclared(w)).length;
  return codeOf(run, files, deviations, flags, io);
}

function jsonOf(label: string, weakened: readonly Weakened[], { report }: MatrixRun): unknown {
  return {
    schema: "mallory/defences@1",
    version,
    seed: report.seed,
    protocol: label,
    defences: weakened.map(({ broken, ...about }) => ({
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

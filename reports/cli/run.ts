/** `mallory run`: runs scenario files and compares the results with what they expect. */
import pc from "picocolors";
import type { Comparison } from "../../harness/expectation.ts";
import { UserError } from "../../harness/input/user-error.ts";
import { jsonText } from "../../harness/json-text.ts";
import {
  runScenarios,
  type ScenarioOutcome,
  type ScenariosRun,
} from "../../harness/runner/run-scenarios.ts";
import { version } from "../../harness/runner/version.ts";
import { observations } from "../../harness/scenario-run.ts";
import { bundledScenarios, scenarioNamed } from "../../scenarios/load.ts";
import type { Scenario } from "../../scenarios/scenario.ts";
import { displayWidth, hanging, padEnd } from "../columns.ts";
import { terminalText } from "../escape.ts";
import { secondsWords } from "../model.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { codeOf, expectedWords, foundWords } from "./matrix.ts";
import { openProgress } from "./progress.ts";
import { abortOnInterrupt, runnerSettings } from "./supervise.ts";

type Outcome = ScenarioOutcome<Scenario>;

/** Runs scenarios, prints the results, and determines the exit code. @throws UserError */
export async function runCommand(
  names: readonly string[],
  { trust }: { readonly trust?: boolean },
  flags: Flags,
  io: Io,
): Promise<number> {
  const { scenarios, failures } = scenariosOf(names, io.cwd);
  const controller = new AbortController();
  const release = abortOnInterrupt(io, controller);
  const view = openProgress(
    io,
    scenarios.map((s) => s.name),
    flags,
  );
  const settings = { ...runnerSettings(flags, io), trust, signal: controller.signal };
  let run: ScenariosRun<Scenario>;
  try {
    const ran = await runScenarios(scenarios, settings, view);
    run = { ...ran, failures: [...failures, ...ran.failures] };
  } finally {
    view.close();
    release();
  }
  const { outcomes } = run;
  if (flags.json) io.out(jsonText(jsonOf(run)));
  else if (outcomes.length > 0 || run.failures.length === 0) io.out(textOf(run, flags, io));
  const deviating = outcomes.filter((o) => !o.asExpected).length;
  return codeOf(run, { problem: undefined }, deviating, flags, io);
}

/** Files that are wrong do not keep the others from being run. @throws UserError if none is left. */
function scenariosOf(
  names: readonly string[],
  cwd: string,
): {
  readonly scenarios: readonly Scenario[];
  readonly failures: ScenariosRun<Scenario>["failures"];
} {
  if (names.length === 0) return { scenarios: bundledScenarios(cwd), failures: [] };
  const scenarios: Scenario[] = [];
  const wrong: UserError[] = [];
  for (const name of new Set(names)) {
    try {
      scenarios.push(scenarioNamed(name, cwd));
    } catch (error) {
      const isFile = /[\\/]|\.ya?ml$/.test(name);
      if (!isFile || !(error instanceof UserError)) throw error;
      wrong.push(error);
    }
  }
  if (scenarios.length === 0 && wrong.length === 1) throw wrong[0];
  return { scenarios, failures: wrong.map(({ message }) => ({ end: "user", message })) };
}

type Colors = ReturnType<typeof pc.createColors>;

/** One row per guarantee: what was expected, what was found. */
function heldLines(held: readonly Comparison[], colors: Colors, width: number): string[] {
  const shown = held.filter((h) => h.expected !== undefined);
  const rows = shown.map((h) => [
    h.guarantee,
    h.expected === undefined ? "" : expectedWords(h.expected),
    foundWords(h),
  ]);
  const heads = ["guarantee", "expected", "found"];
  const widths = heads.map((head, i) =>
    Math.max(displayWidth(head), ...rows.map((row) => displayWidth(row[i] ?? ""))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => padEnd(cell, widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  const lines = rows.flatMap((row, i) => {
    const { asExpected = true, found } = shown[i] ?? {};
    if (asExpected) return [`  ${colors.green("✓")} ${line(row)}`];
    const because = terminalText(found?.because ?? "nobody judged it", 300);
    return [
      colors.bold(colors.red(`  ✗ ${line(row)}`)),
      ...hanging("      ", because, width).map((l) => colors.red(l)),
    ];
  });
  return shown.length === 0 ? [] : [colors.dim(`    ${line(heads)}`), ...lines];
}

function outcomeLines(outcome: Outcome, colors: Colors, width: number): string[] {
  const { scenario, held, seen, steps, ineffective } = outcome;
  const title = `${scenario.name}: ${scenario.title}`;
  const lines = hanging("", terminalText(title, 300), width).map((l) => colors.bold(l));
  steps.forEach((step, i) => {
    lines.push(...hanging(`  ${i + 1}. `, terminalText(`mallory ${step}`, 400), width));
  });
  for (const { index, path, because } of ineffective) {
    const place = scenario.placeOf(["attack", index, ...path]);
    const says = `${place}: move ${index + 1} had no effect: ${because}`;
    lines.push(...hanging("  ✗ ", terminalText(says, 400), width).map((l) => colors.red(l)));
  }
  lines.push(...heldLines(held, colors, width));
  for (const { kind, text, found } of seen) {
    const says = `${kind} “${terminalText(text, 100)}”`;
    lines.push(found ? `  ${colors.green("✓")} ${says}` : colors.red(`  ✗ never ${says}`));
  }
  return [...lines, ""];
}

function textOf(
  { outcomes, failures, seconds, reason }: ScenariosRun<Scenario>,
  flags: Flags,
  io: Io,
): string {
  const colors = pc.createColors(flags.color && io.outIsTerminal);
  const lines = outcomes.flatMap((o) => outcomeLines(o, colors, io.columns()));
  const wrong = outcomes.filter((o) => !o.asExpected);
  const names = wrong.map((o) => o.scenario.name).join(", ");
  const all = outcomes.length + failures.length;
  const counts = `${outcomes.length - wrong.length} of ${all} scenarios as expected`;
  const rest = wrong.length === 0 ? "" : `; not: ${names}`;
  const failed = failures.length === 0 ? "" : `; ${failures.length} could not be run`;
  const summary = `${counts}, ${secondsWords(seconds)}${rest}${failed}`;
  const fine = outcomes.length - wrong.length === all;
  lines.push(fine ? colors.green(summary) : colors.red(summary));
  if (reason !== undefined) lines.push(colors.yellow(`Incomplete: ${reason}`));
  return `${lines.join("\n")}\n`;
}

function jsonOf({ outcomes, seconds, reason }: ScenariosRun<Scenario>): unknown {
  return {
    schema: "mallory/run@1",
    version,
    scenarios: outcomes.map((o) => ({
      name: o.scenario.name,
      title: o.scenario.title,
      file: o.scenario.file,
      protocol: o.scenario.protocol,
      asExpected: o.asExpected,
      guarantees: o.held.map((h) => ({
        guarantee: h.guarantee,
        expected: h.expected ?? null,
        found:
          h.found === undefined
            ? null
            : {
                verdict: h.found.verdict,
                capability: h.found.capability,
                layer: h.found.layer?.verdict ?? null,
                because: h.found.because,
              },
        asExpected: h.asExpected,
      })),
      ...Object.fromEntries(
        observations.map((kind) => [
          kind,
          o.seen.filter((one) => one.kind === kind).map(({ text, found }) => ({ text, found })),
        ]),
      ),
      digest: o.digest,
    })),
    seconds,
    ...(reason === undefined ? {} : { incomplete: reason }),
  };
}

/** Scenario files are not protocols, but are easily confused with them. @throws UserError */
export function refuseProtocols(names: readonly string[]): void {
  const code = names.find((name) => /\.[cm]?[jt]s([?#]|$)/.test(name));
  if (code === undefined) return;
  throw new UserError(`${code}: is a protocol; use: npx mallory matrix ${code}`);
}

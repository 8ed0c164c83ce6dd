/** `mallory run`: runs scenario files and holds what comes out against what they expect. */
import pc from "picocolors";
import { type Comparison, compare, type Found } from "../../harness/expectation.ts";
import { type ProtocolName, parseProtocolName } from "../../harness/input/protocol-reference.ts";
import { UserError } from "../../harness/input/user-error.ts";
import { jsonText } from "../../harness/json-text.ts";
import { interruptedReason, openWorkerPool, Stopper } from "../../harness/runner/assess-all.ts";
import { version } from "../../harness/runner/version.ts";
import type { Failure, Job, WorkerPool } from "../../harness/runner/worker-pool.ts";
import { observations, type ScenarioResult } from "../../harness/scenario-run.ts";
import type { MatrixProgress } from "../../harness/verdict.ts";
import { bundledScenarios, scenarioNamed } from "../../scenarios/load.ts";
import type { Scenario } from "../../scenarios/scenario.ts";
import { displayWidth, hanging, padEnd } from "../columns.ts";
import { terminalText } from "../escape.ts";
import { secondsWords } from "../model.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { codeOf, expectedWords, foundWords } from "./matrix.ts";
import { openProgress, type ProgressView } from "./progress.ts";

/** How a scenario came out. */
interface Told {
  readonly scenario: Scenario;
  readonly held: readonly Comparison[];
  readonly seen: ScenarioResult["seen"];
  readonly steps: readonly string[];
  readonly idle: readonly number[];
  readonly digest: string | null;
  readonly asExpected: boolean;
}

function nameIn(scenario: Scenario): ProtocolName {
  const name = parseProtocolName(scenario.protocol);
  return { ...name, given: { ...name.given, ...scenario.options } };
}

export async function runCommand(names: readonly string[], flags: Flags, io: Io): Promise<number> {
  const scenarios =
    names.length === 0
      ? bundledScenarios(io.cwd)
      : [...new Set(names)].map((name) => scenarioNamed(name, io.cwd));
  const workshop = openWorkerPool(io, flags, scenarios.length);
  const startedMs = io.now();
  const stopper = new Stopper();
  const release = io.onInterrupt(() => stopper.stop(interruptedReason));
  const view = openProgress(
    io,
    scenarios.map((s) => s.name),
    flags,
  );
  const failures: Failure[] = [];
  const told: Told[] = [];
  try {
    const jobs = scenarios.map((s) => startOne(workshop, s, view, stopper, flags));
    const results = await Promise.all(jobs);
    for (const result of results) {
      if (result === undefined) continue;
      if ("held" in result) told.push(result);
      else failures.push(result);
    }
  } finally {
    view.close();
    release();
    await workshop.close();
  }
  const seconds = Math.round(io.now() - startedMs) / 1000;
  if (flags.json) io.out(jsonText(jsonOf(told, stopper.reason, seconds)));
  else io.out(textOf(told, seconds, stopper.reason, flags, io));
  const deviating = told.filter((t) => !t.asExpected).length;
  const interrupted = stopper.reason === interruptedReason;
  return codeOf({ failures, interrupted }, { problem: undefined }, deviating, flags, io);
}

/** @returns `undefined` if it was stopped before it began. */
async function startOne(
  workshop: WorkerPool,
  scenario: Scenario,
  view: ProgressView,
  stopper: Stopper,
  flags: Flags,
): Promise<Told | Failure | undefined> {
  const name = nameIn(scenario);
  const print = (line: string): void => view.note(`${scenario.name} prints: ${line}`);
  const progress = (event: MatrixProgress): void => {
    if (event.kind !== "finished") view.progress({ ...event, name: scenario.name });
  };
  const listener = { print, progress };
  const { run, seed, expect } = scenario;
  const follow = <K extends "assess" | "scenario">(job: Job<K>): Job<K> => {
    stopper.onStop(() => job.stop());
    return job;
  };
  const blame = (failure: Failure): Failure =>
    failure.end === "user"
      ? { ...failure, message: `${scenario.file}: ${failure.message}` }
      : failure;
  let told: Told;
  if (run === undefined) {
    const settings = { seed };
    const result = await follow(workshop.run("assess", name, { settings }, listener)).result;
    if (result.end === "stopped") return undefined;
    if (result.end !== "done") return blame(result);
    const partly = stopper.reason !== undefined;
    told = tell(scenario, { verdicts: result.answer.verdicts, partly });
    view.progress({ kind: "finished", report: { ...result.answer, name: scenario.name } });
  } else {
    const ask = { run, seed, expect };
    const result = await follow(workshop.run("scenario", name, ask, listener)).result;
    if (result.end === "stopped") return undefined;
    if (result.end !== "done") return blame(result);
    told = tell(scenario, { ...result.answer, partly: false });
    view.done(scenario.name);
  }
  if (!told.asExpected && flags.bail) stopper.stop("stopped at the first deviation (--bail)");
  return told;
}

function tell(
  scenario: Scenario,
  result: Partial<ScenarioResult> & {
    readonly verdicts: readonly Found[];
    readonly partly: boolean;
  },
): Told {
  const held = compare(scenario.expect, result.verdicts, result.partly);
  const seen = result.seen ?? [];
  return {
    scenario,
    held,
    seen,
    steps: result.steps ?? [],
    idle: result.idle ?? [],
    digest: result.digest ?? null,
    asExpected: held.every((h) => h.asExpected) && seen.every((one) => one.found),
  };
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

function toldLines(told: Told, colors: Colors, width: number): string[] {
  const { scenario, held, seen, steps, idle } = told;
  const title = `${scenario.name}: ${scenario.title}`;
  const lines = hanging("", terminalText(title, 300), width).map((l) => colors.bold(l));
  steps.forEach((step, i) => {
    lines.push(...hanging(`  ${i + 1}. `, terminalText(`mallory ${step}`, 400), width));
  });
  for (const i of idle) {
    const says = `  move ${i + 1} had no effect: there is no such packet or process`;
    lines.push(colors.yellow(says));
  }
  lines.push(...heldLines(held, colors, width));
  for (const { kind, text, found } of seen) {
    const says = `${kind} “${terminalText(text, 100)}”`;
    lines.push(found ? `  ${colors.green("✓")} ${says}` : colors.red(`  ✗ never ${says}`));
  }
  return [...lines, ""];
}

function textOf(
  told: readonly Told[],
  seconds: number,
  reason: string | undefined,
  flags: Flags,
  io: Io,
): string {
  const colors = pc.createColors(flags.color && io.outIsTerminal);
  const lines = told.flatMap((t) => toldLines(t, colors, io.columns()));
  const wrong = told.filter((t) => !t.asExpected);
  const names = wrong.map((t) => t.scenario.name).join(", ");
  const counts = `${told.length - wrong.length} of ${told.length} scenarios as expected`;
  const rest = wrong.length === 0 ? "" : `; not: ${names}`;
  const summary = `${counts}, ${secondsWords(seconds)}${rest}`;
  lines.push(wrong.length === 0 ? colors.green(summary) : colors.red(summary));
  if (reason !== undefined) lines.push(colors.yellow(`Incomplete: ${reason}`));
  return `${lines.join("\n")}\n`;
}

function jsonOf(told: readonly Told[], incomplete: string | undefined, seconds: number): unknown {
  return {
    schema: "mallory/run@1",
    version,
    scenarios: told.map((t) => ({
      name: t.scenario.name,
      title: t.scenario.title,
      file: t.scenario.file,
      protocol: t.scenario.protocol,
      asExpected: t.asExpected,
      guarantees: t.held.map((h) => ({
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
          t.seen.filter((one) => one.kind === kind).map(({ text, found }) => ({ text, found })),
        ]),
      ),
      digest: t.digest,
    })),
    seconds,
    ...(incomplete === undefined ? {} : { incomplete }),
  };
}

/** Scenario files are no protocols, and somebody will mix them up. */
export function refuseProtocols(names: readonly string[]): void {
  const code = names.find((name) => /\.[cm]?[jt]s([?#]|$)/.test(name));
  if (code === undefined) return;
  throw new UserError(`${code}: is a protocol; use: npx mallory matrix ${code}`);
}

/** Runs scenarios, and holds what comes out against what they expect. */
import type { OptionValues } from "../../protocol/endpoint.ts";
import { type Comparison, compare, type Expectation, type Found } from "../expectation.ts";
import type { IneffectiveMove } from "../ineffective-moves.ts";
import type { DataPath } from "../input/diagnostic.ts";
import { parseProtocolName } from "../input/protocol-reference.ts";
import type { ScenarioResult, ScenarioRun } from "../scenario-run.ts";
import type { LabelledProtocol } from "./checked-protocol.ts";
import { isFromElsewhere } from "./code-from-elsewhere.ts";
import {
  type CompleteSettings,
  completeSettings,
  type Observer,
  type RunnerSettings,
  withWorkerPool,
} from "./settings.ts";
import { Stopper } from "./stopper.ts";
import { startStopwatch } from "./stopwatch.ts";
import type { Failure, Job, WorkerPool } from "./worker-pool.ts";

/** As much of a scenario as it takes to run it. */
export interface RunnableScenario {
  readonly name: string;
  /** For messages. */
  readonly file: string;
  readonly protocol: string;
  /** Beside or instead of those in the protocol's name. */
  readonly options: OptionValues;
  readonly seed: string;
  readonly expect: ReadonlyMap<string, Expectation>;
  /** The one run it is about; `undefined`: the whole catalogue of attacks. */
  readonly run: ScenarioRun | undefined;
  /** Where a part of it stands, as `file:line:column`. */
  placeOf?(path: DataPath): string;
}

/** How a scenario came out. */
export interface ScenarioOutcome<S> {
  readonly scenario: S;
  readonly held: readonly Comparison[];
  readonly seen: ScenarioResult["seen"];
  readonly steps: readonly string[];
  readonly ineffective: readonly IneffectiveMove[];
  readonly digest: string | null;
  readonly asExpected: boolean;
}

export interface ScenariosRun<S> {
  /** In the order of the scenarios, without those that failed or were stopped. */
  readonly outcomes: readonly ScenarioOutcome<S>[];
  readonly failures: readonly Failure[];
  /** Why it ended before its time, if it did. */
  readonly reason: string | undefined;
  /** Did the caller's signal end it? */
  readonly interrupted: boolean;
  readonly seconds: number;
}

/** A scenario itself says what is tried, and with which seed. */
export interface ScenarioSettings
  extends Pick<
    RunnerSettings,
    "workers" | "cwd" | "stuckMs" | "bail" | "pool" | "signal" | "settingNames"
  > {
  /** Runs code from elsewhere, too: from neither the folder of the scenario nor the working one. */
  readonly trust?: boolean | undefined;
}

/**
 * Scenarios that fail do not keep the others from being run; their failures are in the result.
 * @throws UserError if the name of a protocol cannot be read.
 */
export async function runScenarios<S extends RunnableScenario>(
  scenarios: readonly S[],
  settings: ScenarioSettings = {},
  observer: Observer = {},
): Promise<ScenariosRun<S>> {
  const complete = completeSettings(settings);
  const seconds = startStopwatch();
  const stopper = new Stopper(complete);
  try {
    const results = await withWorkerPool(complete, scenarios.length, (pool) =>
      Promise.all(
        scenarios.map(
          (s) =>
            (settings.trust === true ? undefined : refusal(s, complete)) ??
            runOne(pool, s, complete, observer, stopper),
        ),
      ),
    );
    const known = results.filter((r) => r !== undefined);
    return {
      outcomes: known.filter((r) => "held" in r),
      failures: known.filter((r) => "end" in r),
      reason: stopper.reason,
      interrupted: stopper.interrupted,
      seconds: seconds(),
    };
  } finally {
    stopper.close();
  }
}

/** Whoever writes a scenario for others says with it what runs on their computers. */
function refusal(
  { file, protocol, placeOf }: RunnableScenario,
  { cwd, settingNames }: CompleteSettings,
): Failure | undefined {
  const code = parseProtocolName(protocol).file;
  if (code === undefined || !isFromElsewhere(file, code, cwd)) return undefined;
  const place = placeOf?.(["protocol"]) ?? file;
  const why = "which lies neither below this folder nor below the scenario's";
  const advice = `look at it, then add ${settingNames.trust}`;
  return {
    end: "user",
    message: `${place}: names code from elsewhere, ${code}, ${why}; ${advice}`,
  };
}

/** @returns `undefined` if it was stopped before it began. */
async function runOne<S extends RunnableScenario>(
  pool: WorkerPool,
  scenario: S,
  { bail, settingNames }: CompleteSettings,
  observer: Observer,
  stopper: Stopper,
): Promise<ScenarioOutcome<S> | Failure | undefined> {
  const protocol = protocolOf(scenario);
  const { run, seed, expect } = scenario;
  const listener = {
    print: (line: string) => observer.note?.(`${scenario.name} prints: ${line}`),
    progress: observer.progress?.bind(observer),
  };
  const follow = <K extends "assess" | "scenario">(job: Job<K>): Job<K>["result"] => {
    stopper.onStop(() => job.stop());
    return job.result;
  };
  let outcome: ScenarioOutcome<S>;
  if (run === undefined) {
    const result = await follow(pool.run("assess", protocol, { settings: { seed } }, listener));
    if (result.end === "stopped") return undefined;
    if (result.end !== "done") return namingFile(result, scenario);
    const partly = stopper.reason !== undefined;
    outcome = outcomeOf(scenario, { verdicts: result.answer.verdicts }, partly);
    observer.progress?.({ kind: "finished", report: { ...result.answer, name: scenario.name } });
  } else {
    const result = await follow(pool.run("scenario", protocol, { run, seed, expect }, listener));
    if (result.end === "stopped") return undefined;
    if (result.end !== "done") return namingFile(result, scenario);
    outcome = outcomeOf(scenario, result.answer, false);
    observer.done?.(scenario.name);
  }
  if (!outcome.asExpected && bail) {
    stopper.stop(`stopped at the first deviation (${settingNames.bail})`);
  }
  return outcome;
}

function protocolOf({ name: label, protocol, options }: RunnableScenario): LabelledProtocol {
  const name = parseProtocolName(protocol);
  return { name: { ...name, given: { ...name.given, ...options } }, label };
}

const namingFile = (failure: Failure, { file }: RunnableScenario): Failure =>
  failure.end !== "lab" ? { ...failure, message: `${file}: ${failure.message}` } : failure;

/** @param partly not everything was tried that stands behind an expectation. */
function outcomeOf<S extends RunnableScenario>(
  scenario: S,
  result: Partial<ScenarioResult> & { readonly verdicts: readonly Found[] },
  partly: boolean,
): ScenarioOutcome<S> {
  const held = compare(scenario.expect, result.verdicts, partly);
  const seen = result.seen ?? [];
  const ineffective = result.ineffective ?? [];
  return {
    scenario,
    held,
    seen,
    steps: result.steps ?? [],
    ineffective,
    digest: result.digest ?? null,
    asExpected:
      held.every((h) => h.asExpected) && seen.every((one) => one.found) && ineffective.length === 0,
  };
}

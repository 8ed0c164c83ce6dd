/**
 * What `import … from "mallory"` gives; nothing else of the lab is public.
 *
 *     import { assess, matrixText } from "mallory";
 *     import { protocol } from "./my-protocol.js";
 *
 *     console.log(matrixText(assess(protocol)));
 *
 * Everything here is synchronous, runs in the thread that calls it, and gives the same result for
 * the same arguments. A protocol that misuses the interface throws `ProtocolError`, and arguments
 * that make no sense `UserError`; either message is one line for people.
 */
import type { Attack, Capability } from "./attacker/move.ts";
import { strategies } from "./attacker/strategies/catalog.ts";
import type { Strategy } from "./attacker/strategies/strategy.ts";
import { guarantees } from "./harness/guarantees/catalog.ts";
import type { Guarantee, Judgement } from "./harness/guarantees/guarantee.ts";
import {
  checkCapabilities,
  checkGuarantees,
  fillOptions,
  withWeaker,
} from "./harness/input/protocol-reference.ts";
import { UserError } from "./harness/input/user-error.ts";
import { parseReplayFile, type ReplayResult, runAgain } from "./harness/replay.ts";
import { simulate as runPlan } from "./harness/run/simulate.ts";
import { ContractMonitor } from "./harness/runner/contract-monitor.ts";
import { guarded } from "./harness/runner/guarded-protocol.ts";
import { protocolComplaint, resemblesProtocol } from "./harness/runner/protocol-shape.ts";
import { version } from "./harness/runner/version.ts";
import { Watchdog } from "./harness/runner/watchdog.ts";
import { assess as assessSubject } from "./harness/search/assess.ts";
import type { SearchSettings, Watch } from "./harness/search/campaign-settings.ts";
import { explore as exploreSubject } from "./harness/search/explore.ts";
import { type FuzzResult, fuzz as fuzzSubject } from "./harness/search/fuzz.ts";
import { Baselines, judge as judgeRun } from "./harness/search/judge-run.ts";
import { defaultSeed, planOf, type Subject } from "./harness/subject.ts";
import type { NetworkConditions, Trace } from "./harness/trace/trace.ts";
import type { Finding, MatrixReport, ProtocolReport, SavedAttack } from "./harness/verdict.ts";
import type { OptionValues, Protocol } from "./protocol/endpoint.ts";
import { type DocumentOptions, matrixHtml as htmlOf } from "./reports/html.ts";
import { matrixJson as jsonOf } from "./reports/json.ts";
import { matrixMarkdown as markdownOf } from "./reports/markdown.ts";
import { type MatrixTextOptions, matrixText as textOf } from "./reports/text.ts";

// --- what a protocol is made of ------------------------------------------------------------------

export type * from "./protocol/endpoint.ts";
export { broadcast, InvariantError, MisuseError, rejectReasons } from "./protocol/endpoint.ts";
export { concat, equalBytes, fromHex, hex, text, utf8 } from "./protocol/kit/bytes.ts";
export type {
  CryptoKit,
  Encoding,
  FiniteField,
  Group,
  HkdfParameters,
  KeyPair,
} from "./protocol/kit/crypto.ts";
export type { Element, Json, ReadJson } from "./protocol/kit/structures.ts";
export {
  bytesIn,
  readElements,
  readJson,
  writeElements,
  writeJson,
} from "./protocol/kit/structures.ts";

// --- what is known about it afterwards -----------------------------------------------------------

export type {
  Attack,
  Capability,
  Edit,
  FieldPath,
  Moment,
  Move,
  PacketRef,
} from "./attacker/move.ts";
export { capabilities } from "./attacker/move.ts";
export type {
  Candidate,
  Scene,
  SeenPacket,
  SeenProcess,
  SeenValue,
  Strategy,
} from "./attacker/strategies/strategy.ts";
export type {
  Baseline,
  Guarantee,
  Judgement,
  Violation,
} from "./harness/guarantees/guarantee.ts";
export { UserError } from "./harness/input/user-error.ts";
export type { ReplayResult, TraceDifference } from "./harness/replay.ts";
export { calmNetwork, lossyNetwork } from "./harness/run/network/conditions.ts";
export { ProtocolError } from "./harness/run/protocol-error.ts";
export { version } from "./harness/runner/version.ts";
export type { Watch } from "./harness/search/campaign-settings.ts";
export type { Checkpoint, FuzzResult } from "./harness/search/fuzz.ts";
export { shrink } from "./harness/search/shrink.ts";
export type {
  NetworkConditions,
  Packet,
  PlannedOutcome,
  ProcessId,
  ProcessInfo,
  RunPlan,
  Trace,
  TraceEvent,
} from "./harness/trace/trace.ts";
export type {
  Finding,
  GuaranteeVerdict,
  HonestRun,
  Layer,
  MatrixProgress,
  MatrixReport,
  MessageSequence,
  ProtocolReport,
  SavedAttack,
  SequenceStep,
  Status,
} from "./harness/verdict.ts";
export type { OpRecord } from "./protocol/kit/operations.ts";

// --- searches ------------------------------------------------------------------------------------

export interface Settings {
  /** Decides all randomness: the same seed, the same result. */
  readonly seed?: string | undefined;
  /** Only these guarantees (ids); default: all. */
  readonly guarantees?: readonly string[] | undefined;
  /** Only attackers with these capabilities, or less; default: all. */
  readonly capabilities?: readonly Capability[] | undefined;
  /** At most so many runs; what is left untried makes `holds` an `unknown`. Default: no limit. */
  readonly budgetRuns?: number | undefined;
  /** Only the first so many sessions of the workload; default: all. */
  readonly sessions?: number | undefined;
  /**
   * What saved attacks call the protocol. With the path of its file, such as `./mine.ts#protocol`,
   * the command line can replay them. Default: the name of the protocol.
   */
  readonly source?: string | undefined;
  /** Follows the search, and can end it. */
  readonly watch?: Watch | undefined;
}

export interface ExploreSettings extends Settings {
  /** Every attack of up to so many moves is tried; default: 2. */
  readonly depth?: number | undefined;
}

export interface FuzzSettings extends Settings {
  /** How many attacks are drawn; default: 10000. */
  readonly runs?: number | undefined;
  /** Attacks that were worth keeping last time; they are tried first. */
  readonly corpus?: readonly Attack[] | undefined;
}

const defaultDepth = 2;
const defaultFuzzRuns = 10_000;

/** Holds every guarantee against every generic attack: what `mallory matrix` does. */
export function assess(
  protocol: Protocol,
  options: OptionValues = {},
  settings: Settings = {},
): ProtocolReport {
  const search: Search<ProtocolReport> = (subject, limits, watch) =>
    assessSubject(subject, limits, watch);
  return named(watched(protocol, options, settings, search), protocol, settings);
}

/** Tries every attack of up to `depth` moves. */
export function explore(
  protocol: Protocol,
  options: OptionValues = {},
  settings: ExploreSettings = {},
): ProtocolReport {
  const { depth = defaultDepth } = settings;
  const search: Search<ProtocolReport> = (subject, limits, watch) =>
    exploreSubject(subject, { ...limits, depth }, watch);
  return named(watched(protocol, options, settings, search), protocol, settings);
}

/** Tries random attacks, and grows those that lead on. */
export function fuzz(
  protocol: Protocol,
  options: OptionValues = {},
  settings: FuzzSettings = {},
): FuzzResult {
  const { runs = defaultFuzzRuns, corpus = [] } = settings;
  const search: Search<FuzzResult> = (subject, limits, watch) =>
    fuzzSubject(subject, { ...limits, fuzzRuns: runs, corpus }, watch);
  const result = watched(protocol, options, settings, search);
  return { ...result, report: named(result.report, protocol, settings) };
}

// --- single runs ---------------------------------------------------------------------------------

export interface RunSettings {
  readonly attack?: Attack | undefined;
  /** Default: calm. */
  readonly network?: NetworkConditions | undefined;
  /** Name of a workload; default: `default`, the protocol's own. */
  readonly workload?: string | undefined;
  readonly seed?: string | undefined;
  readonly source?: string | undefined;
}

/** Makes one run. The same arguments give the same trace, byte for byte. */
export function simulate(
  protocol: Protocol,
  options: OptionValues = {},
  settings: RunSettings = {},
): Trace {
  const { source, ...choice } = settings;
  const plan = Object.fromEntries(Object.entries(choice).filter(([, v]) => v !== undefined));
  return guardedCall(protocol, options, source, (subject) => runPlan(planOf(subject, plan)));
}

/**
 * Runs a saved attack or trace again, and says whether the run is the same.
 * @param saved the attack of a finding, or the content of an attack file (.json) or trace (.jsonl);
 *   it holds the options as well.
 */
export function replay(protocol: Protocol, saved: SavedAttack | string): ReplayResult {
  const shown = "the saved run";
  const file = parseReplayFile(shown, typeof saved === "string" ? saved : JSON.stringify(saved));
  const { source, given } = file.run.name;
  return guardedCall(protocol, given, source, (subject) => runAgain(shown, file, subject));
}

/** Holds one run against one guarantee, which may be one of your own. */
export function judge(guarantee: Guarantee, trace: Trace): Judgement {
  const { protocol, options, source, seed } = trace.plan;
  return judgeRun(guarantee, trace, new Baselines({ protocol, options, source }, seed));
}

/** The guarantees and strategies that searches use, in the order of reports. */
export { guarantees, strategies };
/** Gives a guarantee of your own its type. */
export const defineGuarantee = <const G extends Guarantee>(guarantee: G): G => guarantee;
/** Gives a strategy of your own its type. */
export const defineStrategy = <const S extends Strategy>(strategy: S): S => strategy;

/** The harness knows only what saved attacks call the protocol, and takes it for a bundled one. */
const named = (
  report: ProtocolReport,
  { name }: Protocol,
  { source }: Settings,
): ProtocolReport => ({
  ...report,
  name,
  source: source ?? name,
});

type Search<R> = (subject: Subject, limits: SearchSettings, watch: Watch) => R;

function watched<R>(
  protocol: Protocol,
  options: OptionValues,
  settings: Settings,
  search: Search<R>,
): R {
  const { watch = {}, source, seed = defaultSeed, budgetRuns, sessions } = settings;
  const limits = {
    seed,
    ...(settings.guarantees === undefined
      ? {}
      : { guarantees: checkGuarantees(settings.guarantees) }),
    ...(settings.capabilities === undefined
      ? {}
      : { capabilities: withWeaker(checkCapabilities(settings.capabilities)) }),
    ...(budgetRuns === undefined ? {} : { budgetRuns }),
    ...(sessions === undefined ? {} : { sessions }),
  };
  return guardedCall(protocol, options, source, (subject, check) =>
    search(subject, limits, {
      ...watch,
      beat(what) {
        check();
        watch.beat?.(what);
      },
    }),
  );
}

/** Has a protocol checked before it is used, and while it is. @throws UserError, ProtocolError */
function guardedCall<R>(
  protocol: Protocol,
  options: OptionValues,
  source: string | undefined,
  use: (subject: Subject, check: () => void) => R,
): R {
  const complaint = resemblesProtocol(protocol) ? protocolComplaint(protocol) : "it has no deploy";
  if (complaint !== undefined) throw new UserError(`this is not a Protocol: ${complaint}`);
  const monitor = new ContractMonitor(new Watchdog());
  const filled = fillOptions(protocol.name, protocol.options, options);
  const subject = { protocol: guarded(protocol, monitor), options: filled };
  const check = (): void => monitor.throwContractViolation();
  const result = use({ ...subject, source: source ?? protocol.name }, check);
  check();
  return result;
}

// --- reports -------------------------------------------------------------------------------------

/** What can be shown: one report, several, or what `matrixOf` makes of them. */
export type Reports = ProtocolReport | readonly ProtocolReport[] | MatrixReport;

/** Several reports as one. @param seed the one that they were made with. */
export function matrixOf(reports: Reports, seed = defaultSeed): MatrixReport {
  if ("protocols" in reports) return reports;
  const protocols = "verdicts" in reports ? [reports] : reports;
  const runs = protocols.reduce((sum, { runs }) => sum + runs, 0);
  return { schema: "mallory/matrix@1", seed, version, protocols, runs, seconds: 0 };
}

export type { DocumentOptions, MatrixTextOptions };

const replayCommand = (): string => "replay(protocol, finding.attack)";
const statement = (id: string): string | undefined =>
  guarantees.find((g) => g.id === id)?.statement;

/** One self-contained page. */
export const matrixHtml = (reports: Reports, options: Partial<DocumentOptions> = {}): string =>
  htmlOf(matrixOf(reports), { replayCommand, statement, ...options });

export const matrixMarkdown = (reports: Reports, options: Partial<DocumentOptions> = {}): string =>
  markdownOf(matrixOf(reports), { replayCommand, statement, ...options });

/** Plain data for programs. @param attackFile where an attack was saved, if it was. */
export const matrixJson = (
  reports: Reports,
  attackFile: (finding: Finding) => string | null = () => null,
): unknown => jsonOf(matrixOf(reports), attackFile);

/** For a terminal. */
export const matrixText = (reports: Reports, options: Partial<MatrixTextOptions> = {}): string =>
  textOf(matrixOf(reports), { color: false, width: 100, replayCommand, ...options });

/** `mallory matrix`: all guarantees of some protocols under all generic attackers. */

import { type Comparison, compare, type Expectation } from "../../harness/expectation.ts";
import { jsonText } from "../../harness/json-text.ts";
import { assessAll } from "../../harness/runner/assess-all.ts";
import type { CheckedProtocol } from "../../harness/runner/checked-protocol.ts";
import type { MatrixRun } from "../../harness/runner/matrix-run.ts";
import type { Failure } from "../../harness/runner/worker-pool.ts";
import type { MatrixReport, ProtocolReport } from "../../harness/verdict.ts";
import { bundledScenarios, expectationFor } from "../../scenarios/load.ts";
import { terminalText } from "../escape.ts";
import { matrixJson } from "../json.ts";
import { matrixText } from "../text.ts";
import { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import { exitCode, type Io, worstOf } from "./io.ts";
import { ownerOf, saving } from "./saving.ts";
import { supervised } from "./supervise.ts";

/** Assesses protocols with progress on the terminal, and saves attacks. @throws UserError, OwnError */
export async function assessAndSave(
  names: readonly string[],
  flags: Flags,
  io: Io,
): Promise<{ readonly run: MatrixRun; readonly files: AttackFiles }> {
  const files = new AttackFiles(io.cwd, flags.out);
  const run = await supervised(flags, io, async (settings, observer) => {
    const left = names.length > 0 || flags.quiet ? [] : await namesLeftOut();
    const begin = (protocols: readonly CheckedProtocol[]): void => {
      observer.begin?.(protocols);
      if (left.length === 0) return;
      const named = left.join(", ");
      io.err(`assessed only by name: ${named}\n`);
    };
    return assessAll(names, settings, saving(files, { ...observer, begin }));
  });
  saveAttacks(run, files);
  return { run, files };
}

/** Bundled protocols that are assessed only when they are named. */
async function namesLeftOut(): Promise<readonly string[]> {
  const { byNameOnly } = await import("../../protocol/catalog.ts");
  return byNameOnly.map((p) => p.name);
}

/** Saves the attacks behind everything that is broken. */
export function saveAttacks(
  { report, subjects }: Pick<MatrixRun, "report" | "subjects">,
  files: AttackFiles,
): void {
  for (const protocol of report.protocols) {
    const one = subjects.get(protocol);
    if (one === undefined) continue;
    for (const verdict of protocol.verdicts) files.save(ownerOf(one), verdict, true);
  }
}

/**
 * The report for people: where two files hold protocols of the same name, such as two versions of
 * one, their paths distinguish them.
 */
export function shownReport({ report, subjects }: MatrixRun): MatrixReport {
  const same = (a: ProtocolReport, b: ProtocolReport): boolean =>
    a.name === b.name && JSON.stringify(a.options) === JSON.stringify(b.options);
  const protocols = report.protocols.map((p) => {
    const twins = report.protocols.filter((other) => same(p, other)).length > 1;
    return twins ? { ...p, name: subjects.get(p)?.name.source ?? p.name } : p;
  });
  return { ...report, protocols };
}

export async function matrixCommand(
  names: readonly string[],
  flags: Flags,
  io: Io,
): Promise<number> {
  const { run, files } = await assessAndSave(names, flags, io);
  const { report } = run;
  const deviations = deviationsOf(run, partial(run, flags), flags, io);
  if (flags.json) io.out(jsonText(matrixJson(report, (finding) => files.pathOf(finding))));
  else if (report.protocols.length > 0) {
    const replayCommand = files.replayCommand.bind(files);
    const color = flags.color && io.outIsTerminal;
    io.out(matrixText(shownReport(run), { color, width: io.columns(), replayCommand }));
  }
  if (report.protocols.length === 0 && run.interrupted) {
    io.err(`${terminalText(report.incomplete ?? "")}\n`);
  }
  const print = flags.json ? io.err : io.out;
  for (const deviation of deviations.lines) print.call(io, `${terminalText(deviation)}\n`);
  return codeOf(run, files, deviations.count, flags, io);
}

const codeOfEnd = {
  lab: exitCode.ownError,
  protocol: exitCode.deviates,
  user: exitCode.badInput,
} as const satisfies Record<Failure["end"], number>;

/** Prints what went wrong and finds the exit code. */
export function codeOf(
  { failures, interrupted }: Pick<MatrixRun, "failures" | "interrupted">,
  files: Pick<AttackFiles, "problem">,
  deviations: number,
  flags: Flags,
  io: Io,
): number {
  const codes: number[] = [];
  for (const failure of failures) {
    io.err(
      `${terminalText(failure.end === "lab" ? ownWords(failure, flags, io) : failure.message)}\n`,
    );
    if (flags.debug && failure.stack !== undefined) io.err(`${failure.stack}\n`);
    codes.push(codeOfEnd[failure.end]);
  }
  if (files.problem !== undefined) {
    io.err(`${terminalText(files.problem.message)}\n`);
    codes.push(exitCode.badInput);
  }
  if (deviations > 0) codes.push(exitCode.deviates);
  if (interrupted) codes.push(exitCode.interrupted);
  return worstOf(codes);
}

/** An internal error, with what is needed to reproduce it. */
export function ownWords(
  { message }: { readonly message: string },
  { seed }: Pick<Flags, "seed">,
  { args }: Pick<Io, "args">,
): string {
  const command = ["npx mallory", ...args.filter((a) => a !== "--debug"), "--debug"].join(" ");
  return `internal error: ${message} (seed ${seed}); please report it; repeat it with: ${command}`;
}

interface Deviations {
  readonly count: number;
  readonly lines: readonly string[];
}

/** Was everything tried that the expectations rest on? */
const partial = ({ report }: MatrixRun, flags: Flags): boolean =>
  report.incomplete !== undefined || flags.capabilities !== undefined || flags.bail;

/**
 * What counts as a failure: a broken claim of a user's own protocol, and a bundled protocol, with
 * default options, that is not as its scenario file expects. Other options are for trying out.
 * @param partly not everything that the expectations rest on was tried.
 */
export function deviationsOf(
  { subjects }: Pick<MatrixRun, "subjects">,
  partly: boolean,
  flags: Flags,
  io: Io,
): Deviations {
  const scenarios = bundledScenarios(io.cwd);
  const lines: string[] = [];
  let count = 0;
  let held = 0;
  for (const [report, { name, written, label }] of subjects) {
    if (name.file !== undefined) {
      count += report.verdicts.filter((v) => v.claimed && v.verdict === "broken").length;
      count += report.faults?.length ?? 0;
      continue;
    }
    if (written !== "") continue;
    const scenario = expectationFor(name.source, scenarios);
    if (scenario === undefined) continue;
    const known = new Set(report.verdicts.map((v) => v.guarantee));
    const expect = new Map([...scenario.expect].filter(([id]) => known.has(id)));
    const wrong = compare(expect, report.verdicts, partly).filter((h) => !h.asExpected);
    if (wrong.length === 0) held += 1;
    count += wrong.length;
    lines.push(
      ...wrong.map((h) => `${label} · ${h.guarantee}: ${heldWords(h)} (${scenario.file})`),
    );
  }
  if (held > 0 && lines.length === 0 && !flags.json && !partly) {
    lines.push("Bundled protocols: as their scenario files expect.");
  }
  return { count, lines };
}

export function expectedWords({ verdict, capability, layer }: Expectation): string {
  const by = capability === undefined ? "" : ` ${capability}`;
  return `${verdict}${by}${layer === undefined ? "" : `, layer ${layer}`}`;
}

/** The verdict, in as much detail as the expectation gives. */
export function foundWords({ expected, found }: Comparison): string {
  if (found === undefined) return "not looked at";
  const by = found.capability === null ? "" : ` ${found.capability}`;
  const layer = expected?.layer === undefined ? "" : `, layer ${found.layer?.verdict ?? "unknown"}`;
  return `${found.verdict}${by}${layer}`;
}

function heldWords(held: Comparison): string {
  const { expected, found } = held;
  const wanted = expected === undefined ? "nothing" : expectedWords(expected);
  return `expected ${wanted}, found ${foundWords(held)}: ${found?.because ?? ""}`;
}

/** `mallory replay`: runs a saved attack or trace again and says whether the run is the same. */
import pc from "picocolors";
import { jsonText } from "../../harness/json-text.ts";
import type { ReplayFile, ReplayResult, TraceDifference } from "../../harness/replay.ts";
import { writeOut } from "../../harness/runner/files.ts";
import { type ReplayedFile, replayFile } from "../../harness/runner/replay-file.ts";
import { terminalText } from "../escape.ts";
import { replayText } from "../text.ts";
import type { Flags } from "./flags.ts";
import { exitCode, type Io } from "./io.ts";
import { runnerSettings } from "./supervise.ts";

export async function replayCommand(
  file: string,
  { trace: tracePath, trust }: { readonly trace?: string; readonly trust?: boolean },
  flags: Flags,
  io: Io,
): Promise<number> {
  const note = (line: string): void => {
    if (!flags.quiet) io.err(`${terminalText(line)}\n`);
  };
  const replayed = await replayFile(file, { ...runnerSettings(flags, io), trust }, { note });
  if (replayed === undefined) return exitCode.interrupted;
  if (tracePath !== undefined) writeOut(io.cwd, tracePath, replayed.result.trace, "--trace");
  return tellReplay(file, replayed, flags, io);
}

/** Prints what came of it. @returns the exit code */
export function tellReplay(
  file: string,
  { replay, result }: ReplayedFile,
  flags: Flags,
  io: Io,
): number {
  if (flags.json) io.out(jsonText(jsonOf(file, replay, result)));
  else io.out(textOf(result, flags, io));
  // An attack that breaks nothing is not what was saved, even with the same digest.
  const breaks = replay.kind !== "attack" || result.judged.some((j) => j.because !== undefined);
  return result.same && breaks ? exitCode.asExpected : exitCode.deviates;
}

/** The run in words: for an attack, its guarantee; for a trace, all that is broken in it. */
function textOf(result: ReplayResult, flags: Flags, io: Io): string {
  const [first, ...others] = result.judged;
  const color = flags.color && io.outIsTerminal;
  const colors = pc.createColors(color);
  const text = replayText(
    {
      protocol: { name: result.protocol },
      guarantee: first?.guarantee ?? "all that is judged",
      steps: result.steps,
      ...(result.network === undefined ? {} : { network: result.network }),
      story: result.story,
      ...(first?.because === undefined ? {} : { because: first.because }),
      digest: result.digest,
      expectedDigest: result.recordedDigest,
    },
    { color, width: io.columns() },
  );
  const lines = [
    ...others.map((j) => `also broken: ${j.guarantee}: ${j.because ?? ""}`),
    ...result.ineffective.map((m) => `move ${m.index + 1} had no effect: ${m.because}`),
  ].map((line) => terminalText(line, 400));
  const different = result.difference;
  if (different !== undefined) {
    lines.push(...differenceLines(different).map((l) => colors.red(terminalText(l, 300))));
  }
  return text + lines.map((line) => `${line}\n`).join("");
}

function differenceLines({ line, recorded, found, edited }: TraceDifference): readonly string[] {
  const why = edited
    ? "the file was changed after it was written: its content does not have its digest"
    : "the file is as it was written: the protocol or the lab has changed since";
  return [
    `first difference in line ${line}; ${why}`,
    `  recorded: ${aroundDifference(recorded, found)}`,
    `  found:    ${aroundDifference(found, recorded)}`,
  ];
}

const shownBefore = 30;

/** A long line from shortly before the place where it differs. */
function aroundDifference(line: string, other: string): string {
  let i = 0;
  while (i < line.length && line[i] === other[i]) i += 1;
  const from = Math.max(0, i - shownBefore);
  return `${from > 0 ? "…" : ""}${line.slice(from, from + 110)}`;
}

function jsonOf(file: string, replay: ReplayFile, result: ReplayResult): unknown {
  const { difference } = result;
  return {
    schema: "mallory/replay@1",
    file,
    protocol: result.protocol,
    options: replay.run.name.given,
    moves: replay.run.moves,
    steps: result.steps,
    verdicts: result.judged.map((j) => ({
      guarantee: j.guarantee,
      verdict: j.because === undefined ? "holds" : "broken",
      because: j.because ?? "no violation in this run",
    })),
    digest: result.digest,
    recorded: result.recordedDigest,
    same: result.same,
    ...(difference === undefined
      ? {}
      : { firstDifference: { line: difference.line, edited: difference.edited } }),
  };
}

/** `mallory pcap export`: a run as a capture file, and beside it what Wireshark shows of its bytes. */
import type { RunToRecord } from "../../harness/capture/recording.ts";
import { type ProtocolName, parseProtocolName } from "../../harness/input/protocol-reference.ts";
import { readTextFile } from "../../harness/input/read-file.ts";
import { nearest } from "../../harness/input/suggestions.ts";
import { UserError } from "../../harness/input/user-error.ts";
import { jsonText } from "../../harness/json-text.ts";
import { parseReplayFile } from "../../harness/replay.ts";
import { calmNetwork } from "../../harness/run/network/conditions.ts";
import { isFromElsewhere } from "../../harness/runner/code-from-elsewhere.ts";
import { writeOut } from "../../harness/runner/files.ts";
import { recordRun } from "../../harness/runner/record-run.ts";
import { refuseUntrusted } from "../../harness/runner/replay-file.ts";
import { completeSettings } from "../../harness/runner/settings.ts";
import { bundledScenarios, scenarioNamed } from "../../scenarios/load.ts";
import type { Scenario } from "../../scenarios/scenario.ts";
import { type CaptureFormat, captureFormats, captureOf } from "../capture/write/capture.ts";
import { terminalText } from "../escape.ts";
import { shellWord } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import { exitCode, type Io } from "./io.ts";
import { runnerSettings } from "./supervise.ts";

export interface ExportOptions {
  readonly output?: string;
  readonly format?: string;
  readonly trust?: boolean;
}

/** What is exported, and what it was when it was saved. */
interface Wanted {
  readonly name: ProtocolName;
  readonly about: RunToRecord;
  /** The file of data that it stands in. */
  readonly file?: string;
  readonly digest?: string;
  /** Something that the user might not expect. */
  readonly note?: string;
}

/** @throws UserError */
export async function pcapExportCommand(
  what: string,
  options: ExportOptions,
  flags: Flags,
  io: Io,
): Promise<number> {
  const { output } = options;
  if (output === undefined) throw new UserError("say where to write it: -o capture.pcapng");
  const format = formatOf(options.format, output);
  const note = (line: string): void => {
    if (!flags.quiet) io.err(`${terminalText(line)}\n`);
  };
  const wanted = await wantedFrom(what, options.trust, flags, io);
  if (wanted.note !== undefined) note(wanted.note);
  const { name, about, file } = wanted;
  const recording = await recordRun(name, about, file, runnerSettings(flags, io), { note });
  if (recording === undefined) return exitCode.interrupted;
  const capture = captureOf(recording, format);
  const lua = luaBeside(output);
  writeOut(io.cwd, output, capture.bytes, "-o");
  writeOut(io.cwd, lua, capture.lua, "-o");
  const { digest } = recording.saved;
  const same = wanted.digest === undefined || wanted.digest === digest;
  if (!same) note(`${file}: the run is not the one that was saved; this is the run as it is now`);
  if (format === "pcapng" && !capture.repeats) note(`${output}: the attack is too long to be kept`);
  const counts = { packets: recording.packets.length, frames: capture.frames };
  if (flags.json) {
    const files = { file: output, lua, format };
    io.out(jsonText({ schema: "mallory/pcap-export@1", ...files, ...counts, digest, same }));
  } else {
    const show = `wireshark -X lua_script:${shellWord(lua)} ${shellWord(output)}`;
    const frames = `${counts.packets} packets of the run in ${counts.frames} frames`;
    const lines = [`${output}: ${frames}, digest ${digest}`, `${lua}: what the bytes are: ${show}`];
    io.out(lines.map((line) => `${terminalText(line)}\n`).join(""));
  }
  return same ? exitCode.asExpected : exitCode.deviates;
}

function formatOf(given: string | undefined, output: string): CaptureFormat {
  if (given === undefined) return /\.pcap$/i.test(output) ? "pcap" : "pcapng";
  const format = captureFormats.find((f) => f === given);
  if (format !== undefined) return format;
  const near = nearest(given, captureFormats);
  const meant = near === undefined ? "" : ` did you mean "${near}"?`;
  throw new UserError(`--format "${given}":${meant} there are ${captureFormats.join(", ")}`);
}

function luaBeside(output: string): string {
  if (/\.lua$/i.test(output)) throw new UserError(`${output}: a capture ends in .pcapng or .pcap`);
  return `${output.replace(/\.(?:pcapng|pcap|cap|ntar)$/i, "")}.lua`;
}

/** An attack or a trace, a scenario, or a protocol, whose undisturbed run it is then. */
async function wantedFrom(
  what: string,
  trust: boolean | undefined,
  flags: Flags,
  io: Io,
): Promise<Wanted> {
  if (/\.jsonl?$/i.test(what)) return savedRun(what, trust, flags, io);
  if (/\.ya?ml$/i.test(what)) return scenarioRun(scenarioNamed(what, io.cwd), trust, io);
  const name = parseProtocolName(what);
  const { protocols } = await import("../../protocol/catalog.ts");
  if (name.file === undefined && !protocols.some((p) => p.name === name.source)) {
    const scenario = bundledScenarios(io.cwd).find((s) => s.name === what);
    if (scenario !== undefined) return scenarioRun(scenario, trust, io);
  }
  return { name, about: undisturbed(flags.seed) };
}

const undisturbed = (seed: string): RunToRecord => ({
  moves: [],
  seed,
  network: calmNetwork,
  workload: "default",
});

function savedRun(file: string, trust: boolean | undefined, flags: Flags, io: Io): Wanted {
  const text = readTextFile(file, io.cwd, "an attack, a trace, or a scenario (.yaml)");
  const replay = parseReplayFile(file, text);
  const { name, digest, ...run } = replay.run;
  refuseUntrusted(file, name, trust, completeSettings(runnerSettings(flags, io)));
  if (replay.kind !== "attack") return { name, about: run, file, digest };
  const { guarantee, message } = replay;
  return { name, about: { ...run, guarantee, ...(message && { message }) }, file, digest };
}

function scenarioRun(scenario: Scenario, trust: boolean | undefined, io: Io): Wanted {
  const { protocol, options, file, seed, run } = scenario;
  const named = parseProtocolName(protocol);
  if (named.file !== undefined && trust !== true && isFromElsewhere(file, named.file, io.cwd)) {
    const where = "which lies neither below this folder nor below the scenario's";
    throw new UserError(
      `${scenario.placeOf(["protocol"])}: names code from elsewhere, ${named.file}, ${where}; look at it, then add --trust`,
    );
  }
  const name = { ...named, given: { ...named.given, ...options } };
  if (run !== undefined) {
    const { attack: moves, network, workload } = run;
    return { name, about: { moves, network, workload, seed }, file };
  }
  const note = `${file}: has no attack of its own; this is the undisturbed run of its protocol`;
  return { name, about: undisturbed(seed), file, note };
}

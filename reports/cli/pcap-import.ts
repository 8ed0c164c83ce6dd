/** `mallory pcap import`: lists a capture, hands its packets to endpoints, or replays its attack. */
import type { Fed } from "../../harness/capture/feeding.ts";
import { readBytesFile } from "../../harness/input/read-file.ts";
import { UserError } from "../../harness/input/user-error.ts";
import { jsonText } from "../../harness/json-text.ts";
import { parseReplayFile } from "../../harness/replay.ts";
import { feedPackets } from "../../harness/runner/record-run.ts";
import { replayParsed } from "../../harness/runner/replay-file.ts";
import { runIn } from "../capture/embedded-run.ts";
import { type Imported, importedFrom, payloadsToFeed } from "../capture/imported.ts";
import { importedJson } from "../capture/imported-json.ts";
import { importedLines } from "../capture/imported-text.ts";
import type { Capture } from "../capture/read/capture.ts";
import { readCapture } from "../capture/read/read-capture.ts";
import { terminalText } from "../escape.ts";
import type { Flags } from "./flags.ts";
import { exitCode, type Io } from "./io.ts";
import { tellReplay } from "./replay.ts";
import { runnerSettings } from "./supervise.ts";

export interface ImportOptions {
  readonly as?: string;
  readonly moves?: boolean;
  readonly replay?: boolean;
  readonly trust?: boolean;
}

/** @throws UserError */
export async function pcapImportCommand(
  file: string,
  options: ImportOptions,
  flags: Flags,
  io: Io,
): Promise<number> {
  checkOptions(options);
  const note = (line: string): void => {
    if (!flags.quiet) io.err(`${terminalText(line)}\n`);
  };
  const capture = await readCapture(file, readBytesFile(file, io.cwd, "a capture"));
  for (const line of capture.notes) note(`${file}: ${line}`);
  if (options.replay === true) return replayIn(file, capture, options.trust, flags, io);
  const imported = importedFrom(capture);
  if (options.as === undefined) {
    tell(file, imported, undefined, flags, io);
    return exitCode.asExpected;
  }
  const chosen = payloadsToFeed(imported);
  const about = { payloads: chosen.map((c) => c.given), seed: flags.seed };
  const fed = await feedPackets(options.as, about, runnerSettings(flags, io), { note });
  if (fed === undefined) return exitCode.interrupted;
  if (fed.left > 0) {
    const why = "there are too many, or no process of the protocol is at that end";
    note(`${file}: not handed over, since ${why}: ${fed.left}`);
  }
  if (options.moves === true && !flags.json) {
    io.out(`# ${terminalText(`${file}, as ${fed.protocol}`)}\n${movesText(fed)}`);
    return exitCode.asExpected;
  }
  const reactions = new Map(
    fed.fed.flatMap((one) => {
      const payload = chosen[one.index]?.payload;
      return payload === undefined ? [] : [[payload, one] as const];
    }),
  );
  tell(file, { ...imported, fed: reactions }, fed, flags, io);
  return exitCode.asExpected;
}

function checkOptions({ as, moves, replay, trust }: ImportOptions): void {
  if (replay === true && as !== undefined) {
    throw new UserError("--replay runs what the capture holds; --as runs a protocol: choose one");
  }
  if (moves === true && as === undefined) {
    throw new UserError("--moves needs --as <protocol>, which says who is who");
  }
  if (trust === true && replay !== true) throw new UserError("--trust goes with --replay only");
}

function tell(file: string, imported: Imported, fed: Fed | undefined, flags: Flags, io: Io): void {
  if (flags.json) io.out(jsonText(importedJson(file, imported, fed)));
  else {
    const lines = importedLines(file, imported);
    io.out(lines.map((line) => `${terminalText(line, 1_000)}\n`).join(""));
  }
}

/** YAML of the flow style is JSON; one move a line. */
const movesText = ({ moves }: Fed): string =>
  `attack:\n${moves.map((move) => `  - ${JSON.stringify(move)}\n`).join("")}`;

/** What the capture says is data, and code that it names is not run unasked. */
async function replayIn(
  file: string,
  { comments, format }: Capture,
  trust: boolean | undefined,
  flags: Flags,
  io: Io,
): Promise<number> {
  const json = runIn(comments);
  if (json === undefined) {
    const why = format === "pcapng" ? "" : `; ${format} has no room for one: export it as pcapng`;
    throw new UserError(`${file}: holds no run of Mallory that could be replayed${why}`);
  }
  const replay = parseReplayFile(file, json);
  const note = (line: string): void => {
    if (!flags.quiet) io.err(`${terminalText(line)}\n`);
  };
  const settings = { ...runnerSettings(flags, io), trust };
  const replayed = await replayParsed(file, replay, settings, { note });
  return replayed === undefined ? exitCode.interrupted : tellReplay(file, replayed, flags, io);
}

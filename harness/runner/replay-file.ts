/** A saved attack or trace, run again: is the run the same? */

import type { ProtocolName } from "../input/protocol-reference.ts";
import { readTextFile } from "../input/read-file.ts";
import { UserError } from "../input/user-error.ts";
import { parseReplayFile, type ReplayFile, type ReplayResult } from "../replay.ts";
import { errorOf } from "./check-protocols.ts";
import {
  type CompleteSettings,
  completeSettings,
  type Observer,
  type RunnerSettings,
  withWorkerPool,
} from "./settings.ts";
import { Stopper } from "./stopper.ts";

export interface ReplayedFile {
  /** What the file says. */
  readonly replay: ReplayFile;
  readonly result: ReplayResult;
}

/** The file itself says what is run, and with which seed. */
export interface ReplaySettings
  extends Pick<RunnerSettings, "cwd" | "stuckMs" | "pool" | "signal" | "settingNames"> {
  /** Runs the code that the file names, too; without it only what is bundled. */
  readonly trust?: boolean | undefined;
}

/**
 * @param file an attack (.json) or a trace (.jsonl).
 * @returns `undefined` if the signal stopped it before it began.
 * @throws UserError, which names the file, if it cannot be read, if it names code that is not
 *   trusted, or if its protocol is gone or fails.
 * @throws OwnError if the lab itself failed.
 */
export async function replayFile(
  file: string,
  settings: ReplaySettings = {},
  observer: Observer = {},
): Promise<ReplayedFile | undefined> {
  const { cwd } = completeSettings(settings);
  const replay = parseReplayFile(file, readTextFile(file, cwd, "an attack or a trace"));
  return replayParsed(file, replay, settings, observer);
}

/** The same for what has been read already. @param file where it stood, for messages. */
export async function replayParsed(
  file: string,
  replay: ReplayFile,
  settings: ReplaySettings = {},
  observer: Observer = {},
): Promise<ReplayedFile | undefined> {
  const complete = completeSettings(settings);
  const { name } = replay.run;
  refuseUntrusted(file, name, settings.trust, complete);
  const protocol = { name, label: name.source };
  const print = (line: string): void => observer.note?.(`${name.source} prints: ${line}`);
  const outcome = await withWorkerPool(complete, 1, async (pool) => {
    const stopper = new Stopper(complete);
    const job = pool.run("replay", protocol, { file, replay }, { print });
    stopper.onStop(() => job.stop());
    return job.result.finally(() => stopper.close());
  });
  if (outcome.end === "stopped") return undefined;
  if (outcome.end === "user" && !outcome.message.startsWith(file)) {
    throw new UserError(`${file}: ${outcome.message}`);
  }
  if (outcome.end !== "done") throw errorOf(outcome);
  return { replay, result: outcome.answer };
}

/** @throws UserError if a file of data names code that it was not said to be trusted with. */
export function refuseUntrusted(
  file: string,
  name: ProtocolName,
  trust: boolean | undefined,
  { settingNames }: Pick<CompleteSettings, "settingNames">,
): void {
  if (name.file === undefined || trust === true) return;
  throw new UserError(
    `${file}: names code of its own, ${name.file}, which replay would run; look at it, then add ${settingNames.trust}`,
  );
}

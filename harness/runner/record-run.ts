/** One run for a capture, or one with the packets of a capture, made in a worker thread. */
import type { Fed, FeedAsk } from "../capture/feeding.ts";
import type { Recording, RunToRecord } from "../capture/recording.ts";
import { type ProtocolName, parseProtocolName } from "../input/protocol-reference.ts";
import { UserError } from "../input/user-error.ts";
import { errorOf } from "./check-protocols.ts";
import {
  completeSettings,
  type Observer,
  type RunnerSettings,
  withWorkerPool,
} from "./settings.ts";
import { Stopper } from "./stopper.ts";
import type { Result } from "./worker-pool.ts";
import type { Ask } from "./worker-task.ts";

/** What is run says the seed by itself. */
export type RecordSettings = Pick<
  RunnerSettings,
  "cwd" | "stuckMs" | "pool" | "signal" | "settingNames"
>;

/**
 * @param file the file of data that asks for it, for messages; absent where a person does.
 * @returns `undefined` if the signal stopped it before it began.
 * @throws UserError if the protocol is gone or fails; OwnError if the lab itself failed.
 */
export const recordRun = (
  name: ProtocolName,
  about: RunToRecord,
  file: string | undefined,
  settings: RecordSettings = {},
  observer: Observer = {},
): Promise<Recording | undefined> => one("record", name, { about }, file, settings, observer);

/** Hands the packets of a capture to the endpoints of a protocol. @throws like `recordRun` */
export const feedPackets = (
  reference: string,
  about: FeedAsk,
  settings: RecordSettings = {},
  observer: Observer = {},
): Promise<Fed | undefined> =>
  one("feed", parseProtocolName(reference), { about }, undefined, settings, observer);

interface Answers {
  readonly record: Recording;
  readonly feed: Fed;
}

async function one<K extends keyof Answers>(
  kind: K,
  name: ProtocolName,
  ask: Ask<K>,
  file: string | undefined,
  settings: RecordSettings,
  observer: Observer,
): Promise<Answers[K] | undefined> {
  const complete = completeSettings(settings);
  const print = (line: string): void => observer.note?.(`${name.source} prints: ${line}`);
  const outcome: Result<K> = await withWorkerPool(complete, 1, async (pool) => {
    const stopper = new Stopper(complete);
    const job = pool.run(kind, { name, label: name.source }, ask, { print });
    stopper.onStop(() => job.stop());
    return job.result.finally(() => stopper.close());
  });
  if (outcome.end === "stopped") return undefined;
  if (outcome.end === "user" && file !== undefined && !outcome.message.startsWith(file)) {
    throw new UserError(`${file}: ${outcome.message}`);
  }
  if (outcome.end !== "done") throw errorOf(outcome);
  return outcome.answer as Answers[K];
}

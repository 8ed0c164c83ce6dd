/** What every kind of work takes, and what it says meanwhile. Every setting has a default. */
import { availableParallelism } from "node:os";
import type { Capability } from "../../attacker/move.ts";
import { checkCapabilities, checkGuarantees, withWeaker } from "../input/protocol-reference.ts";
import { UserError } from "../input/user-error.ts";
import type { SearchSettings } from "../search/campaign-settings.ts";
import { defaultSeed } from "../subject.ts";
import type { MatrixProgress } from "../verdict.ts";
import type { CheckedProtocol } from "./checked-protocol.ts";
import { type ThreadPool, WorkerPool } from "./worker-pool.ts";

/** A budget in runs is the same on every machine; one in seconds is not. */
export type Budget =
  | { readonly unit: "runs"; readonly runs: number }
  | { readonly unit: "seconds"; readonly seconds: number };

/** What messages call the settings that they mention, such as `--bail`. */
export interface SettingNames {
  readonly bail: string;
  readonly corpus: string;
  readonly resume: string;
  readonly trust: string;
}

export interface RunnerSettings {
  /** Decides all randomness: the same seed, the same result. */
  readonly seed?: string | undefined;
  /** Only these guarantees (ids); default: all. */
  readonly guarantees?: readonly string[] | undefined;
  /** Only attackers with these capabilities, or less; default: all. */
  readonly capabilities?: readonly Capability[] | undefined;
  /** Of each protocol, or of the whole of a longer search; default: none. */
  readonly budget?: Budget | undefined;
  /** Only the first so many sessions of the workload; default: all. */
  readonly sessions?: number | undefined;
  /** How many threads work at the same time; default: as many as the machine has cores for. */
  readonly workers?: number | undefined;
  /** Where paths start; default: the working directory of the process. */
  readonly cwd?: string | undefined;
  /** A thread that computes for so long without a sign of life is ended; default: ten seconds. */
  readonly stuckMs?: number | undefined;
  /** Ends the work at the first broken claim, or at the first scenario that deviates. */
  readonly bail?: boolean | undefined;
  /** Threads to use, which the caller ends; default: new ones, which end with the work. */
  readonly pool?: ThreadPool | undefined;
  /**
   * Ends the work before its time; what is known by then is reported as incomplete. A text as the
   * signal's reason is what the report gives as its own.
   */
  readonly signal?: AbortSignal | undefined;
  readonly settingNames?: SettingNames | undefined;
}

/** Follows the work; all of it is optional. */
export interface Observer {
  /** All protocols were found; from now on there is progress. */
  begin?(protocols: readonly CheckedProtocol[]): void;
  /** Protocols are named by their labels. */
  progress?(event: MatrixProgress): void;
  /** One line for people, unescaped: what a protocol prints, or a file that is left out. */
  note?(line: string): void;
  /** A protocol or scenario is done, and there is no report about it. */
  done?(label: string): void;
}

type Limits = Pick<SearchSettings, "seed" | "guarantees" | "capabilities" | "sessions">;

/** Settings with their defaults filled in. */
export interface CompleteSettings {
  /** What the harness takes for every kind of search. */
  readonly limits: Limits;
  readonly budget: Budget | undefined;
  readonly workers: number | undefined;
  readonly cwd: string;
  readonly stuckMs: number;
  readonly bail: boolean;
  readonly pool: ThreadPool | undefined;
  readonly signal: AbortSignal | undefined;
  readonly settingNames: SettingNames;
}

const defaultStuckMs = 10_000;
const defaultNames: SettingNames = {
  bail: "bail",
  corpus: "corpus",
  resume: "resume",
  trust: "trust",
};

/** @throws UserError if there is no such guarantee or capability, or a number makes no sense. */
export function completeSettings(settings: RunnerSettings): CompleteSettings {
  const { guarantees, capabilities, sessions, budget } = settings;
  checkCount("workers", settings.workers);
  checkCount("sessions", sessions);
  if (budget?.unit === "runs") checkCount("a budget in runs", budget.runs);
  return {
    limits: {
      seed: settings.seed ?? defaultSeed,
      ...(guarantees === undefined ? {} : { guarantees: checkGuarantees(guarantees) }),
      ...(capabilities === undefined
        ? {}
        : { capabilities: withWeaker(checkCapabilities(capabilities)) }),
      ...(sessions === undefined ? {} : { sessions }),
    },
    budget,
    workers: settings.workers,
    cwd: settings.cwd ?? process.cwd(),
    stuckMs: settings.stuckMs ?? defaultStuckMs,
    bail: settings.bail ?? false,
    pool: settings.pool,
    signal: settings.signal,
    settingNames: settings.settingNames ?? defaultNames,
  };
}

/** @throws UserError unless it is a number of things, or left out. */
export function checkCount(what: string, count: number | undefined): void {
  if (count === undefined || (Number.isSafeInteger(count) && count >= 1)) return;
  throw new UserError(`${what} must be a whole number from 1 up, not ${count}`);
}

/**
 * Has work done by threads, and ends those that were started for it.
 * @param tasks how many tasks there are at the same time: more threads would have nothing to do.
 */
export async function withWorkerPool<T>(
  { workers, cwd, stuckMs, pool: threads }: CompleteSettings,
  tasks: number,
  work: (pool: WorkerPool) => Promise<T>,
): Promise<T> {
  const pool = new WorkerPool({
    cwd,
    workers: workers ?? Math.max(1, Math.min(availableParallelism(), tasks)),
    stuckMs,
    ...(threads === undefined ? {} : { pool: threads }),
  });
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
}

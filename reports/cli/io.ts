/** What the command line reads and writes; tests put their own in its place. */
import type { Readable, Writable } from "node:stream";
import type { ThreadPool } from "../../harness/runner/worker-pool.ts";

export interface Io {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  out(text: string): void;
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Both input and output are a terminal: keys can be read, and a screen can be drawn. */
  readonly interactive: boolean;
  /** Columns of the terminal, or what suits a file. */
  columns(): number;
  /** Milliseconds, for durations. */
  now(): number;
  /**
   * Calls `listener` at the first Ctrl-C, or what else ends the work, with what reports say of it;
   * the second ends the process. Returns an unsubscribe.
   */
  onInterrupt(listener: (reason: string) => void): () => void;
  /** The terminal that the dashboard draws on; by default that of the process. */
  readonly terminal?: { readonly input: Readable; readonly output: Writable };
  /** Threads to use instead of new ones; starting them takes longer than most tests. */
  readonly pool?: ThreadPool;
}

/** Exit codes; see `mallory --help`. */
export const exitCode = {
  asExpected: 0,
  deviates: 1,
  badInput: 2,
  ownError: 3,
  interrupted: 130,
} as const;

/** The first code in this order that was requested. */
const gravest = [
  exitCode.ownError,
  exitCode.badInput,
  exitCode.deviates,
  exitCode.interrupted,
] as const;

export const worstOf = (codes: readonly number[]): number =>
  gravest.find((code) => codes.includes(code)) ?? exitCode.asExpected;

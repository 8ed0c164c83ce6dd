/** `mallory dash`: the matrix as it fills, on the whole terminal. */
import { availableParallelism } from "node:os";
import { UserError } from "../../harness/input/user-error.ts";
import { assessAll } from "../../harness/runner/assess-all.ts";
import type { MatrixRun } from "../../harness/runner/matrix-run.ts";
import type { Observer } from "../../harness/runner/settings.ts";
import { makePool } from "../../harness/runner/worker-pool.ts";
import type { MatrixProgress } from "../../harness/verdict.ts";
import { type Dashboard, openDashboard } from "../dashboard/screen.ts";
import { terminalText } from "../escape.ts";
import { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { codeOf, shownReport } from "./matrix.ts";
import { saving } from "./saving.ts";
import { runnerSettings } from "./supervise.ts";

/** Fills the matrix on the whole terminal until it is left. @throws UserError */
export async function dashCommand(names: readonly string[], flags: Flags, io: Io): Promise<number> {
  if (!io.interactive) {
    throw new UserError("dash needs a terminal; for a plain table use: npx mallory matrix");
  }
  const files = new AttackFiles(io.cwd, flags.out);
  const ended = await showMatrix(names, files, flags, io);
  if (files.saved > 0) io.err(`${files.saved} attacks are saved in ${terminalText(flags.out)}\n`);
  return codeOf(ended, files, 0, flags, io);
}

/** @returns the failures of those protocols that were done before the dashboard was left. */
async function showMatrix(
  names: readonly string[],
  files: AttackFiles,
  flags: Flags,
  io: Io,
): Promise<Pick<MatrixRun, "failures" | "interrupted">> {
  const leaving = new AbortController();
  // Separate threads: quitting does not wait until they have stopped by themselves.
  const pool = io.pool ?? makePool(flags.workers ?? availableParallelism());
  const settings = {
    ...runnerSettings(flags, io),
    pool,
    signal: leaving.signal,
    inOrder: true,
  };
  const shown = new ShownRun(files, flags, io);
  const observer = saving(files, {
    begin: () => shown.begin(),
    note: (line) => shown.note(line),
    progress: (event) => shown.progress(event),
  });
  try {
    const run = await Promise.race([assessAll(names, settings, observer), shown.left]);
    if (run === undefined) leaving.abort("the dashboard was left");
    else shown.finish(run);
    if (io.pool === undefined) await pool.destroy();
    await shown.left;
    return { failures: run?.failures ?? [], interrupted: shown.interrupted };
  } finally {
    shown.close();
    if (io.pool === undefined) await pool.destroy();
  }
}

/** Shows progress; the dashboard names the files of attacks, which are saved by then. */
class ShownRun implements Observer {
  readonly #files: AttackFiles;
  readonly #flags: Flags;
  readonly #io: Io;
  #dashboard: Dashboard | undefined;
  /** Was it a signal that ended it, rather than a key? */
  interrupted = false;
  #release = (): void => {};
  #leave = (): void => {};
  /** Settles when the dashboard has been left. */
  readonly left = new Promise<undefined>((resolve) => {
    this.#leave = () => resolve(undefined);
  });

  constructor(files: AttackFiles, flags: Flags, io: Io) {
    this.#files = files;
    this.#flags = flags;
    this.#io = io;
  }

  begin(): void {
    const dashboard = openDashboard({
      color: this.#flags.color,
      now: this.#io.now,
      ...this.#io.terminal,
      replayCommand: (finding) => this.#files.replayCommand(finding),
    });
    this.#dashboard = dashboard;
    this.#release = this.#io.onInterrupt(() => {
      this.interrupted = true;
      // Not at once: blessed would take the signal for one that nobody else handles, and exit.
      setImmediate(() => dashboard.close());
    });
    void dashboard.closed.then(this.#leave);
  }

  /** Before there is a dashboard, lines go where errors go. */
  note(line: string): void {
    if (this.#dashboard === undefined) this.#io.err(`${terminalText(line)}\n`);
    else this.#dashboard.message(line);
  }

  progress(event: MatrixProgress): void {
    this.#dashboard?.progress(event);
  }

  finish(run: MatrixRun): void {
    this.#dashboard?.finish(shownReport(run));
    if (run.failures.length === 0) return;
    this.#dashboard?.message(run.failures.map((f) => f.message).join("; "));
  }

  /** Leaves the terminal clean. */
  close(): void {
    this.#dashboard?.close();
    this.#release();
  }
}

/** `mallory dash`: the matrix as it fills, on the whole terminal. */
import { availableParallelism } from "node:os";
import { UserError } from "../../harness/input/user-error.ts";
import { assessAll } from "../../harness/runner/assess-all.ts";
import type { CheckedProtocol } from "../../harness/runner/checked-protocol.ts";
import type { MatrixRun } from "../../harness/runner/matrix-run.ts";
import type { Observer } from "../../harness/runner/settings.ts";
import { makePool } from "../../harness/runner/worker-pool.ts";
import type { GuaranteeVerdict, MatrixProgress } from "../../harness/verdict.ts";
import { type Dashboard, openDashboard } from "../dashboard/screen.ts";
import { terminalText } from "../escape.ts";
import { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { codeOf, ownerOf, shownReport } from "./matrix.ts";
import { runnerSettings } from "./supervise.ts";

/** Fills the matrix on the whole terminal until it is left. @throws UserError */
export async function dashCommand(names: readonly string[], flags: Flags, io: Io): Promise<number> {
  if (!io.interactive) {
    throw new UserError("dash needs a terminal; for a plain table use: npx mallory matrix");
  }
  const files = new AttackFiles(io.cwd, flags.out);
  const failures = await showMatrix(names, files, flags, io);
  if (files.saved > 0) io.err(`${files.saved} attacks are saved in ${terminalText(flags.out)}\n`);
  return codeOf({ failures, interrupted: false }, files, 0, flags, io);
}

/** @returns the failures of those protocols that were done before the dashboard was left. */
async function showMatrix(
  names: readonly string[],
  files: AttackFiles,
  flags: Flags,
  io: Io,
): Promise<MatrixRun["failures"]> {
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
  try {
    const run = await Promise.race([assessAll(names, settings, shown), shown.left]);
    if (run === undefined) leaving.abort("the dashboard was left");
    else shown.finish(run);
    if (io.pool === undefined) await pool.destroy();
    await shown.left;
    return run?.failures ?? [];
  } finally {
    shown.close();
    if (io.pool === undefined) await pool.destroy();
  }
}

/** Shows progress, and saves attacks as they become known: the dashboard names their files. */
class ShownRun implements Observer {
  readonly #files: AttackFiles;
  readonly #flags: Flags;
  readonly #io: Io;
  #owners: ReadonlyMap<string, ReturnType<typeof ownerOf>> = new Map();
  #dashboard: Dashboard | undefined;
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

  begin(protocols: readonly CheckedProtocol[]): void {
    this.#owners = new Map(protocols.map((p) => [p.label, ownerOf(p)]));
    const dashboard = openDashboard({
      color: this.#flags.color,
      now: this.#io.now,
      ...this.#io.terminal,
      replayCommand: (finding) => this.#files.replayCommand(finding),
    });
    this.#dashboard = dashboard;
    this.#release = this.#io.onInterrupt(() => dashboard.close());
    void dashboard.closed.then(this.#leave);
  }

  /** Before there is a dashboard, lines go where errors go. */
  note(line: string): void {
    if (this.#dashboard === undefined) this.#io.err(`${terminalText(line)}\n`);
    else this.#dashboard.message(line);
  }

  progress(event: MatrixProgress): void {
    const owner = this.#owners.get(event.kind === "finished" ? event.report.name : event.name);
    if (owner !== undefined) {
      for (const verdict of verdictsIn(event)) this.#files.save(owner, verdict);
    }
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

function verdictsIn(event: MatrixProgress): readonly GuaranteeVerdict[] {
  if (event.kind === "finished") return event.report.verdicts;
  return event.kind === "cell" ? [event.verdict] : [];
}

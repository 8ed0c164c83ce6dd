/** Runs work in the runner: shows progress on the terminal, and ends it at Ctrl-C. */
import type { Observer, RunnerSettings } from "../../harness/runner/settings.ts";
import { terminalText } from "../escape.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { openProgress, type ProgressView } from "./progress.ts";

/** Flags and environment, as the runner takes them. */
export function runnerSettings(flags: Flags, io: Io): RunnerSettings {
  const stuckMs = Number(io.env.MALLORY_STUCK_MS);
  return {
    seed: flags.seed,
    guarantees: flags.guarantees,
    capabilities: flags.capabilities,
    budget: flags.budget,
    sessions: flags.sessions,
    workers: flags.workers,
    cwd: io.cwd,
    stuckMs: stuckMs > 0 ? stuckMs : undefined,
    bail: flags.bail,
    pool: io.pool,
    settingNames: {
      bail: "--bail",
      corpus: "--corpus",
      resume: "--resume",
      trust: "--trust",
    },
  };
}

/** Lets Ctrl-C abort. @param say is called first. @returns an unsubscribe. */
export function abortOnInterrupt(io: Io, controller: AbortController, say = (): void => {}) {
  return io.onInterrupt((reason) => {
    say();
    controller.abort(reason);
  });
}

/** Runs work on protocols after checking them; progress is shown from then on. */
export async function supervised<T>(
  flags: Flags,
  io: Io,
  work: (settings: RunnerSettings, observer: Observer) => Promise<T>,
  { announced = true }: { readonly announced?: boolean } = {},
): Promise<T> {
  const controller = new AbortController();
  let view: ProgressView | undefined;
  let release = (): void => {};
  const note = (line: string): void => {
    if (view === undefined) io.err(`${terminalText(line)}\n`);
    else view.note(line);
  };
  const observer: Observer = {
    begin: (protocols) => {
      const labels = protocols.map((p) => p.label);
      view = openProgress(io, labels, flags);
      if (announced && !io.errIsTerminal && !flags.quiet) {
        io.err(`${terminalText(`trying ${labels.join(", ")}`, 600)}\n`);
      }
      // Before, nothing is known that could be printed: Ctrl-C ends the process.
      release = abortOnInterrupt(io, controller, () => {
        note("stopping; press Ctrl-C again to quit at once");
      });
    },
    progress: (event) => view?.progress(event),
    note,
  };
  try {
    return await work({ ...runnerSettings(flags, io), signal: controller.signal }, observer);
  } finally {
    release();
    view?.close();
  }
}

/** Has work done by the runner: shows progress on the terminal, and lets Ctrl-C end it. */
import type { Observer, RunnerSettings } from "../../harness/runner/settings.ts";
import { terminalText } from "../escape.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { openProgress, type ProgressView } from "./progress.ts";

/** Ctrl-C gives this as the reason why there is no more. */
const interruptedReason = "stopped by Ctrl-C";

/** Flags and surroundings, as the runner takes them. */
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
    settingNames: { bail: "--bail", corpus: "--corpus", resume: "--resume" },
  };
}

/** Lets Ctrl-C abort. @param say is called first. @returns how to let go of Ctrl-C. */
export function abortOnInterrupt(io: Io, controller: AbortController, say = (): void => {}) {
  return io.onInterrupt(() => {
    say();
    controller.abort(interruptedReason);
  });
}

/** Does work on protocols that are looked at first; from then on there is progress to be seen. */
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

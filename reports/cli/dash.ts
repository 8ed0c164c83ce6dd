/** `mallory dash`: the matrix as it fills, on the whole terminal. */
import { UserError } from "../../harness/input/user-error.ts";
import {
  assessAll,
  type Checked,
  checkAll,
  type Observer,
  openWorkerPool,
  Stopper,
  shownReport,
} from "../../harness/runner/assess-all.ts";
import type { Failure } from "../../harness/runner/worker-pool.ts";
import { type Dashboard, openDashboard } from "../dashboard/screen.ts";
import { terminalText } from "../escape.ts";
import { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { codeOf, ownerOf } from "./matrix.ts";

export async function dashCommand(names: readonly string[], flags: Flags, io: Io): Promise<number> {
  if (!io.interactive) {
    throw new UserError("dash needs a terminal; for a plain table use: npx mallory matrix");
  }
  const files = new AttackFiles(io.cwd, flags.out);
  const workshop = openWorkerPool(io, flags, Math.max(names.length, 8));
  let failures: readonly Failure[] = [];
  try {
    const checked = await checkAll(workshop, names, (line) => io.err(`${terminalText(line)}\n`));
    const stopper = new Stopper();
    const dashboard = openDashboard({
      color: flags.color,
      now: io.now,
      ...io.terminal,
      replayCommand: (finding) => files.replayCommand(finding),
    });
    const release = io.onInterrupt(() => dashboard.close());
    try {
      const viewer = viewerOf(dashboard, files, checked);
      const work = assessAll(workshop, checked, flags, io, viewer, { stopper, watched: true });
      // Whoever leaves does not wait for the rest.
      const first = await Promise.race([work, dashboard.closed]);
      if (first === undefined) stopper.stop("the dashboard was left");
      else {
        failures = first.failures;
        dashboard.finish(shownReport(first));
        if (failures.length > 0) dashboard.message(failures.map((f) => f.message).join("; "));
      }
      await workshop.close();
      await dashboard.closed;
    } finally {
      dashboard.close();
      release();
    }
  } finally {
    await workshop.close();
  }
  if (files.saved > 0) io.err(`${files.saved} attacks are saved in ${terminalText(flags.out)}\n`);
  return codeOf({ failures, interrupted: false }, files, 0, flags, io);
}

/** Shows progress, and saves attacks as they become known: the dashboard names their files. */
function viewerOf(dashboard: Dashboard, files: AttackFiles, checked: readonly Checked[]): Observer {
  const owners = new Map(checked.map((c) => [c.label, ownerOf(c)]));
  return {
    note: (text) => dashboard.message(text),
    progress: (event) => {
      const owner = owners.get(event.kind === "finished" ? event.report.name : event.name);
      const verdicts =
        event.kind === "finished"
          ? event.report.verdicts
          : event.kind === "cell"
            ? [event.verdict]
            : [];
      if (owner !== undefined) for (const verdict of verdicts) files.save(owner, verdict);
      dashboard.progress(event);
    },
  };
}

/** What a run consists of: inputs that code at work is handed, one at a time. */
import type { Trace, TraceEvent } from "../../harness/trace/trace.ts";

const inputs: ReadonlySet<TraceEvent["kind"]> = new Set(["started", "submit", "received"]);

/** Starts, messages of users and packets that arrived, puppets' included; timeouts are not. */
export const stepsOf = ({ events }: Trace): number =>
  events.reduce((n, { kind }) => (inputs.has(kind) ? n + 1 : n), 0);

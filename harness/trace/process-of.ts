import { memoPerTrace } from "./recorded-trace.ts";
import type { ProcessId, ProcessInfo, Trace } from "./trace.ts";

const byId = memoPerTrace(
  (trace): ReadonlyMap<ProcessId, ProcessInfo> => new Map(trace.processes.map((p) => [p.id, p])),
);

/** @returns the process of that name; `undefined` for the adversary and its puppets. */
export const processOf = (trace: Trace, id: ProcessId): ProcessInfo | undefined =>
  byId(trace).get(id);

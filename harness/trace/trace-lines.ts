/**
 * A trace as text: JSON Lines, the plan first. The digest is taken over exactly these lines, so it
 * can be checked with `sha256sum`.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { hex, utf8 } from "../../protocol/kit/bytes.ts";
import type { RunPlan, Trace } from "./trace.ts";

/** Byte strings as `{"hex":…}`; everything else as JSON writes it. */
const plain = (_key: string, value: unknown): unknown =>
  value instanceof Uint8Array ? { hex: hex(value) } : value;

/** The same moves give the same line, in whatever order their fields were written. */
const ordered = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** What decides a run, without the code: enough to run it again. */
interface PlanHeader {
  readonly schema: "mallory/trace@1";
  readonly protocol: string;
  readonly options: RunPlan["options"];
  readonly workload: string;
  readonly seed: string;
  readonly network: RunPlan["network"];
  readonly moves: RunPlan["attack"];
}

function planHeader(plan: RunPlan): PlanHeader {
  return {
    schema: "mallory/trace@1",
    protocol: plan.source,
    options: plan.options,
    workload: plan.workloadName,
    seed: plan.seed,
    network: plan.network,
    moves: plan.attack,
  };
}

/** The lines of a trace without its last one, which holds the digest of the others. */
export function bodyLines(trace: Trace): readonly string[] {
  // A user's own file has another path on another machine; the run is the same.
  const header = { ...planHeader(trace.plan), protocol: trace.plan.protocol.name };
  return [
    JSON.stringify(header, ordered),
    ...trace.packets.map((p) => JSON.stringify({ packet: p }, plain)),
    ...trace.events.map((e) => JSON.stringify(e, plain)),
  ];
}

export function digestOf(trace: Trace): string {
  return hex(sha256(utf8(`${bodyLines(trace).join("\n")}\n`)));
}

/** The whole file. */
export function traceFile(trace: Trace): string {
  const last = JSON.stringify({ digest: trace.digest, source: trace.plan.source });
  return `${[...bodyLines(trace), last].join("\n")}\n`;
}

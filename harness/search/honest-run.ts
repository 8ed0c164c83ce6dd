import { wireTable } from "../annotation/wire-table.ts";
import { messageSequenceOf } from "../trace/message-sequence.ts";
import type { Trace } from "../trace/trace.ts";
import type { HonestRun } from "../verdict.ts";

/** What reports say about the undisturbed run. */
export function honestRunOf(trace: Trace): HonestRun {
  const count = (kind: string): number =>
    trace.events.filter((e) => e.kind === kind && (!("purpose" in e) || e.purpose === "message"))
      .length;
  return {
    submitted: count("submit"),
    delivered: count("deliver"),
    datagrams: trace.packets.length,
    largestDatagram: Math.max(0, ...trace.packets.map((p) => p.bytes.length)),
    digest: trace.digest,
    story: messageSequenceOf(trace, undefined),
    wire: wireTable(trace),
  };
}

/**
 * A look at what processes do with what they are given: a search tries many messages in one run,
 * one after the other, and what a process discards changes nothing for it. Such a run is cut off
 * after its last step, and its ingredients are not held to knowledge: whatever it finds is run
 * again, and then they are.
 */
import type { OpRecord } from "../../protocol/kit/operations.ts";
import type { ProcessId, TraceEvent } from "../trace/trace.ts";

/** Where a delivery begins in what the run leaves behind. */
export interface Mark {
  /** Index of its move. */
  readonly move: number;
  readonly events: number;
  readonly log: number;
  readonly attempts: number;
  readonly packets: number;
}

export class Probing {
  /** Moves from this one on are probes: tried only on processes that have not taken one yet. */
  readonly firstProbe: number;
  /** Operations that failed: what was opened, decrypted or verified in vain. */
  readonly attempts: OpRecord[] = [];
  readonly marks: Mark[] = [];
  readonly #took = new Set<ProcessId>();
  #last: { readonly to: ProcessId; readonly events: number } | undefined;

  constructor(firstProbe: number) {
    this.firstProbe = firstProbe;
  }

  /** Has the process gone on because of an earlier probe? Then this one would not meet it there. */
  isOutOfDate(move: number, to: ProcessId, events: readonly TraceEvent[]): boolean {
    this.#look(events);
    return move >= this.firstProbe && this.#took.has(to);
  }

  begin(mark: Mark, to: ProcessId): void {
    this.marks.push(mark);
    this.#last = mark.move >= this.firstProbe ? { to, events: mark.events } : undefined;
  }

  /** Did the last one do anything? */
  #look(events: readonly TraceEvent[]): void {
    const last = this.#last;
    this.#last = undefined;
    if (last === undefined) return;
    for (let i = last.events; i < events.length; i++) {
      const event = events[i] as TraceEvent;
      if (event.at === last.to && isProgress(event)) this.#took.add(last.to);
    }
  }
}

const idle: ReadonlySet<TraceEvent["kind"]> = new Set([
  "received",
  "attack",
  "lost",
  "reject",
  "log",
]);
/** Does the process show that it has gone on? */
export const isProgress = (event: TraceEvent): boolean => !idle.has(event.kind);

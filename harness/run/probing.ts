/**
 * A look at what processes do with what they are given: a search tries many messages in one run,
 * one after the other, and what a process discards changes nothing for it. Such a run is cut off
 * after its last step, and its ingredients are not held to knowledge: whatever it finds is run
 * again, and then they are.
 */
import type { Address } from "../../protocol/endpoint.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import type { Mark, Observer, Probe, ProcessId, TraceEvent } from "../trace/trace.ts";

export class Probing implements Observer {
  /** Moves from this one on are probes: tried only on processes that have not taken one yet. */
  readonly firstProbe: number;
  /** Operations that failed: what was opened, decrypted or verified in vain. */
  readonly attempts: OpRecord[] = [];
  readonly marks: Mark[] = [];
  /** Who has taken a probe, and from which addresses. */
  readonly #took = new Map<ProcessId, Set<Address>>();
  #last: { readonly to: ProcessId; readonly from: Address; readonly events: number } | undefined;

  constructor(firstProbe: number) {
    this.firstProbe = firstProbe;
  }

  /**
   * Has the process gone on because of an earlier probe? Then this one would not meet it there. A
   * service has a session for each address.
   */
  isOutOfDate(move: number, probe: Probe, events: readonly TraceEvent[]): boolean {
    this.#look(events);
    const took = this.#took.get(probe.to);
    if (move < this.firstProbe || took === undefined) return false;
    return !probe.toService || took.has(probe.from);
  }

  begin(mark: Mark, { to, from }: Probe): void {
    this.marks.push(mark);
    this.#last = mark.move >= this.firstProbe ? { to, from, events: mark.events } : undefined;
  }

  /** Did the last one do anything? */
  #look(events: readonly TraceEvent[]): void {
    const last = this.#last;
    this.#last = undefined;
    if (last === undefined) return;
    for (let i = last.events; i < events.length; i++) {
      const event = events[i] as TraceEvent;
      if (event.at !== last.to || !isProgress(event)) continue;
      const took = this.#took.get(last.to) ?? new Set();
      this.#took.set(last.to, took.add(last.from));
      return;
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

/** Holds runs against themselves: the same plan gives the same trace, whenever it is made. */
import { equalBytes } from "../../protocol/kit/bytes.ts";
import { simulate } from "../run/simulate.ts";
import type { Packet, RunPlan, Trace, TraceEvent } from "../trace/trace.ts";
import { simulatePlainly } from "./judge-run.ts";

/** More runs than this are never made again at the end of a search. */
const mostKept = 24;

/**
 * A protocol whose runs cannot be repeated: its code depends on a clock, on randomness of its own,
 * or on how often it ran before. No verdict about it would mean anything.
 */
export class IrreproducibleError extends Error {
  /** What decides it, as `./file.ts:line:column`, if that is known. */
  readonly place: string | undefined;

  constructor(difference: string, cause?: { readonly what: string; readonly place: string }) {
    const why = cause === undefined ? "" : `${cause.what} decides what happens, and no plan does: `;
    super(`${why}the same run comes out differently when it is made again, first ${difference}`);
    this.place = cause?.place;
  }
}

/**
 * A protocol whose endpoints share memory: what one of them keeps in a variable of the file or of
 * `deploy`, another one reads. No attack on the wire says anything about it.
 */
export class SharedMemoryError extends Error {
  constructor(difference: string) {
    super(
      "its endpoints share memory beside stores and the wire: with variables of its own for each " +
        `principal, the run comes out differently, first ${difference}`,
    );
  }
}

/** A sample of the runs of a search, to be made again at its end. */
export class Reproducibility {
  readonly #kept: { readonly plan: RunPlan; readonly trace: Trace }[] = [];
  #seen = 0;

  /** Keeps the first run, and then ever fewer: the 2nd, 4th, 8th, … */
  note(plan: RunPlan, trace: Trace): void {
    this.#seen++;
    if ((this.#seen & (this.#seen - 1)) !== 0 || this.#kept.length >= mostKept) return;
    this.#kept.push({ plan, trace });
  }

  /** @returns where a run that is made again first differs; `undefined` if none does. */
  difference(): string | undefined {
    for (const { plan, trace } of this.#kept) {
      const found = differenceOf(trace, simulate(plan));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/**
 * A run of which nothing is remembered, made twice.
 * @throws IrreproducibleError if the second one differs.
 */
export function simulateTwice(
  plan: RunPlan,
  cause?: () => { readonly what: string; readonly place: string } | undefined,
): Trace {
  const trace = simulatePlainly(plan);
  const difference = differenceOf(trace, simulatePlainly(plan));
  if (difference !== undefined) throw new IrreproducibleError(difference, cause?.());
  return trace;
}

/** @returns where two runs of the same plan first differ, in half a sentence. */
export function differenceOf(before: Trace, after: Trace): string | undefined {
  if (before.digest === after.digest) return undefined;
  const length = Math.max(before.events.length, after.events.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [before.events[i], after.events[i]];
    if (a === undefined || b === undefined) return ended(a ?? b, a === undefined);
    const words = eventDifference(before, a, after, b);
    if (words !== undefined) return words;
  }
  return "in what it sends";
}

const ended = (event: TraceEvent | undefined, longer: boolean): string =>
  event === undefined
    ? "at its end"
    : `at ${event.t} ms, where one run ${longer ? "goes on" : "ends"}: ${event.at} (${event.kind})`;

function eventDifference(
  before: Trace,
  a: TraceEvent,
  after: Trace,
  b: TraceEvent,
): string | undefined {
  if (a.kind !== b.kind || a.at !== b.at || a.t !== b.t) {
    return `at ${a.t} ms, where ${a.at} (${a.kind}) becomes ${b.at} (${b.kind}) at ${b.t} ms`;
  }
  if (a.kind === "sent" && b.kind === "sent") {
    const [p, q] = [before.packets[a.packet], after.packets[b.packet]] as [Packet, Packet];
    if (p.destination === q.destination && equalBytes(p.bytes, q.bytes)) return undefined;
    const at = p.bytes.findIndex((byte, i) => byte !== q.bytes[i]);
    return `at ${a.t} ms, in packet ${p.nth} from ${p.from} to ${p.to}, from byte ${Math.max(at, 0)} on`;
  }
  return JSON.stringify(a) === JSON.stringify(b)
    ? undefined
    : `at ${a.t} ms, in what ${a.at} does (${a.kind})`;
}

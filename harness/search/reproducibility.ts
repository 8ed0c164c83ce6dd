/** Holds runs against themselves: the same plan gives the same trace, whenever it is made. */
import { equalBytes } from "../../protocol/kit/bytes.ts";
import { simulate } from "../run/simulate.ts";
import type { Packet, RunPlan, Trace, TraceEvent } from "../trace/trace.ts";
import { simulatePlainly } from "./judge-run.ts";
import { type ClockAndChance, type Outside, type Surrounding, settings } from "./outside.ts";

/** More runs than this are never made again at the end of a search. */
const mostKept = 24;

/** A run that came out differently when it was made again. */
export interface Irreproducible {
  /** Where first, in half a sentence. */
  readonly difference: string;
  /** What decided it, if that is known. */
  readonly cause?: Surrounding;
}

/**
 * A protocol whose runs cannot be repeated: its code depends on a clock, on randomness of its own,
 * or on how often it ran before. No verdict about it would mean anything.
 */
export class IrreproducibleError extends Error {
  /** What decides it, as `./file.ts:line:column`, if that is known. */
  readonly place: string | undefined;

  constructor({ difference, cause }: Irreproducible) {
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

/** What of a run shows whether another one was the same. */
type Course = Pick<Trace, "digest" | "events" | "packets">;

/** A sample of the runs of a search, to be made again at its end. */
export class Reproducibility {
  readonly #kept: { readonly plan: RunPlan; readonly course: Course }[] = [];
  #seen = 0;

  /**
   * Keeps the first run, and then ever fewer: the 2nd, 4th, 8th, … Not the trace itself: behind its
   * deployment are endpoints, and all that was ever answered to the principals of the run.
   */
  note(plan: RunPlan, trace: Trace): void {
    this.#seen++;
    if ((this.#seen & (this.#seen - 1)) !== 0 || this.#kept.length >= mostKept) return;
    const { digest, events, packets } = trace;
    this.#kept.push({ plan, course: { digest, events, packets } });
  }

  /** @returns the first run that comes out differently now, by other clocks and other chance. */
  check({ used, within = unset }: Outside): Irreproducible | undefined {
    for (const { plan, course } of this.#kept) {
      const difference = differenceOf(
        course,
        within(settings.other, () => simulate(plan)),
      );
      if (difference === undefined) continue;
      return blaming(difference, used?.("clock") ?? used?.("chance") ?? used?.("cryptography"));
    }
    return undefined;
  }
}

const unset = <T>(_: ClockAndChance, code: () => T): T => code();

const blaming = (difference: string, cause: Surrounding | undefined): Irreproducible =>
  cause === undefined ? { difference } : { difference, cause };

/**
 * Makes a run twice alike, and then with another clock and with other chance if they are used.
 * @returns how it differs, and by what; `undefined` if it is the same each time.
 */
export function repetition(
  plan: RunPlan,
  make: (plan: RunPlan) => Trace,
  { used, within = unset }: Outside,
): Irreproducible | undefined {
  const made = (setting: ClockAndChance): Trace => within(setting, () => make(plan));
  const first = made(settings.usual);
  const again = differenceOf(first, made(settings.usual));
  if (again !== undefined) return blaming(again, used?.("cryptography"));
  for (const kind of ["clock", "chance"] as const) {
    const cause = used?.(kind);
    if (cause === undefined) continue;
    const difference = differenceOf(first, made(settings[kind]));
    if (difference !== undefined) return { difference, cause };
  }
  return undefined;
}

/**
 * The same for what code asked when it was loaded or first run, and has kept since. Endpoints that
 * share memory should have been found before.
 */
export function sinceTheBeginning(
  plan: RunPlan,
  make: (plan: RunPlan) => Trace,
  { used, within = unset, loadedOtherwise: protocol }: Outside,
): Irreproducible | undefined {
  const cause = used?.("clock") ?? used?.("chance");
  if (cause === undefined || protocol === undefined) return undefined;
  const together = { ...plan, sharesDeployment: true } as const;
  const difference = differenceOf(
    within(settings.usual, () => make(together)),
    within(settings.other, () => make({ ...together, protocol })),
  );
  return difference === undefined ? undefined : { difference, cause };
}

/**
 * A run of which nothing is remembered, made more than once.
 * @throws IrreproducibleError if it does not come out the same.
 */
export function simulateTwice(plan: RunPlan, outside: Outside = {}): Trace {
  const traces: Trace[] = [];
  const make = (again: RunPlan): Trace => {
    const trace = simulatePlainly(again);
    traces.push(trace);
    return trace;
  };
  const found = repetition(plan, make, outside) ?? sinceTheBeginning(plan, make, outside);
  if (found !== undefined) throw new IrreproducibleError(found);
  return traces[0] as Trace;
}

/** @returns where two runs of the same plan first differ, in half a sentence. */
export function differenceOf(before: Course, after: Course): string | undefined {
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
  before: Course,
  a: TraceEvent,
  after: Course,
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

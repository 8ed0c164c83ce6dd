import type { Guarantee } from "../guarantees/guarantee.ts";
import type { Trace } from "../trace/trace.ts";
import { type Baselines, judge, watches } from "./judge-run.ts";

/**
 * After how many events of a violating run the guarantee is broken. What is violated stays so, and
 * thus half of the events can be ruled out at a time.
 * @returns all of them where that does not show before the end, or is not a matter of events.
 */
export function violatedAfter(guarantee: Guarantee, trace: Trace, profiles: Baselines): number {
  const { events } = trace;
  if (!guarantee.safety || watches(guarantee)) return events.length;
  const isViolated = (count: number): boolean =>
    judge(guarantee, { ...trace, events: events.slice(0, count) }, profiles).violation !==
    undefined;
  if (isViolated(0)) return events.length;
  let [before, after] = [0, events.length];
  while (after - before > 1) {
    const middle = (before + after) >> 1;
    if (isViolated(middle)) after = middle;
    else before = middle;
  }
  return after;
}

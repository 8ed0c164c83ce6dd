import type { Trace } from "../trace/trace.ts";
import { destinationUnder, forged, meansOf, read, sourceUnder } from "./evidence.ts";
import type { Aspect } from "./message-grade.ts";
import type { SeenMessage } from "./places.ts";

/**
 * Does this run by itself show that a message is graded no better than so?
 * @returns what it shows, in one sentence.
 */
export function showsIn(
  trace: Trace,
  aspect: Aspect,
  message: SeenMessage,
  grade: number,
): string | undefined {
  const means = meansOf(trace.plan.attack);
  const under = aspect === "source" ? sourceUnder(means, message) : destinationUnder(means, message);
  if (under > grade) return undefined;
  return aspect === "source" ? forged(trace, message) : read(trace, message);
}

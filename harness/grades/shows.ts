import type { Trace } from "../trace/trace.ts";
import type { SavedAttack } from "../verdict.ts";
import { destinationUnder, forged, meansOf, read, sourceUnder } from "./evidence.ts";
import { type Aspect, aspects, bestGrade } from "./message-grade.ts";
import { messagesOf, type SeenMessage } from "./places.ts";

/** What saved attacks have in place of a guarantee. */
export const gradeIds: readonly string[] = aspects.map((aspect) => gradeId(aspect));
export function gradeId(aspect: Aspect): string {
  return `message-${aspect}`;
}
export const isGradeId = (id: string): boolean => gradeIds.includes(id);

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
  const under =
    aspect === "source" ? sourceUnder(means, message) : destinationUnder(means, message);
  if (under > grade) return undefined;
  return aspect === "source" ? forged(trace, message) : read(trace, message);
}

interface AboutMessage {
  readonly guarantee: string;
  readonly message?: SavedAttack["message"] | undefined;
}

/**
 * What a saved attack on a message shows now.
 * @param honest the undisturbed run of the same workload.
 * @returns nothing if it shows nothing any more, or the message is gone.
 */
export function shownAgain(
  trace: Trace,
  honest: Trace,
  { guarantee, message }: AboutMessage,
): { readonly because?: string } {
  const aspect = aspects.find((a) => gradeId(a) === guarantee);
  const seen = messagesOf(honest).find(
    (m) =>
      m.session === message?.session &&
      m.sender === message.from &&
      m.receiver === message.to &&
      m.nth === message.nth,
  );
  if (aspect === undefined || seen === undefined) return {};
  const grade = bestGrade[aspect] - 1;
  const because = showsIn(trace, aspect, seen, grade);
  return because === undefined ? {} : { because };
}

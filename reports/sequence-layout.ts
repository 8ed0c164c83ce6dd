/** Prepares message sequences for drawing: long ones are shortened, lifelines completed. */
import type { MessageSequence, SequenceStep } from "../harness/verdict.ts";

/** A step that can be drawn, or a gap where steps were left out. */
export type DrawnStep = SequenceStep | { readonly kind: "gap"; readonly count: number };

/** The steps a reader must see, whatever else is cut. */
const matters = (step: SequenceStep): boolean => step.kind !== "packet" && step.kind !== "note";

/**
 * At most about `limit` steps. Kept are the attacker's steps and the violation, what comes right
 * before them, and then the beginning; the rest becomes gaps that say how much is missing.
 */
export function shortened(steps: readonly SequenceStep[], limit: number): readonly DrawnStep[] {
  if (steps.length <= limit) return steps;
  const keep = new Set<number>();
  const add = (index: number): void => {
    if (index >= 0 && index < steps.length && keep.size < limit) keep.add(index);
  };
  // From the end, since the violation matters more than the first of many equal moves.
  for (let i = steps.length - 1; i >= 0; i -= 1) if (steps[i]?.kind === "violation") add(i);
  for (let i = 0; i < steps.length; i += 1) {
    const step = steps[i];
    if (step !== undefined && matters(step)) add(i);
  }
  // A copy, since the set grows meanwhile.
  const marked = Array.from(keep);
  for (const index of marked) add(index - 1);
  for (let i = 0; i < steps.length; i += 1) add(i);

  const drawn: DrawnStep[] = [];
  let missing = 0;
  steps.forEach((step, i) => {
    if (!keep.has(i)) {
      missing += 1;
      return;
    }
    if (missing > 0) drawn.push({ kind: "gap", count: missing });
    missing = 0;
    drawn.push(step);
  });
  if (missing > 0) drawn.push({ kind: "gap", count: missing });
  return drawn;
}

/** The lifelines of a message sequence, with any that only its steps mention, each once. */
export function lifelinesOf(story: MessageSequence): readonly string[] {
  const named = story.steps.flatMap((step) => [step.from, step.to]);
  return [...new Set([...story.lifelines, ...named])];
}

/** What a kind of step is called where it is not drawn as an arrow. */
export const stepWord: Readonly<Record<SequenceStep["kind"], string>> = {
  packet: "",
  "attack-packet": "attacker",
  lost: "lost",
  changed: "changed",
  note: "note",
  violation: "VIOLATION",
};

/** `12 ms`, `12.5 ms`. */
export const timeWords = (t: number): string => `${Number.isInteger(t) ? t : t.toFixed(1)} ms`;

/** Sender and receiver in one line: `client#0 → server#0`. */
export function pathWords(step: SequenceStep): string {
  if (step.from === step.to) return step.from;
  return `${step.from} ${step.kind === "lost" ? "⇥" : "→"} ${step.to}`;
}

/** Message sequences as Mermaid diagrams, which GitHub and many editors draw. */
import type { MessageSequence } from "../harness/verdict.ts";
import { clipped, mermaidText } from "./escape.ts";
import { type DrawnStep, lifelinesOf, shortened, stepWord } from "./sequence-layout.ts";

const longestLabel = 80;

/** Lifelines are named `p0`, `p1`, …: Mermaid has words that cannot be names. */
export function mermaidSequence(story: MessageSequence, maxSteps = 60): string {
  const lifelines = lifelinesOf(story);
  const name = (lifeline: string): string => `p${lifelines.indexOf(lifeline)}`;
  const lines = ["sequenceDiagram"];
  for (const lifeline of lifelines) {
    const kind = lifeline === "mallory" ? "actor" : "participant";
    lines.push(`    ${kind} ${name(lifeline)} as ${mermaidText(clipped(lifeline, 30))}`);
  }
  for (const step of shortened(story.steps, maxSteps)) {
    lines.push(...stepLines(step, name, lifelines).map((line) => `    ${line}`));
  }
  return lines.join("\n");
}

function stepLines(
  step: DrawnStep,
  name: (lifeline: string) => string,
  lifelines: readonly string[],
): string[] {
  if (step.kind === "gap") {
    const [first, last] = [lifelines[0] ?? "", lifelines.at(-1) ?? ""];
    const over = first === last ? name(first) : `${name(first)},${name(last)}`;
    return [`Note over ${over}: … ${step.count} more`];
  }
  const label = mermaidText(clipped(step.label, longestLabel));
  const [from, to] = [name(step.from), name(step.to)];
  const over = from === to ? from : `${from},${to}`;
  const word = stepWord[step.kind];
  switch (step.kind) {
    case "packet":
      return [`${from}->>${to}: ${label}`];
    case "attack-packet":
    case "changed":
      return [`${from}->>${to}: ${word}#58; ${label}`];
    case "lost":
      return [`${from}--x${to}: ${word}#58; ${label}`];
    case "note":
      return [`Note over ${over}: ${label}`];
    case "violation":
      // Mermaid cannot colour one note, but it can colour what is behind it.
      return ["rect rgba(220, 40, 40, 0.25)", `Note over ${over}: ${word}#58; ${label}`, "end"];
  }
}

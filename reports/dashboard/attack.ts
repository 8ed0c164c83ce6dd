/** One verdict in words: briefly for the details panel, in full for the open attack. */
import type { Finding, GuaranteeVerdict, SequenceStep } from "../../harness/verdict.ts";
import { displayWidth, toWidth } from "../columns.ts";
import {
  effortWords,
  layerFinding,
  layerMark,
  layerWords,
  neededNames,
  neededWords,
  noMoves,
  noProof,
  statusWord,
  toneOf,
  toneSign,
} from "../model.ts";
import { pathWords, stepWord, timeWords } from "../sequence-layout.ts";
import { type Line, line, paragraph, type Span, type Style, safe, span } from "./styled.ts";

export interface PanelOptions {
  /** The command line that shows an attack again. */
  replayCommand?(finding: Finding): string;
}

const term = (word: string): Span => span(toWidth(word, 10), "faint");

function verdictLine(verdict: GuaranteeVerdict): Line {
  const tone = toneOf(verdict);
  const word = statusWord[verdict.verdict];
  const by = verdict.capability === null ? "" : ` ${verdict.capability}`;
  const sign = tone === "none" ? "" : `${toneSign[tone]} `;
  const shown = `${sign}${tone === "alarm" ? word.toUpperCase() : word}${by}`;
  const claimed = verdict.claimed
    ? verdict.verdict === "broken"
      ? "  although claimed"
      : "  claimed"
    : "";
  return [span(shown, `tone-${tone}`), span(claimed, "faint")];
}

const claimText = (verdict: GuaranteeVerdict): string | undefined =>
  verdict.claim === undefined ? undefined : `“${safe(verdict.claim, 600)}”`;

function layerText(verdict: GuaranteeVerdict): string | undefined {
  const { layer } = verdict;
  if (layer === undefined || layerMark(verdict) === "") return undefined;
  return `${layerWords(layer)}: ${safe(layer.because, 600)}`;
}

/** The most important first: the caller may cut it off anywhere. */
export function summaryLines(
  verdict: GuaranteeVerdict,
  width: number,
  options: PanelOptions,
): Line[] {
  const { finding } = verdict;
  const lines: Line[] = [
    verdictLine(verdict),
    ...paragraph(span(""), safe(verdict.because, 400), width),
  ];
  if (finding !== undefined) {
    const steps = finding.steps.map((step) => safe(step, 200));
    const attack = steps.length === 0 ? `none: ${noMoves(finding)}` : steps.join("; ");
    lines.push(...paragraph(term("attack"), attack, width));
    const replay = options.replayCommand?.(finding);
    if (replay !== undefined) lines.push([term("replay"), span(safe(replay), "accent")]);
  }
  const claim = claimText(verdict);
  if (claim !== undefined) lines.push(...paragraph(term("claim"), claim, width));
  const layer = layerText(verdict);
  if (layer !== undefined) lines.push(...paragraph(term("layer"), layer, width));
  lines.push(...paragraph(term("tried"), effortWords(verdict), width, "faint"));
  return lines;
}

const styleOf: Readonly<Record<SequenceStep["kind"], Style>> = {
  packet: "plain",
  "attack-packet": "tone-alarm",
  lost: "changed",
  changed: "changed",
  note: "faint",
  violation: "tone-alarm",
};

function storyLines(steps: readonly SequenceStep[], width: number): Line[] {
  const paths = steps.map((step) => safe(pathWords(step), 60));
  const times = steps.map((step) => timeWords(step.t));
  const timeWidth = Math.max(0, ...times.map((t) => t.length));
  const pathWidth = Math.min(26, Math.max(0, ...paths.map(displayWidth)));
  return steps.flatMap((step, i) => {
    const time = (times[i] ?? "").padStart(timeWidth);
    const head = span(`${time}  ${toWidth(paths[i] ?? "", pathWidth)}  `, "faint");
    const word = stepWord[step.kind];
    const label = safe(step.label, 400);
    const shown = word === "" || step.kind === "note" ? label : `${word}: ${label}`;
    return paragraph(head, shown, width, styleOf[step.kind]);
  });
}

const heading = (words: string): Line[] => [[], line(words, "accent")];

function findingLines(finding: Finding, width: number, options: PanelOptions): Line[] {
  const lines = heading("The smallest attack");
  if (finding.steps.length === 0) lines.push(line(`none: ${noMoves(finding)}`));
  finding.steps.forEach((step, i) => {
    lines.push(...paragraph(span(`${i + 1}. `, "faint"), safe(step, 600), width));
  });
  lines.push(...heading("What happens"), ...storyLines(finding.story.steps, width));
  const replay = options.replayCommand?.(finding);
  if (replay !== undefined) {
    lines.push(...heading("See it again"), ...paragraph(span(""), safe(replay), width, "strong"));
  }
  lines.push([], ...paragraph(term("found by"), safe(finding.strategy, 100), width, "faint"));
  lines.push(...paragraph(term("digest"), safe(finding.digest, 100), width, "faint"));
  return lines;
}

/** A further attack, without its diagram. */
function otherLines(other: Finding, width: number, options: PanelOptions): Line[] {
  const words = `${safe(neededNames(other))}: ${safe(other.because, 400)}`;
  const lines = paragraph(span(""), words, width, "tone-broken");
  const steps = other.steps.map((step) => safe(step, 200)).join("; ");
  if (steps !== "") lines.push(...paragraph(span("  "), steps, width, "faint"));
  const replay = options.replayCommand?.(other);
  if (replay !== undefined) lines.push(...paragraph(span("  "), safe(replay), width, "faint"));
  return lines;
}

/** Everything there is to say about one verdict. */
export function attackLines(
  verdict: GuaranteeVerdict,
  width: number,
  options: PanelOptions,
): Line[] {
  const { finding } = verdict;
  const lines: Line[] = [
    verdictLine(verdict),
    ...paragraph(span(""), safe(verdict.because), width, "strong"),
    [],
  ];
  const claim = claimText(verdict);
  if (claim !== undefined) lines.push(...paragraph(term("claim"), claim, width));
  if (finding !== undefined) {
    lines.push(...paragraph(term("attacker"), safe(neededWords(finding)), width));
  }
  const layer = layerText(verdict);
  if (layer !== undefined) lines.push(...paragraph(term("layer"), layer, width));
  lines.push(...paragraph(term("tried"), effortWords(verdict), width));
  if (verdict.heldAgainst.length > 0) {
    lines.push(...paragraph(term("held"), `against ${verdict.heldAgainst.join(", ")}`, width));
  }
  if (finding !== undefined) lines.push(...findingLines(finding, width, options));
  const alone = layerFinding(verdict);
  if (alone !== undefined) {
    lines.push(...heading("With the handshake left alone"));
    lines.push(...otherLines(alone, width, options));
  }
  if (verdict.others.length > 0) lines.push(...heading("Other attackers break it too"));
  for (const other of verdict.others) lines.push(...otherLines(other, width, options));
  if (verdict.verdict === "holds") lines.push([], ...paragraph(span(""), noProof, width, "faint"));
  return lines;
}

/**
 * Draws a message sequence as an SVG sequence diagram.
 *
 * Colours are presentation attributes, so that the drawing stands alone (a file, a PDF), and every
 * shape has a class, so that a page can recolour it for dark mode: CSS overrides attributes.
 */
import { isAdversaryProcess } from "../attacker/move.ts";
import type { MessageSequence, SequenceStep } from "../harness/verdict.ts";
import { cut, displayWidth, wrap } from "./columns.ts";
import { clipped, htmlText, visible } from "./escape.ts";
import { type DrawnStep, lifelinesOf, pathWords, shortened, timeWords } from "./sequence-layout.ts";

export interface SequenceOptions {
  /** Unique in the page; letters, digits and hyphens. */
  readonly id: string;
  /** What the diagram shows, for those who cannot see it. */
  readonly title: string;
  /** Longer sequences are shortened; see sequence-layout.ts. */
  readonly maxSteps?: number;
}

/** Average width of a character of the 12 px font, on the generous side. */
const charPx = 6.7;
const gutterPx = 62;
const headPx = 30;
const arrowPx = 42;
const lineOfTextPx = 16;
const noteColumns = 42;
const loopColumns = 20;
const color = {
  ink: "#1f2328",
  faint: "#6e7781",
  line: "#afb8c1",
  paper: "#ffffff",
  head: "#f3f5f8",
  attack: "#b3261e",
  attackPaper: "#fdecea",
  changed: "#8a5a00",
  note: "#fff8dc",
} as const;

interface Frame {
  readonly x: ReadonlyMap<string, number>;
  readonly width: number;
}

const textPx = (text: string): number => displayWidth(text) * charPx;

/** Room between neighbours: as much as their labels ask for, within reason. */
function frameOf(lifelines: readonly string[], steps: readonly DrawnStep[]): Frame {
  const gaps = lifelines.slice(1).map((right, i) => {
    const left = lifelines[i] ?? "";
    const heads = (headWidth(left) + headWidth(right)) / 2 + 16;
    const labels = steps
      .filter((s) => s.kind !== "gap" && isArrow(s) && between(s, left, right))
      .map((s) => (s.kind === "gap" ? 0 : textPx(visible(s.label)) + 34));
    return Math.max(130, heads, Math.min(260, Math.max(0, ...labels)));
  });
  const margin = Math.max(70, (noteColumns * charPx) / 2 - 60);
  const x = new Map<string, number>();
  let at = gutterPx + margin;
  lifelines.forEach((lifeline, i) => {
    x.set(lifeline, Math.round(at));
    at += gaps[i] ?? 0;
  });
  return { x, width: Math.round(at + margin) };
}

const isArrow = (step: SequenceStep): boolean => step.kind !== "note" && step.kind !== "violation";
const between = (step: SequenceStep, a: string, b: string): boolean =>
  (step.from === a && step.to === b) || (step.from === b && step.to === a);
const headLabel = (lifeline: string): string => cut(visible(lifeline), 22);
const headWidth = (lifeline: string): number => Math.max(76, textPx(headLabel(lifeline)) + 24);

function text(
  x: number,
  y: number,
  content: string,
  style: { fill: string; class: string; anchor?: "middle" | "end"; bold?: boolean },
): string {
  const weight = style.bold === true ? ' font-weight="600"' : "";
  return (
    `<text class="${style.class}" x="${x}" y="${y}" fill="${style.fill}"` +
    ` text-anchor="${style.anchor ?? "middle"}"${weight}>${htmlText(content)}</text>`
  );
}

/** Text over lines: a background rectangle keeps it legible. */
function label(x: number, y: number, content: string, fill: string, kind: string): string {
  const width = Math.round(textPx(content) + 8);
  return (
    `<rect class="seq-paper" x="${x - width / 2}" y="${y - 12}" width="${width}" height="16"` +
    ` fill="${color.paper}"/>${text(x, y, content, { fill, class: `seq-label ${kind}` })}`
  );
}

function head(lifeline: string, x: number, y: number): string {
  const width = Math.round(headWidth(lifeline));
  const evil = isAdversaryProcess(lifeline);
  const kind = evil ? "seq-head seq-attack-box" : "seq-head";
  const fill = evil ? color.attackPaper : color.head;
  const stroke = evil ? color.attack : color.line;
  const ink = { fill: evil ? color.attack : color.ink, class: evil ? "seq-attack" : "seq-ink" };
  return (
    `<g><title>${htmlText(clipped(lifeline, 200))}</title>` +
    `<rect class="${kind}" x="${x - width / 2}" y="${y}" width="${width}"` +
    ` height="${headPx - 4}" rx="6"` +
    ` fill="${fill}" stroke="${stroke}"/>` +
    `${text(x, y + 17, headLabel(lifeline), { ...ink, bold: true })}</g>`
  );
}

function lifelineSvg(lifeline: string, x: number, from: number, to: number): string {
  const evil = isAdversaryProcess(lifeline);
  const dashes = evil ? ' stroke-dasharray="5 4"' : "";
  return (
    `<line class="${evil ? "seq-attack-line" : "seq-line"}" x1="${x}" y1="${from}" x2="${x}"` +
    ` y2="${to}" stroke="${evil ? color.attack : color.line}"${dashes}/>`
  );
}

interface ArrowStyle {
  readonly ink: string;
  readonly kind: string;
}
function arrowStyle(step: SequenceStep): ArrowStyle {
  switch (step.kind) {
    case "attack-packet":
      return { ink: color.attack, kind: "seq-attack" };
    case "changed":
      return { ink: color.changed, kind: "seq-changed" };
    case "lost":
      return { ink: color.faint, kind: "seq-faint" };
    default:
      return { ink: color.ink, kind: "seq-ink" };
  }
}

const tip = (x: number, y: number, direction: number, style: ArrowStyle): string =>
  `<path class="${style.kind}" d="M${x} ${y}l${-9 * direction} -4.5v9z" fill="${style.ink}"/>`;

/** A packet from a process to itself, or to its own host. */
function loop(x: number, y: number, step: SequenceStep, style: ArrowStyle): string {
  return (
    `<path class="${style.kind} seq-stroke" d="M${x} ${y - 8}h26v12h-18" fill="none"` +
    ` stroke="${style.ink}" stroke-width="1.5"/>${tip(x + 1, y + 4, -1, style)}` +
    label(x, y - 14, cut(visible(step.label), loopColumns), style.ink, style.kind)
  );
}

/** A long label takes two lines above its arrow. */
function arrowLabel(step: SequenceStep, frame: Frame): string[] {
  const span = Math.abs((frame.x.get(step.to) ?? 0) - (frame.x.get(step.from) ?? 0));
  const columns = Math.floor((span - 24) / charPx);
  const lines = wrap(clipped(visible(step.label), 300), columns);
  if (span === 0 || lines.length === 1) return lines.slice(0, 1);
  return [lines[0] ?? "", cut(lines.slice(1).join(" "), columns)];
}

function arrow(step: SequenceStep, y: number, frame: Frame): string {
  const a = frame.x.get(step.from) ?? 0;
  const b = frame.x.get(step.to) ?? 0;
  const style = arrowStyle(step);
  if (a === b) return loop(a, y, step, style);
  const direction = Math.sign(b - a);
  const lost = step.kind === "lost";
  const end = lost ? Math.round(a + (b - a) * 0.62) : b - 2 * direction;
  const width = step.kind === "changed" || step.kind === "attack-packet" ? 2 : 1.5;
  const dashes = lost ? ' stroke-dasharray="6 4"' : "";
  const middle = Math.round((a + b) / 2);
  const lines = arrowLabel(step, frame);
  return [
    // First, so that the background of the label does not hide the arrow.
    ...lines.map((line, i) => {
      const above = 9 + (lines.length - 1 - i) * lineOfTextPx;
      return label(middle, y - above, line, style.ink, style.kind);
    }),
    `<line class="${style.kind} seq-stroke" x1="${a}" y1="${y}" x2="${end}" y2="${y}"` +
      ` stroke="${style.ink}" stroke-width="${width}"${dashes}/>`,
    lost ? cross(end, y) : tip(end, y, direction, style),
    // Where the packet was changed on its way.
    step.kind === "changed"
      ? `<path class="${style.kind}" d="M${middle} ${y - 6}l6 6l-6 6l-6 -6z" fill="${style.ink}"/>`
      : "",
  ].join("");
}

/** Drawn, not written: many fonts lack ✗. */
const cross = (x: number, y: number, r = 6): string =>
  `<path class="seq-attack seq-stroke" d="M${x - r} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}` +
  `l${-2 * r} ${2 * r}" fill="none" stroke="${color.attack}" stroke-width="2.5"/>`;

const noteLines = (step: SequenceStep): string[] => {
  const lines = wrap(clipped(visible(step.label), noteColumns * 4), noteColumns);
  return lines.length <= 3
    ? lines
    : [...lines.slice(0, 2), cut(lines.slice(2).join(" "), noteColumns)];
};

function note(step: SequenceStep, y: number, frame: Frame): string {
  const lines = noteLines(step);
  const bad = step.kind === "violation";
  // Bold letters are wider.
  const widest = Math.max(...lines.map(textPx)) * (bad ? 1.08 : 1) + (bad ? 48 : 24);
  const a = frame.x.get(step.from) ?? 0;
  const b = frame.x.get(step.to) ?? a;
  const width = Math.round(Math.max(widest, Math.abs(b - a) + 40));
  const half = width / 2;
  const least = half + gutterPx - 4;
  const x = Math.min(Math.max((a + b) / 2, least), Math.max(least, frame.width - half - 4));
  const height = lines.length * lineOfTextPx + 10;
  const kind = bad ? "seq-violation" : "seq-note";
  const stroke = bad ? color.attack : color.line;
  const ink = { fill: bad ? color.attack : color.ink, class: bad ? "seq-attack" : "seq-ink" };
  return (
    `<rect class="${kind}" x="${x - half}" y="${y}" width="${width}" height="${height}" rx="3"` +
    ` fill="${bad ? color.attackPaper : color.note}" stroke="${stroke}"` +
    ` stroke-width="${bad ? 2 : 1}"/>` +
    (bad ? cross(x - half + 14, y + height / 2, 4) : "") +
    lines
      .map((line, i) =>
        text(x + (bad ? 8 : 0), y + 17 + i * lineOfTextPx, line, { ...ink, bold: bad }),
      )
      .join("")
  );
}

interface Row {
  readonly svg: string;
  readonly height: number;
}

interface PlacedRow extends Row {
  /** Base line of the time beside it. */
  readonly timeY: number;
}

function arrowRow(step: SequenceStep, y: number, frame: Frame): PlacedRow {
  const height = arrowPx + (arrowLabel(step, frame).length - 1) * lineOfTextPx;
  return { svg: arrow(step, y + height - 12, frame), height, timeY: y + height - 8 };
}

function noteRow(step: SequenceStep, y: number, frame: Frame): PlacedRow {
  const height = noteLines(step).length * lineOfTextPx + 20;
  return { svg: note(step, y + 6, frame), height, timeY: y + 23 };
}

function row(step: DrawnStep, y: number, frame: Frame): Row {
  if (step.kind === "gap") {
    const words = `⋯ ${step.count} ${step.count === 1 ? "step" : "steps"} not shown`;
    const xs = [...frame.x.values()];
    const x = Math.round(((xs[0] ?? 0) + (xs.at(-1) ?? 0)) / 2);
    return { svg: label(x, y + 18, words, color.faint, "seq-faint"), height: 28 };
  }
  const drawn = isArrow(step) ? arrowRow(step, y, frame) : noteRow(step, y, frame);
  const time = text(gutterPx - 12, drawn.timeY, timeWords(step.t), {
    fill: color.faint,
    class: "seq-faint seq-time",
    anchor: "end",
  });
  const hex = step.hex === undefined ? "" : `\n${clipped(step.hex, 600)}`;
  // The line feed between the lines is the lab's own, so it is added after escaping.
  const full = [`${timeWords(step.t)}, ${pathWords(step)}: ${clipped(step.label, 600)}`, hex.trim()]
    .filter((line) => line !== "")
    .map(htmlText)
    .join("\n");
  return { svg: `<g><title>${full}</title>${time}${drawn.svg}</g>`, height: drawn.height };
}

/** A complete `<svg>` element. Everything the network or a protocol wrote is escaped. */
export function sequenceSvg(story: MessageSequence, options: SequenceOptions): string {
  const steps = shortened(story.steps, options.maxSteps ?? 60);
  const lifelines = lifelinesOf(story);
  const frame = frameOf(lifelines, steps);
  const top = 8;
  const rows: string[] = [];
  let y = top + headPx;
  for (const step of steps) {
    const next = row(step, y, frame);
    rows.push(next.svg);
    y += next.height;
  }
  y += 14;
  const places = lifelines.map((lifeline) => ({ lifeline, x: frame.x.get(lifeline) ?? 0 }));
  // Heads again at the foot of a long diagram, where the top has scrolled away.
  const foot = steps.length > 14 ? headPx : 0;
  const lines = places.map((p) => lifelineSvg(p.lifeline, p.x, top + headPx - 4, y));
  const heads = places.map((p) => head(p.lifeline, p.x, top));
  const feet = foot === 0 ? [] : places.map((p) => head(p.lifeline, p.x, y));
  const height = y + foot + 4;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" class="seq" role="img"` +
    ` aria-labelledby="${options.id}-title" viewBox="0 0 ${frame.width} ${height}"` +
    ` width="${frame.width}" height="${height}" font-size="12"` +
    ` font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif">` +
    `<title id="${options.id}-title">${htmlText(options.title)}</title>` +
    [...lines, ...heads, ...rows, ...feet].join("") +
    "</svg>"
  );
}

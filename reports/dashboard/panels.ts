/** What each region of the dashboard shows, as styled text: pure, and free of any terminal. */
import type { GuaranteeVerdict } from "../../harness/verdict.ts";
import { displayWidth, toWidth } from "../columns.ts";
import {
  grouped,
  layerMark,
  secondsWords,
  type Tone,
  tallyOf,
  toneOf,
  toneSign,
} from "../model.ts";
import { attackLines, type PanelOptions, summaryLines } from "./attack.ts";
import {
  type Box,
  type Layout,
  layout,
  type Region,
  type Size,
  smallest,
  windowAround,
} from "./layout.ts";
import {
  type DashboardState,
  fraction,
  type ProtocolState,
  runsPerSecond,
  selectedGuarantee,
  selectedProtocol,
  selectedVerdict,
} from "./model.ts";
import { fitLine, fitLines, type Line, line, type Span, safe, span, spread } from "./styled.ts";

const columnWidth = 16;
const rowHeadWidth = 24;

/** `███░░░░░`, `width` columns. */
export function bar(done: number, width: number): Span[] {
  const full = Math.round(Math.min(1, Math.max(0, done)) * width);
  return [span("█".repeat(full), "accent"), span("░".repeat(width - full), "faint")];
}

/** `950`, `12.3k`, `4.1M`: at most five columns. */
export function shortCount(n: number): string {
  if (n < 1000) return String(Math.round(n));
  const [value, unit] = n < 999_500 ? [n / 1000, "k"] : [n / 1_000_000, "M"];
  return `${value < 99.5 ? value.toFixed(1) : Math.round(value)}${unit}`;
}

/** A cell of the matrix: `!✗ on-path +`, where `!` marks a claim and `+` the data phase. */
function cellText(verdict: GuaranteeVerdict): string {
  const tone = toneOf(verdict);
  const words: Readonly<Record<Tone, string>> = {
    alarm: verdict.capability ?? "broken",
    broken: verdict.capability ?? "broken",
    holds: "holds",
    unknown: "unknown",
    none: "",
  };
  const layer = layerMark(verdict).charAt(0);
  const mark = tone === "alarm" ? "!" : " ";
  return `${mark}${toneSign[tone]} ${words[tone]}${layer === "" ? "" : ` ${layer}`}`.trimEnd();
}

function cell(state: DashboardState, protocol: ProtocolState, guarantee: string): Span {
  const verdict = protocol.cells.get(guarantee);
  const selected = protocol === selectedProtocol(state) && guarantee === selectedGuarantee(state);
  const chosen = selected ? { selected } : {};
  if (verdict !== undefined) {
    const text = toWidth(cellText(verdict), columnWidth - 1);
    return { text, style: `tone-${toneOf(verdict)}`, ...chosen };
  }
  const waiting = protocol.guarantees.includes(guarantee) ? " ·" : "";
  return { text: toWidth(waiting, columnWidth - 1), style: "faint", ...chosen };
}

function columnHead(state: DashboardState, protocol: ProtocolState): { name: Span; bar: Line } {
  const chosen = protocol === selectedProtocol(state);
  const name = span(
    `${toWidth(` ${safe(protocol.label, 100)}`, columnWidth - 1)} `,
    chosen ? "strong" : "plain",
  );
  if (protocol.finished) {
    return {
      name,
      bar: fitLine([span(` ${shortCount(protocol.runs)} runs`, "faint")], columnWidth),
    };
  }
  const percent = `${Math.floor(fraction(protocol) * 100)}%`;
  const parts = [span(" "), ...bar(fraction(protocol), 9), span(` ${percent}`, "faint")];
  return { name, bar: fitLine(parts, columnWidth) };
}

const tabs = (state: DashboardState, note: string, width: number): Line => {
  const protocol = safe(selectedProtocol(state)?.label ?? "", 60);
  const place = `${protocol} › ${safe(selectedGuarantee(state) ?? "", 40)}`;
  const shown = state.open
    ? [span("  Matrix  ", "faint"), { ...span(`  ${place}  `, "strong"), selected: true }]
    : [{ ...span("  Matrix  ", "strong"), selected: true }];
  return spread(shown, [span(`${note} `, "faint")], width);
};

/** Which columns are seen, where not all are. */
function rangeWords(from: number, to: number, count: number, what: string): string {
  if (to - from >= count) return "";
  const range = to - from === 1 ? `${to}` : `${from + 1}–${to}`;
  return `${what} ${range} of ${count}`.trimStart();
}

function matrixPanel(state: DashboardState, box: Size): Line[] {
  const columns = Math.max(1, Math.floor((box.width - rowHeadWidth) / columnWidth));
  const across = windowAround(state.cursor.protocol, state.protocols.length, columns);
  // The tabs, an empty line and two lines of heads stand above the rows.
  const down = windowAround(state.cursor.guarantee, state.guarantees.length, box.height - 4);
  const note = rangeWords(across.from, across.to, state.protocols.length, "protocols");
  const lines: Line[] = [tabs(state, note, box.width), []];
  if (state.protocols.length === 0) {
    return fitLines([...lines, line("  Nothing has started yet.", "faint")], box.width, box.height);
  }
  const shown = state.protocols.slice(across.from, across.to);
  const heads = shown.map((protocol) => columnHead(state, protocol));
  const hidden = rangeWords(down.from, down.to, state.guarantees.length, "");
  lines.push([span(" ".repeat(rowHeadWidth)), ...heads.map((h) => h.name)]);
  const corner = span(toWidth(hidden === "" ? "" : ` ${hidden}`, rowHeadWidth), "faint");
  lines.push([corner, ...heads.flatMap((h) => h.bar)]);
  for (const guarantee of state.guarantees.slice(down.from, down.to)) {
    const chosen = guarantee === selectedGuarantee(state);
    const head = toWidth(` ${safe(guarantee, 60)}`, rowHeadWidth - 1);
    const cells = shown.flatMap((protocol) => [cell(state, protocol, guarantee), span(" ")]);
    lines.push([span(`${head} `, chosen ? "strong" : "faint"), ...cells]);
  }
  return fitLines(lines, box.width, box.height);
}

/** Signs and counts of all tones that occur. */
function tallySpans(verdicts: readonly GuaranteeVerdict[]): Span[] {
  const tally = tallyOf(verdicts);
  return (["alarm", "broken", "holds", "unknown"] as const)
    .filter((tone) => tally[tone] > 0)
    .map((tone) => {
      const mark = tone === "alarm" ? "!" : "";
      return span(`${mark}${toneSign[tone]}${tally[tone]} `, `tone-${tone}`);
    });
}

function explorerPanel(state: DashboardState, box: Size): Line[] {
  const perProtocol = 3;
  const room = Math.max(1, Math.floor((box.height - 2) / perProtocol));
  const shown = windowAround(state.cursor.protocol, state.protocols.length, room);
  const note = rangeWords(shown.from, shown.to, state.protocols.length, "");
  const lines: Line[] = [
    spread([span("  PROTOCOLS", "faint")], [span(`${note} `, "faint")], box.width),
    [],
  ];
  for (const protocol of state.protocols.slice(shown.from, shown.to)) {
    const selected = protocol === selectedProtocol(state);
    const name = toWidth(`${selected ? "▾" : "▸"} ${safe(protocol.label, 80)}`, box.width - 2);
    lines.push([{ ...span(` ${name} `, selected ? "strong" : "plain"), selected }]);
    lines.push([span("   "), ...workSpans(protocol, box.width - 4)]);
    lines.push([span("   "), ...tallySpans([...protocol.cells.values()])]);
  }
  return fitLines(lines, box.width, box.height);
}

function workSpans(protocol: ProtocolState, width: number): Span[] {
  if (protocol.finished) return [span(`done, ${grouped(protocol.runs)} runs`, "faint")];
  if (protocol.since === undefined) return [span("waiting", "faint")];
  const words = ` ${shortCount(protocol.runs)} ${shortCount(runsPerSecond(protocol))}/s`;
  return [...bar(fraction(protocol), Math.max(4, width - 13)), span(words, "faint")];
}

function detailsPanel(state: DashboardState, box: Size, options: PanelOptions): Line[] {
  const protocol = selectedProtocol(state);
  const guarantee = selectedGuarantee(state);
  if (protocol === undefined || guarantee === undefined) return fitLines([], box.width, box.height);
  const place = `${safe(protocol.label, 60)} › ${safe(guarantee, 60)} `;
  const rest = "─".repeat(Math.max(0, box.width - displayWidth(place) - 3));
  const lines: Line[] = [[span("── ", "faint"), span(place, "strong"), span(rest, "faint")]];
  const verdict = selectedVerdict(state);
  if (verdict !== undefined) lines.push(...summaryLines(verdict, box.width - 2, options));
  else if (!protocol.guarantees.includes(guarantee)) {
    lines.push(line("This protocol is not judged for it.", "faint"));
  } else {
    const trying = protocol.strategy === "" ? "" : `, now trying ${safe(protocol.strategy, 80)}`;
    lines.push(line(`Not judged yet${trying}.`, "faint"));
    const rate = `${shortCount(runsPerSecond(protocol))} runs/s`;
    const work = `${grouped(protocol.done)} of ${grouped(protocol.total)} steps`;
    lines.push(line(`${work}, ${grouped(protocol.runs)} runs, ${rate}`, "faint"));
  }
  const indented = lines.map((l, i): Line => (i === 0 ? l : [span(" "), ...l]));
  return fitLines(indented, box.width, box.height);
}

/** All lines of the open attack, and how far they can be scrolled in a box of this height. */
export function attackLength(
  state: DashboardState,
  box: Size,
  options: PanelOptions,
): { readonly lines: readonly Line[]; readonly page: number; readonly maxScroll: number } {
  const verdict = selectedVerdict(state);
  const lines = verdict === undefined ? [] : attackLines(verdict, box.width - 4, options);
  const page = Math.max(1, box.height - 2);
  return { lines, page, maxScroll: Math.max(0, lines.length - page) };
}

function attackPanel(state: DashboardState, box: Size, options: PanelOptions): Line[] {
  const { lines, page, maxScroll } = attackLength(state, box, options);
  const from = Math.min(state.scroll, maxScroll);
  const note = rangeWords(from, Math.min(lines.length, from + page), lines.length, "lines");
  const body =
    lines.length === 0
      ? [line("  Not judged yet.", "faint")]
      : lines.slice(from, from + page).map((l): Line => [span("  "), ...l]);
  return fitLines([tabs(state, note, box.width), [], ...body], box.width, box.height);
}

function titlePanel(state: DashboardState, box: Size): Line[] {
  const report = state.report;
  const seed =
    report === undefined ? "" : `seed ${safe(report.seed, 40)} · ${safe(report.version, 20)} `;
  const left = [span(" Mallory ", "strong"), span(" protocol lab", "faint")];
  return [spread(left, [span(seed, "faint")], box.width)];
}

/** The current activity, in decreasing length. */
function workWords(state: DashboardState): string[] {
  if (state.message !== "") return [safe(state.message, 300)];
  const tally = tallyOf(state.protocols.flatMap((p) => [...p.cells.values()]));
  const alarms = `${tally.alarm} ${tally.alarm === 1 ? "claim" : "claims"} broken`;
  if (state.report !== undefined) {
    const { runs, seconds, incomplete } = state.report;
    const done = incomplete === undefined ? "done" : `incomplete: ${safe(incomplete, 100)}`;
    const work = `${done}, ${grouped(runs)} runs, ${secondsWords(seconds)}`;
    return [`${work} · ${alarms}`, work, done];
  }
  const count = state.protocols.length;
  const share = count === 0 ? 0 : state.protocols.reduce((s, p) => s + fraction(p), 0) / count;
  const rate = state.protocols.reduce((s, p) => s + (p.finished ? 0 : runsPerSecond(p)), 0);
  const runs = state.protocols.reduce((sum, p) => sum + p.runs, 0);
  const percent = `${Math.floor(share * 100)}%`;
  const work = `${percent}, ${grouped(runs)} runs, ${shortCount(rate)}/s`;
  return [`${work} · ${alarms}`, work, percent];
}

const matrixKeys = ["q quit", "Enter open", "arrows move", "n next broken"] as const;
const attackKeys = ["q quit", "Esc back", "↑↓ scroll", "←→ protocol", "n next broken"] as const;

function statusPanel(state: DashboardState, box: Size): Line[] {
  const keys = state.open ? attackKeys : matrixKeys;
  const joined = (count: number): string => keys.slice(0, count).toReversed().join(" · ");
  const fits = (words: string, count: number): boolean =>
    displayWidth(words) + displayWidth(joined(count)) + 3 < box.width;
  // The keys matter more than the end of the activity text.
  const words = workWords(state);
  const shown = words.find((w) => fits(w, 2)) ?? words.at(-1) ?? "";
  let count = keys.length;
  while (count > 0 && !fits(shown, count)) count -= 1;
  return [spread([span(` ${shown}`)], [span(`${joined(count)} `)], box.width)];
}

function tooSmall(box: Size): Line[] {
  const words = ["Too small.", `At least ${smallest.width}×${smallest.height}`, "q quit"];
  return fitLines(
    words.map((w) => line(w)),
    box.width,
    box.height,
  );
}

/** The whole screen: for each region its box and exactly the lines that fill it. */
export interface Frame {
  readonly region: Region;
  readonly box: Box;
  readonly lines: readonly Line[];
}

export function frames(
  state: DashboardState,
  size: Size,
  options: PanelOptions = {},
): readonly Frame[] {
  const boxes: Layout = layout(size, state.open);
  const framed: Frame[] = [];
  const add = (region: Region, lines: (box: Size) => Line[]): void => {
    const box = boxes[region];
    if (box !== undefined) framed.push({ region, box, lines: lines(box) });
  };
  if (boxes.status === undefined) {
    add("main", tooSmall);
    return framed;
  }
  add("title", (box) => titlePanel(state, box));
  add("explorer", (box) => explorerPanel(state, box));
  add("main", (box) => (state.open ? attackPanel(state, box, options) : matrixPanel(state, box)));
  add("details", (box) => detailsPanel(state, box, options));
  add("status", (box) => statusPanel(state, box));
  return framed;
}

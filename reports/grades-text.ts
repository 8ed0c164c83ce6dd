/** Message grades for a terminal, and as a table in Markdown. */
import pc from "picocolors";
import type { Cap, GradesReport, MessageGrade } from "../harness/grades/message-grade.ts";
import { cut, displayWidth, hanging, padEnd } from "./columns.ts";
import { markdownCode, markdownText, terminalText } from "./escape.ts";
import {
  alikeWords,
  attackWords,
  capsOf,
  doubtsOf,
  gradeName,
  gradeSign,
  gradesNote,
  meaningsIn,
  messagesWords,
  wayOf,
} from "./grades-model.ts";
import { grouped, secondsWords } from "./model.ts";

export interface GradesWords {
  readonly label: string;
  readonly report: GradesReport;
  /** Left out where the document tells its own time. */
  readonly seconds?: number;
}

export interface GradesTextOptions {
  readonly color: boolean;
  readonly width: number;
  /** The command line that shows an attack again. */
  replayCommand(cap: Cap): string;
}

/** What stands before a message: its number, its session where there are several, its way. */
function rowOf(message: MessageGrade, i: number, severalSessions: boolean): readonly string[] {
  return [
    `${i + 1}`,
    ...(severalSessions ? [`${message.session + 1}`] : []),
    wayOf(message),
    gradeSign(message.source),
    gradeSign(message.destination),
    message.inHandshake ? "handshake" : "",
    message.said,
  ];
}

function tableOf({ messages }: GradesReport): readonly (readonly string[])[] {
  const several = new Set(messages.map((m) => m.session)).size > 1;
  const session = several ? ["session"] : [];
  const heads = ["", ...session, "from → to", "source", "destination", "", "message"];
  return [heads, ...messages.map((m, i) => rowOf(m, i, several))];
}

type Colors = ReturnType<typeof pc.createColors>;

function tableLines(report: GradesReport, colors: Colors, width: number): readonly string[] {
  const [heads = [], ...rows] = tableOf(report).map((cells) =>
    cells.map((cell, i) => terminalText(cell, i === cells.length - 1 ? 100 : 40)),
  );
  if (rows.length === 0) return ["no honest user sends another a message"];
  const widths = heads.map((_, i) =>
    Math.max(...[heads, ...rows].map((cells) => displayWidth(cells[i] ?? ""))),
  );
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, i) => padEnd(cell, widths[i] ?? 0));
    return cut(padded.join("  ").trimEnd(), width);
  };
  return [colors.dim(line(heads)), ...rows.map(line)];
}

function capLines(report: GradesReport, colors: Colors, options: GradesTextOptions) {
  const width = Math.max(40, options.width);
  const caps = capsOf(report).flatMap((shared) => {
    const { cap, messages } = shared;
    const shows = terminalText(cap.because, 300);
    return [
      ...hanging("", `${gradeName(shared)}, ${messagesWords(messages)}: ${shows}`, width),
      ...hanging("  attack  ", terminalText(attackWords(cap), 900), width),
      `  again   ${colors.cyan(terminalText(options.replayCommand(cap), 400))}`,
    ];
  });
  const doubts = doubtsOf(report).flatMap(({ aspect, messages, because }) => {
    const text = `${aspect} unknown, ${messagesWords(messages)}: ${terminalText(because, 300)}`;
    return hanging("", text, width).map((l) => colors.cyan(l));
  });
  return [...caps, ...doubts];
}

/** The table, what its grades mean, and the attacks behind them. */
export function gradesText(
  { label, report, seconds }: GradesWords,
  options: GradesTextOptions,
): string {
  const colors = pc.createColors(options.color);
  const width = Math.max(40, options.width);
  const faults = (report.faults ?? []).flatMap((fault) =>
    hanging("! ", terminalText(fault, 400), width).map((l) => colors.red(l)),
  );
  const meanings = meaningsIn(report).flatMap(({ aspect, grade, meaning }) =>
    hanging(`${aspect} ${grade}  `, meaning, width).map((l) => colors.dim(l)),
  );
  const time = seconds === undefined ? [] : [secondsWords(seconds)];
  const effort = [`${grouped(report.runs)} runs`, ...time].join(", ");
  const { incomplete } = report;
  const why = incomplete === undefined ? [] : [`Incomplete: ${terminalText(incomplete, 300)}`];
  const title = hanging("", terminalText(`${label} · ${report.title}`, 200), width);
  const parts = [
    title.map((l) => colors.bold(l)),
    faults,
    tableLines(report, colors, width),
    meanings,
    capLines(report, colors, options),
    [
      ...hanging("", gradesNote, width).map((l) => colors.dim(l)),
      [effort, ...alikeWords(report)].join(" · "),
      ...why.flatMap((text) => hanging("", text, width)).map((l) => colors.yellow(l)),
    ],
  ];
  const shown = parts.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `${shown.join("\n\n")}\n`;
}

/** The same as tables in Markdown. */
export function gradesMarkdown({ label, report }: Pick<GradesWords, "label" | "report">): string {
  const title = `How well each message of ${markdownCode(label)} is protected.`;
  return [title, "", ...gradesMarkdownLines(report)].join("\n");
}

/** The same without a heading, for documents that have one. */
export function gradesMarkdownLines(report: GradesReport): readonly string[] {
  const [heads = [], ...rows] = tableOf(report).map((r) => r.map((c) => markdownText(c)));
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const caps = capsOf(report).map((shared) => {
    const { cap, messages } = shared;
    const words = [gradeName(shared), messagesWords(messages), cap.because, attackWords(cap)];
    return row(words.map((w) => markdownText(w)));
  });
  return [
    ...(report.faults ?? []).flatMap((f) => [`> **Before any attack:** ${markdownText(f)}`, ""]),
    row(heads),
    row(heads.map(() => "---")),
    ...rows.map(row),
    "",
    ...meaningsIn(report).map((m) => `- *${m.aspect} ${m.grade}*: ${markdownText(m.meaning)}`),
    ...doubtsOf(report).map(
      (d) => `- *${d.aspect} ?*, ${messagesWords(d.messages)}: ${markdownText(d.because)}`,
    ),
    "",
    ...(caps.length === 0
      ? []
      : [row(["grade", "of", "what the run shows", "attack"]), row(["---", "---", "---", "---"])]),
    ...caps,
    ...(caps.length === 0 ? [] : [""]),
    [gradesNote, ...alikeWords(report).map((words) => `${words}.`)].join(" "),
    ...(report.incomplete === undefined
      ? []
      : ["", `**Incomplete:** ${markdownText(report.incomplete)}`]),
    "",
  ];
}

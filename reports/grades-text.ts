/** Message grades for a terminal, and as a table in Markdown. */
import pc from "picocolors";
import type { Cap, GradesReport, MessageGrade } from "../harness/grades/message-grade.ts";
import { displayWidth, hanging, padEnd } from "./columns.ts";
import { markdownCode, markdownText, terminalText } from "./escape.ts";
import {
  alikeWords,
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
  readonly seconds: number;
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

const stepsOf = ({ steps }: Cap): string =>
  steps.length === 0 ? "listens, and no more" : steps.join("; then ");

export function gradesText({ label, report, seconds }: GradesWords, options: GradesTextOptions) {
  const colors = pc.createColors(options.color);
  const width = Math.max(40, options.width);
  const [heads = [], ...rows] = tableOf(report).map((r) => r.map((c) => terminalText(c, 60)));
  const widths = heads.map((h, i) =>
    Math.max(...[h, ...rows.map((r) => r[i] ?? "")].map(displayWidth)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((c, i) => padEnd(c, widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  const lines = [colors.bold(terminalText(`${label} · ${report.title}`, 200)), ""];
  for (const fault of report.faults ?? []) {
    lines.push(...hanging("! ", terminalText(fault, 400), width).map((l) => colors.red(l)), "");
  }
  if (rows.length === 0) lines.push("no honest user sends another a message", "");
  else lines.push(colors.dim(line(heads)), ...rows.map(line), "");
  for (const { aspect, grade, meaning } of meaningsIn(report)) {
    lines.push(...hanging(`${aspect} ${grade}  `, meaning, width).map((l) => colors.dim(l)));
  }
  lines.push("");
  for (const shared of capsOf(report)) {
    const { cap, messages } = shared;
    const head = `${gradeName(shared)}, ${messagesWords(messages)}: ${terminalText(cap.because, 300)}`;
    lines.push(...hanging("", head, width));
    lines.push(...hanging("  attack  ", terminalText(stepsOf(cap), 900), width));
    lines.push(`  again   ${colors.cyan(terminalText(options.replayCommand(cap), 400))}`);
  }
  for (const { aspect, messages, because } of doubtsOf(report)) {
    const text = `${aspect} unknown, ${messagesWords(messages)}: ${terminalText(because, 300)}`;
    lines.push(...hanging("", text, width).map((l) => colors.cyan(l)));
  }
  lines.push("", ...hanging("", gradesNote, width).map((l) => colors.dim(l)));
  const alike = alikeWords(report)
    .map((words) => ` · ${words}`)
    .join("");
  lines.push(`${grouped(report.runs)} runs, ${secondsWords(seconds)}${alike}`);
  if (report.incomplete !== undefined) {
    const why = `Incomplete: ${terminalText(report.incomplete, 300)}`;
    lines.push(...hanging("", why, width).map((l) => colors.yellow(l)));
  }
  return `${lines.join("\n")}\n`;
}

/** The table, what its grades mean, and the attacks behind them. */
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
    const words = [gradeName(shared), messagesWords(messages), cap.because, stepsOf(cap)];
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

/** The change between two protocols, for a terminal. */
import pc from "picocolors";
import type { Change, VerdictChange } from "../harness/search/diff.ts";
import type { Finding, GuaranteeVerdict } from "../harness/verdict.ts";
import { displayWidth, hanging, padEnd } from "./columns.ts";
import { terminalText } from "./escape.ts";
import { grouped, noMoves, secondsWords, toneOf, verdictWords } from "./model.ts";
import type { MatrixTextOptions } from "./text.ts";

export interface DiffWords {
  readonly before: string;
  readonly after: string;
  readonly differences: readonly VerdictChange[];
  readonly runs: number;
  readonly seconds: number;
  readonly incomplete?: string | undefined;
}

/** How many differences there are of each kind. */
export function changesOf(differences: readonly VerdictChange[]): Readonly<Record<Change, number>> {
  const counts: Record<Change, number> = { better: 0, worse: 0, same: 0, other: 0 };
  for (const { change } of differences) counts[change] += 1;
  return counts;
}

const changeWord: Readonly<Record<Change, string>> = {
  better: "better",
  worse: "WORSE",
  same: "",
  other: "not comparable",
};

/** A dash alone would not say which of the two reasons it has. */
function sideWords(verdict: GuaranteeVerdict | undefined): string {
  if (verdict === undefined) return "not judged";
  return toneOf(verdict) === "none" ? "not applicable" : verdictWords(verdict);
}

function tableLines({ differences, ...words }: DiffWords, colors: Colors): string[] {
  const sides = [words.before, words.after].map((s) => terminalText(s, 60)) as [string, string];
  const rows = differences.map((d) => ({
    change: d.change,
    cells: [terminalText(d.guarantee, 60), sideWords(d.before), sideWords(d.after)] as const,
  }));
  const widthOf = (i: 0 | 1 | 2, head: string): number =>
    Math.max(displayWidth(head), ...rows.map((r) => displayWidth(r.cells[i])));
  const widths = [widthOf(0, ""), widthOf(1, sides[0]), widthOf(2, sides[1])] as const;
  const line = (a: string, b: string, arrow: string, c: string, end: string): string =>
    [padEnd(a, widths[0]), padEnd(b, widths[1]), arrow, padEnd(c, widths[2]), end]
      .join("  ")
      .trimEnd();
  return [
    colors.bold(line("", sides[0], " ", sides[1], "")),
    ...rows.map(({ cells, change }) => {
      const text = line(cells[0], cells[1], "→", cells[2], changeWord[change]);
      if (change === "worse") return colors.bold(colors.red(text));
      if (change === "better") return colors.green(text);
      return change === "other" ? colors.cyan(text) : text;
    }),
  ];
}

type Colors = ReturnType<typeof pc.createColors>;

/** The smallest attack on something that got worse. */
function worseLines(
  { guarantee, after }: VerdictChange,
  colors: Colors,
  width: number,
  replayCommand: (finding: Finding) => string,
): string[] {
  const because = terminalText(after?.because ?? "", 600);
  const lines = hanging("! ", `${terminalText(guarantee)}: ${because}`, width);
  lines[0] = colors.bold(colors.red(lines[0] ?? ""));
  const finding = after?.finding;
  if (finding === undefined) return lines;
  if (finding.steps.length === 0) lines.push(`  attack  none: ${noMoves(finding)}`);
  finding.steps.forEach((step, i) => {
    const number = finding.steps.length === 1 ? "" : `${i + 1}. `;
    const first = `  ${i === 0 ? "attack" : "      "}  ${number}`;
    lines.push(...hanging(first, terminalText(step, 400), width));
  });
  // Not wrapped: it is there to be copied.
  lines.push(`  replay  ${colors.cyan(terminalText(replayCommand(finding)))}`);
  return lines;
}

/** Guarantee by guarantee, before → after; then a line of counts, and why what is worse is. */
export function diffText(words: DiffWords, options: MatrixTextOptions): string {
  const colors = pc.createColors(options.color);
  const width = Math.max(40, options.width);
  const lines = [...tableLines(words, colors), ""];
  const replayCommand = options.replayCommand.bind(options);
  for (const d of words.differences) {
    if (d.change === "worse") lines.push(...worseLines(d, colors, width, replayCommand), "");
  }
  const { better, worse, same, other } = changesOf(words.differences);
  const counts = [`${better} better`, `${worse} worse`, `${same} the same`];
  if (other > 0) counts.push(`${other} not comparable`);
  const effort = `${grouped(words.runs)} runs, ${secondsWords(words.seconds)}`;
  const summary = `${counts.join(", ")} · ${effort}`;
  lines.push(worse > 0 ? colors.red(summary) : colors.green(summary));
  if (words.incomplete !== undefined) {
    const why = `Incomplete: ${terminalText(words.incomplete, 300)}`;
    lines.push(...hanging("", why, width).map((l) => colors.yellow(l)));
  }
  return `${lines.join("\n")}\n`;
}

/** What each defence carries: for a terminal, and as a table in Markdown. */
import pc from "picocolors";
import { isAsDeclared, type Weakened } from "../harness/search/defences.ts";
import type { GuaranteeVerdict } from "../harness/verdict.ts";
import { hanging } from "./columns.ts";
import { markdownCode, markdownText, terminalText } from "./escape.ts";
import { grouped, noMoves, secondsWords } from "./model.ts";
import type { MatrixTextOptions } from "./text.ts";

export interface DefencesWords {
  readonly label: string;
  readonly weakened: readonly Weakened[];
  readonly runs: number;
  readonly seconds: number;
  readonly incomplete?: string | undefined;
}

const settingOf = ({ option, value }: Weakened): string => `${option}=${value}`;
const attackOf = ({ finding }: GuaranteeVerdict): string =>
  finding === undefined || finding.steps.length === 0
    ? `none: ${noMoves(finding ?? {})}`
    : finding.steps.join("; then ");

function summaryOf({ weakened, runs, seconds }: DefencesWords): string {
  const off = weakened.filter((w) => !isAsDeclared(w)).length;
  const found =
    off === 0
      ? `${weakened.length} defences, each as declared`
      : `${off} of ${weakened.length} defences not as declared`;
  return `${found} · ${grouped(runs)} runs, ${secondsWords(seconds)}`;
}

export function defencesText(words: DefencesWords, options: MatrixTextOptions): string {
  const colors = pc.createColors(options.color);
  const width = Math.max(40, options.width);
  const lines: string[] = [];
  for (const w of words.weakened) {
    const about = `${terminalText(settingOf(w), 60)}  ${terminalText(w.about, 300)}`;
    lines.push(...hanging("", about, width).map((l) => colors.bold(l)));
    for (const v of w.broken) {
      const declared = w.carries.includes(v.guarantee);
      const mark = declared ? "✓" : "✗";
      const note = declared ? "" : ", which the defence is not said to carry";
      const text = `${v.guarantee} breaks (${v.capability})${note}: ${terminalText(attackOf(v), 600)}`;
      const shown = hanging(`  ${mark} `, text, width);
      lines.push(...(declared ? shown : shown.map((l) => colors.red(l))));
    }
    for (const id of w.missing) {
      const text = `${id} is said to be carried, but nothing tried here broke it`;
      lines.push(...hanging("  ✗ ", text, width).map((l) => colors.red(l)));
    }
    lines.push("");
  }
  const good = words.weakened.every(isAsDeclared);
  lines.push(good ? colors.green(summaryOf(words)) : colors.red(summaryOf(words)));
  if (words.incomplete !== undefined) {
    const why = `Incomplete: ${terminalText(words.incomplete, 300)}`;
    lines.push(...hanging("", why, width).map((l) => colors.yellow(l)));
  }
  return `${lines.join("\n")}\n`;
}

/** A row for each guarantee that a missing defence breaks. */
export function defencesMarkdown(words: DefencesWords): string {
  const rows = words.weakened.flatMap((w) => {
    const cells = w.broken.map((v) => {
      const declared = w.carries.includes(v.guarantee) ? "" : " (not declared)";
      return [`${v.guarantee}${declared}`, `${v.capability}`, attackOf(v)];
    });
    for (const id of w.missing) cells.push([id, "", "declared, but not broken by what was tried"]);
    return cells.map(([guarantee = "", capability = "", attack = ""], i) =>
      [
        i === 0 ? markdownCode(settingOf(w)) : "",
        i === 0 ? markdownText(w.about) : "",
        markdownText(guarantee),
        markdownText(capability),
        markdownText(attack),
      ].join(" | "),
    );
  });
  return [
    `What each defence of ${markdownCode(words.label)} carries: without it, these guarantees break.`,
    "",
    "| switched off | what that means | breaks | takes | smallest attack |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row} |`),
    "",
  ].join("\n");
}

/** The report in GitHub-flavoured Markdown with Mermaid diagrams: for READMEs and pull requests. */
import { type Capability, capabilityMeaning } from "../attacker/move.ts";
import type {
  Composed,
  Finding,
  GuaranteeVerdict,
  MatrixReport,
  ProtocolReport,
} from "../harness/verdict.ts";
import { composedBound, composedEffort } from "./composed-words.ts";
import { markdownBlock, markdownCode, markdownText } from "./escape.ts";
import { gradesMarkdownLines } from "./grades-text.ts";
import type { DocumentOptions } from "./html.ts";
import { mermaidSequence } from "./mermaid.ts";
import {
  type Column,
  capabilitiesIn,
  columnsOf,
  counted,
  effortWords,
  grouped,
  guaranteesOf,
  layerFinding,
  layerMark,
  layerMeaning,
  layerWords,
  neededWords,
  noMoves,
  noProof,
  optionWords,
  secondsWords,
  statusWord,
  type Tone,
  tallyOf,
  tallyWords,
  toneOf,
  toneSign,
  verdictFor,
} from "./model.ts";
import { puppetLines } from "./puppet-lines.ts";
import { wireMarkdownLines } from "./wire-table.ts";

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line), ""];
}

function verdictCell(verdict: GuaranteeVerdict | undefined): string {
  if (verdict === undefined) return "";
  const tone = toneOf(verdict);
  if (tone === "none") return toneSign.none;
  const word = statusWord[verdict.verdict];
  const shown =
    tone === "alarm" ? `**${toneSign[tone]} ${word.toUpperCase()}**` : `${toneSign[tone]} ${word}`;
  const by = verdict.capability === null ? "" : ` ${markdownText(verdict.capability)}`;
  return `${shown}${by} ${layerMark(verdict)}`.trimEnd();
}

function matrixLines(report: MatrixReport, columns: readonly Column[]): string[] {
  const rows = guaranteesOf(report.protocols).map((guarantee) => [
    markdownText(guarantee),
    ...columns.map(({ protocol }) => verdictCell(verdictFor(protocol, guarantee))),
  ]);
  return table(["guarantee", ...columns.map(({ label }) => markdownText(label))], rows);
}

function legendLines(report: MatrixReport): string[] {
  const meaning = (c: Capability): string => `- *${c}*: ${markdownText(capabilityMeaning[c])}`;
  const marks = new Set(report.protocols.flatMap((p) => p.verdicts).map(layerMark));
  const layers = (["+layer", "-layer", "?layer"] as const).filter((mark) => marks.has(mark));
  return [
    "**BROKEN** in capitals: the authors claim the guarantee and it does not hold. Beside a " +
      `broken guarantee stands the weakest attacker who breaks it. ${noProof}`,
    "",
    ...layers.map((mark) => `- *${mark}*: ${layerMeaning[mark]}`),
    ...capabilitiesIn(report).map(meaning),
    "",
  ];
}

const quoted = (claim: string | undefined): string =>
  claim === undefined ? "" : `“${markdownText(claim)}”`;

function claimLines(protocol: ProtocolReport): string[] {
  const claims = protocol.verdicts.filter((v) => v.claimed);
  if (claims.length === 0) return ["The authors claim none of these guarantees.", ""];
  const rows = claims.map((v) => {
    const steps = v.finding?.steps.map(markdownText).join("; ");
    const attack = steps === "" ? `none: ${noMoves(v.finding ?? {})}` : steps;
    const because = attack ?? markdownText(v.because);
    return [markdownText(v.guarantee), quoted(v.claim), verdictCell(v), because];
  });
  return table(["guarantee", "the authors say", "verdict", "smallest attack, or why"], rows);
}

function attackLines(finding: Finding): string[] {
  if (finding.steps.length === 0) return [`No attack: ${noMoves(finding)}.`, ""];
  return [...finding.steps.map((step, i) => `${i + 1}. ${markdownText(step)}`), ""];
}

function findingLines(verdict: GuaranteeVerdict, options: DocumentOptions): string[] {
  const { finding, layer } = verdict;
  const lines = [
    `#### ${markdownText(verdict.guarantee)}: ${verdictCell(verdict)}`,
    "",
    markdownText(verdict.because),
    "",
  ];
  if (verdict.claim !== undefined) lines.push(`- Claim: ${quoted(verdict.claim)}`);
  if (finding !== undefined) lines.push(`- Attacker: ${markdownText(neededWords(finding))}`);
  if (layer !== undefined) {
    const alone = layerFinding(verdict);
    const steps = alone?.steps.map((step) => ` ${markdownText(step)};`).join("") ?? "";
    const see = alone === undefined ? "" : `${steps} ${markdownCode(options.replayCommand(alone))}`;
    lines.push(
      `- Layer: ${markdownText(`${layerWords(layer)}: ${layer.because}`)}${see && `:${see}`}`,
    );
  }
  if (verdict.heldAgainst.length > 0) {
    lines.push(`- Held against: ${verdict.heldAgainst.map(markdownText).join(", ")}`);
  }
  for (const other of verdict.others) {
    const command = markdownCode(options.replayCommand(other));
    lines.push(`- Also *${other.capability}*: ${markdownText(other.because)} (${command})`);
  }
  lines.push("");
  if (finding === undefined) return lines;
  return [
    ...lines,
    ...attackLines(finding),
    `\`\`\`mermaid\n${mermaidSequence(finding.story)}\n\`\`\``,
    "",
    markdownBlock("sh", [options.replayCommand(finding)]),
    "",
  ];
}

function heldLines(verdicts: readonly GuaranteeVerdict[]): string[] {
  const rows = verdicts.map((v) => [
    markdownText(v.guarantee),
    v.claimed ? "yes" : "",
    effortWords(v),
    v.heldAgainst.map(markdownText).join(", "),
    markdownText(v.because),
  ]);
  return table(["guarantee", "claimed", "tried", "held against", "why"], rows);
}

const composedLines = (composed: Composed): string[] => [
  `Beside these, ${markdownText(composedBound(composed))}: ${markdownText(composedEffort(composed))}.`,
  "",
];

function undecidedLines(verdicts: readonly GuaranteeVerdict[]): string[] {
  const rows = verdicts.map((v) => [
    markdownText(v.guarantee),
    statusWord[v.verdict],
    v.claimed ? "yes" : "",
    markdownText(v.because),
  ]);
  return table(["guarantee", "verdict", "claimed", "why"], rows);
}

function protocolLines(
  { label, protocol }: Column,
  index: number,
  options: DocumentOptions,
): string[] {
  const toned = (...tones: Tone[]) => protocol.verdicts.filter((v) => tones.includes(toneOf(v)));
  const { honest } = protocol;
  const written = optionWords(protocol.options);
  const lines = [
    `## ${markdownText(label)}`,
    "",
    markdownText(protocol.title),
    "",
    `${tallyWords(tallyOf(protocol.verdicts))}.`,
    "",
    ...(protocol.faults ?? []).flatMap((f) => [`> **Before any attack:** ${markdownText(f)}`, ""]),
    ...(protocol.remarks ?? []).flatMap((r) => [`> **Note:** ${markdownText(r)}`, ""]),
    `- Source: ${markdownCode(protocol.source)}`,
    ...(written === "" ? [] : [`- Options: ${markdownCode(written)}`]),
    `- Honest run: ${grouped(honest.delivered)} of ${counted(honest.submitted, "message")} ` +
      `delivered in ${counted(honest.datagrams, "datagram")}, the largest of ` +
      counted(honest.largestDatagram, "byte"),
    ...puppetLines(protocol).map((line) => `- ${markdownText(line)}`),
    "",
    markdownBlock("text", protocol.flow.split("\n")),
    "",
    ...wireMarkdownLines(honest.wire, honest.datagrams),
    "### What the authors claim",
    "",
    ...claimLines(protocol),
  ];
  const broken = [...toned("alarm"), ...toned("broken")];
  if (broken.length > 0) {
    lines.push("### What is broken", "", ...broken.flatMap((v) => findingLines(v, options)));
  }
  const held = toned("holds");
  if (held.length > 0) {
    lines.push("### What held, and how hard it was tried", "", ...heldLines(held));
    if (protocol.composed !== undefined) lines.push(...composedLines(protocol.composed));
  }
  const undecided = toned("unknown", "none");
  if (undecided.length > 0) lines.push("### Not decided", "", ...undecidedLines(undecided));
  const grades = options.grades?.[index];
  if (grades !== undefined) {
    lines.push("### How well each message is protected", "", ...gradesMarkdownLines(grades));
  }
  return lines;
}

/** The whole document. */
export function matrixMarkdown(report: MatrixReport, options: DocumentOptions): string {
  const columns = columnsOf(report);
  const facts = [
    counted(report.protocols.length, "protocol"),
    counted(report.runs, "run"),
    secondsWords(report.seconds),
    `seed ${markdownCode(report.seed)}`,
    `mallory ${markdownText(report.version)}`,
    ...(options.generatedAt === undefined ? [] : [markdownText(options.generatedAt)]),
  ];
  const lines = [
    "# Which guarantees hold",
    "",
    facts.join(" · "),
    "",
    `${tallyWords(tallyOf(report.protocols.flatMap((p) => p.verdicts)))}.`,
    "",
    ...(report.incomplete === undefined
      ? []
      : [`> **Incomplete:** ${markdownText(report.incomplete)}`, ""]),
    ...matrixLines(report, columns),
    ...legendLines(report),
    ...columns.flatMap((column, i) => protocolLines(column, i, options)),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

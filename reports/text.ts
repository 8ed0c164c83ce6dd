/** Reports for a terminal: the matrix as a table, and a replayed run as a list of steps. */
import pc from "picocolors";
import { capabilityMeaning } from "../attacker/move.ts";
import type {
  Finding,
  GuaranteeVerdict,
  MatrixReport,
  MessageSequence,
  ProtocolReport,
} from "../harness/verdict.ts";
import { cut, displayWidth, hanging, padEnd } from "./columns.ts";
import { terminalText } from "./escape.ts";
import {
  type Column,
  capabilitiesIn,
  columnsOf,
  grouped,
  guaranteesOf,
  layerFinding,
  layerMark,
  layerMeaning,
  layerWords,
  neededNames,
  noMoves,
  noProof,
  secondsWords,
  type Tone,
  tallyOf,
  tallyWords,
  toneOf,
  verdictFor,
  verdictWords,
} from "./model.ts";
import { pathWords, stepWord, timeWords } from "./sequence-layout.ts";

type Colors = ReturnType<typeof pc.createColors>;

export interface MatrixTextOptions {
  readonly color: boolean;
  /** Columns of the terminal; 40 are the least that makes sense. */
  readonly width: number;
  /** The command line that shows an attack again. */
  replayCommand(finding: Finding): string;
}

function paint(colors: Colors, tone: Tone, text: string): string {
  switch (tone) {
    case "alarm":
      return colors.bold(colors.red(text));
    case "broken":
      return colors.yellow(text);
    case "holds":
      return colors.green(text);
    case "unknown":
      return colors.cyan(text);
    case "none":
      return colors.dim(text);
  }
}

function cellText(verdict: GuaranteeVerdict | undefined): string {
  if (verdict === undefined) return "";
  const mark = toneOf(verdict) === "alarm" ? "! " : "  ";
  return `${mark}${verdictWords(verdict)} ${layerMark(verdict)}`.trimEnd();
}

const gap = "  ";
const longestLabel = 36;

interface DrawnColumn extends Column {
  readonly shown: string;
  readonly width: number;
}

/** Puts as many columns into each table as fit beside the guarantees. */
function tablesOf(columns: readonly DrawnColumn[], room: number): DrawnColumn[][] {
  const tables: DrawnColumn[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const column of columns) {
    const needed = column.width + gap.length;
    if (used + needed > room) {
      tables.push([]);
      used = 0;
    }
    tables.at(-1)?.push(column);
    used += needed;
  }
  return tables;
}

function tableLines(report: MatrixReport, colors: Colors, width: number): string[] {
  const guarantees = guaranteesOf(report.protocols).map((id) => ({ id, shown: terminalText(id) }));
  const first = Math.min(
    longestLabel,
    Math.max(0, ...guarantees.map((g) => displayWidth(g.shown))),
  );
  const columns = columnsOf(report).map((column): DrawnColumn => {
    // Two spaces, because cells leave room for their mark.
    const shown = `  ${cut(terminalText(column.label), longestLabel)}`;
    const cells = column.protocol.verdicts.map((v) => displayWidth(cellText(v)));
    return { ...column, shown, width: Math.max(displayWidth(shown), ...cells) };
  });
  const lines: string[] = [];
  for (const table of tablesOf(columns, width - first)) {
    const heads = table.map((c) => gap + colors.bold(padEnd(c.shown, c.width)));
    lines.push((" ".repeat(first) + heads.join("")).trimEnd());
    for (const guarantee of guarantees) {
      const verdicts = table.map((c) => verdictFor(c.protocol, guarantee.id));
      if (verdicts.every((v) => v === undefined)) continue;
      const cells = verdicts.map((v, i) => {
        const text = cellText(v);
        const padding = " ".repeat(Math.max(0, (table[i]?.width ?? 0) - displayWidth(text)));
        return gap + (v === undefined ? text : paint(colors, toneOf(v), text)) + padding;
      });
      lines.push((padEnd(cut(guarantee.shown, first), first) + cells.join("")).trimEnd());
    }
    lines.push("");
  }
  return lines;
}

function legendLines(report: MatrixReport, colors: Colors, width: number): string[] {
  const verdicts = report.protocols.flatMap((p) => p.verdicts);
  const meanings: (readonly [string, string])[] = [];
  if (verdicts.some((v) => toneOf(v) === "alarm")) {
    meanings.push(["! BROKEN", "although the authors claim it (small letters: not claimed)"]);
  }
  const marks = new Set(verdicts.map(layerMark));
  for (const mark of ["+layer", "-layer", "?layer"] as const) {
    if (marks.has(mark)) meanings.push([mark, layerMeaning[mark]]);
  }
  const breaking = new Set(verdicts.map((v) => v.capability));
  for (const c of capabilitiesIn(report)) {
    if (breaking.has(c)) meanings.push([c, capabilityMeaning[c]]);
  }
  return meanings.flatMap(([word, meaning]) =>
    hanging(padEnd(word, 11), meaning, width).map((line) => colors.dim(line)),
  );
}

interface VerdictPlace {
  readonly label: string;
  readonly verdict: GuaranteeVerdict;
}

function placesOf(report: MatrixReport, tone: Tone): VerdictPlace[] {
  return columnsOf(report).flatMap(({ label, protocol }) =>
    protocol.verdicts
      .filter((verdict) => toneOf(verdict) === tone)
      .map((verdict) => ({ label: terminalText(label), verdict })),
  );
}

const titleOf = (place: VerdictPlace): string =>
  `${place.label} · ${terminalText(place.verdict.guarantee)}`;

/** The attack in words, numbered where there are several moves. */
function attackLines(finding: Finding, width: number): string[] {
  const steps = finding.steps.map((step) => terminalText(step, 400));
  if (steps.length === 0) return hanging("  attack  ", `none: ${noMoves(finding)}`, width);
  if (steps.length === 1) return hanging("  attack  ", steps[0] ?? "", width);
  return steps.flatMap((step, i) =>
    hanging(`  ${i === 0 ? "attack" : "      "}  ${i + 1}. `, step, width),
  );
}

function alarmLines(place: VerdictPlace, colors: Colors, options: MatrixTextOptions): string[] {
  const { verdict } = place;
  const because = terminalText(verdict.because, 600);
  const lines = hanging("! ", `${titleOf(place)}: ${because}`, options.width);
  lines[0] = colors.bold(colors.red(lines[0] ?? ""));
  if (verdict.claim !== undefined) {
    lines.push(...hanging("  claim   ", `“${terminalText(verdict.claim, 400)}”`, options.width));
  }
  const { finding } = verdict;
  if (finding !== undefined) {
    lines.push(...hanging("  by      ", terminalText(neededNames(finding)), options.width));
    lines.push(...attackLines(finding, options.width));
  }
  if (verdict.layer !== undefined && layerMark(verdict) !== "") {
    const layer = `${layerWords(verdict.layer)}: ${terminalText(verdict.layer.because, 400)}`;
    lines.push(...hanging("  layer   ", layer, options.width));
    const alone = layerFinding(verdict);
    for (const step of alone?.steps ?? []) {
      lines.push(...hanging("          ", terminalText(step, 400), options.width));
    }
    if (alone !== undefined) {
      lines.push(`          ${colors.cyan(terminalText(options.replayCommand(alone)))}`);
    }
  }
  for (const other of verdict.others) {
    const also = `${other.capability}: ${terminalText(other.because, 300)}`;
    lines.push(...hanging("  also    ", also, options.width));
    lines.push(`          ${colors.cyan(terminalText(options.replayCommand(other)))}`);
  }
  if (finding !== undefined) {
    // Not wrapped: it is there to be copied.
    lines.push(`  replay  ${colors.cyan(terminalText(options.replayCommand(finding)))}`);
  }
  return [...lines, ""];
}

function shortLines(place: VerdictPlace, colors: Colors, options: MatrixTextOptions): string[] {
  const { width } = options;
  const { finding } = place.verdict;
  const by = place.verdict.capability === null ? "" : ` (${place.verdict.capability})`;
  const because = terminalText(place.verdict.because, 300);
  const [first = "", ...rest] = hanging("  ", `${titleOf(place)}${by}: ${because}`, width);
  const lines = [first, ...rest.map((line) => colors.dim(line))];
  if (finding !== undefined) {
    lines.push(`    replay  ${colors.cyan(terminalText(options.replayCommand(finding)))}`);
  }
  return lines;
}

/** What is wrong before anything attacks: no verdict below means much, then. */
function faultLines({ protocols }: MatrixReport, colors: Colors, width: number): string[] {
  const lines = protocols.flatMap(({ name, faults = [] }) =>
    faults.flatMap((fault) => {
      // A fault that is known to come from a file names it first.
      const says = /^\S+:\d+:\d+: /.test(fault) ? fault : `${name}: ${fault}`;
      return hanging("! ", terminalText(says, 600), width);
    }),
  );
  return lines.length === 0 ? [] : [...lines.map((l) => colors.bold(colors.red(l))), ""];
}

function remarkLines({ protocols }: MatrixReport, width: number): string[] {
  const lines = protocols.flatMap(({ name, remarks = [] }) =>
    remarks.flatMap((remark) => hanging("", terminalText(`${name}: ${remark}`, 600), width)),
  );
  return lines.length === 0 ? [] : [...lines, ""];
}

/**
 * The matrix for people: one table, or several where the protocols do not fit beside each other,
 * then each broken claim with its attack and the command that shows it, and a line of counts.
 */
export function matrixText(report: MatrixReport, options: MatrixTextOptions): string {
  const colors = pc.createColors(options.color);
  const width = Math.max(40, options.width);
  const lines = faultLines(report, colors, width);
  lines.push(...remarkLines(report, width));
  lines.push(...tableLines(report, colors, width));
  lines.push(...legendLines(report, colors, width), "");

  const alarms = placesOf(report, "alarm");
  if (alarms.length > 0) lines.push(colors.bold("Claimed, and broken"), "");
  for (const place of alarms) lines.push(...alarmLines(place, colors, { ...options, width }));

  const sections: readonly (readonly [string, VerdictPlace[]])[] = [
    ["Broken, and not claimed", placesOf(report, "broken")],
    ["Claimed, and not decided", placesOf(report, "unknown").filter((p) => p.verdict.claimed)],
  ];
  for (const [title, places] of sections) {
    if (places.length === 0) continue;
    lines.push(colors.bold(title), "");
    for (const place of places) lines.push(...shortLines(place, colors, { ...options, width }));
    lines.push("");
  }
  const tally = tallyOf(report.protocols.flatMap((p) => p.verdicts));
  const counts = `${grouped(report.runs)} runs, ${secondsWords(report.seconds)}`;
  const seed = `seed ${terminalText(report.seed, 100)}`;
  lines.push(...hanging("", `${tallyWords(tally)} · ${counts} · ${seed}`, width));
  if (report.incomplete !== undefined) {
    const why = `Incomplete: ${terminalText(report.incomplete, 300)}`;
    lines.push(...hanging("", why, width).map((line) => colors.yellow(line)));
  }
  lines.push(...hanging("", noProof, width).map((line) => colors.dim(line)));
  return `${lines.join("\n")}\n`;
}

/** The content of a replay report. */
export interface Replay {
  readonly protocol: Pick<ProtocolReport, "name">;
  readonly guarantee: string;
  /** The attack, one line per move. */
  readonly steps: readonly string[];
  /** What the network did at random, if anything. */
  readonly network?: string;
  readonly story: MessageSequence;
  /** Why the run violates the guarantee; absent if it does not. */
  readonly because?: string;
  readonly digest: string;
  /** The digest in the file, if it has one. */
  readonly expectedDigest?: string;
}

export interface TextOptions {
  readonly color: boolean;
  readonly width: number;
}

/** The steps of a message sequence, one per line: time, sender and receiver, label. */
function storyText(story: MessageSequence, options: TextOptions): string[] {
  const colors = pc.createColors(options.color);
  const paths = story.steps.map((step) => terminalText(pathWords(step), 60));
  const pathWidth = Math.min(28, Math.max(0, ...paths.map(displayWidth)));
  const times = story.steps.map((step) => timeWords(step.t));
  const timeWidth = Math.max(0, ...times.map((t) => t.length));
  return story.steps.flatMap((step, i) => {
    const path = padEnd(cut(paths[i] ?? "", pathWidth), pathWidth);
    const word = stepWord[step.kind];
    const prefix = word === "" || word === "note" ? "" : `${word}: `;
    const label = prefix + terminalText(step.label, 400);
    const lines = hanging(
      `${(times[i] ?? "").padStart(timeWidth)}  ${path}  `,
      label,
      options.width,
    );
    return lines.map((line) => {
      if (step.kind === "violation") return colors.bold(colors.red(line));
      if (step.kind === "attack-packet") return colors.red(line);
      if (step.kind === "changed" || step.kind === "lost") return colors.yellow(line);
      return step.kind === "note" ? colors.dim(line) : line;
    });
  });
}

/** What `mallory replay` prints: the attack, the run step by step, and whether it is the same. */
export function replayText(replay: Replay, options: TextOptions): string {
  const colors = pc.createColors(options.color);
  const width = Math.max(40, options.width);
  const lines = [
    colors.bold(`${terminalText(replay.protocol.name)} · ${terminalText(replay.guarantee)}`),
    "",
  ];
  replay.steps.forEach((step, i) => {
    lines.push(...hanging(`${i + 1}. `, terminalText(step, 400), width));
  });
  const { network } = replay;
  if (replay.steps.length === 0) lines.push(`no attack: ${network ?? "an ordinary run"}`);
  else if (network !== undefined) lines.push(`meanwhile, ${network}`);
  lines.push("", ...storyText(replay.story, { ...options, width }), "");
  if (replay.because === undefined) {
    lines.push(`No violation of ${terminalText(replay.guarantee)} in this run.`);
  } else {
    const because = hanging("! ", `broken: ${terminalText(replay.because, 600)}`, width);
    lines.push(...because.map((line) => colors.bold(colors.red(line))));
  }
  const digest = terminalText(replay.digest);
  if (replay.expectedDigest === undefined) lines.push(`digest ${digest}`);
  else if (replay.expectedDigest === replay.digest) {
    lines.push(`digest ${digest}`, colors.green("same as recorded"));
  } else {
    const recorded = terminalText(replay.expectedDigest);
    lines.push(`digest   ${digest}`, `recorded ${recorded}`, colors.red("NOT the same run"));
  }
  return `${lines.join("\n")}\n`;
}

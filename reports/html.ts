/**
 * The report as one self-contained page: no script, no outside resource, so it can be mailed,
 * archived and opened anywhere. Whatever the network or a protocol wrote goes through `htmlText`.
 */
import { type Capability, capabilityMeaning } from "../attacker/move.ts";
import type { GradesReport } from "../harness/grades/message-grade.ts";
import type {
  Composed,
  Finding,
  GuaranteeVerdict,
  MatrixReport,
  ProtocolReport,
} from "../harness/verdict.ts";
import { composedBound, composedEffort } from "./composed-words.ts";
import { htmlText } from "./escape.ts";
import { gradesHtml } from "./grades-html.ts";
import { htmlStyle } from "./html-style.ts";
import {
  type Column,
  capabilitiesIn,
  columnsOf,
  counted,
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
import { sequenceSvg } from "./sequence-svg.ts";
import { wireHtml } from "./wire-table.ts";

export interface DocumentOptions {
  /** The command line that shows an attack again. */
  replayCommand(finding: Finding): string;
  /** When the report was made, as text; left out, the same report gives the same bytes. */
  readonly generatedAt?: string;
  /** How well each message is protected: of each protocol, in the order of the report. */
  readonly grades?: readonly (GradesReport | undefined)[];
  /** What a guarantee means, in a sentence. */
  statement?(guarantee: string): string | undefined;
}

const anchor = (protocol: number, guarantee: string, report: MatrixReport): string =>
  `p${protocol}-g${guaranteesOf(report.protocols).indexOf(guarantee)}`;

function verdictTag(verdict: GuaranteeVerdict): string {
  const tone = toneOf(verdict);
  const word = statusWord[verdict.verdict];
  const shown = tone === "alarm" ? word.toUpperCase() : word;
  return `<span class="verdict ${tone}">${toneSign[tone]} ${shown}</span>`;
}

const capabilityTag = (capability: Capability | null): string =>
  capability === null
    ? ""
    : `<span title="${htmlText(capabilityMeaning[capability])}">${htmlText(capability)}</span>`;

const tileWords: Readonly<Record<Tone, string>> = {
  alarm: "claimed, and broken",
  broken: "broken, not claimed",
  holds: "hold",
  unknown: "unknown",
  none: "not applicable",
};

function summaryHtml(report: MatrixReport): string {
  const tally = tallyOf(report.protocols.flatMap((p) => p.verdicts));
  const tiles = (["alarm", "broken", "holds", "unknown"] as const).map((tone) => {
    // Without anything broken, no alarm style.
    const kind = tone === "alarm" && tally.alarm === 0 ? "none" : tone;
    return `<li class="${kind}"><b>${grouped(tally[tone])}</b>${tileWords[tone]}</li>`;
  });
  const cut =
    report.incomplete === undefined
      ? ""
      : `<p class="warning"><b>Incomplete:</b> ${htmlText(report.incomplete)}</p>`;
  return `${cut}<ul class="tiles">${tiles.join("")}</ul>`;
}

const howToRead =
  '<p class="lead">Each cell is one guarantee of one protocol, judged over all attacks that ' +
  "were tried. Where it is broken, the cell names the weakest attacker who can do it; every " +
  "cell leads to what it rests on. Capitals on red mean that the authors claim the guarantee " +
  `and it does not hold. ${noProof}</p>`;

function legendHtml(report: MatrixReport): string {
  const marks = new Set(report.protocols.flatMap((p) => p.verdicts).map(layerMark));
  const layers = (["+layer", "-layer", "?layer"] as const)
    .filter((mark) => marks.has(mark))
    .map((mark) => `<dt>${mark}</dt><dd>${layerMeaning[mark]}</dd>`);
  const meanings = capabilitiesIn(report).map(
    (c) => `<dt>${htmlText(c)}</dt><dd>${htmlText(capabilityMeaning[c])}</dd>`,
  );
  return (
    `<div class="legend"><dl>${meanings.join("")}</dl><dl>${layers.join("")}` +
    "<dt>diagrams</dt><dd>red: sent by the attacker; a diamond: changed on the way; a cross: " +
    "never arrives. Point at an arrow to read it in full.</dd></dl></div>"
  );
}

function cellHtml(verdict: GuaranteeVerdict | undefined, target: string): string {
  if (verdict === undefined) return "<td></td>";
  const mark = layerMark(verdict);
  const small = [
    capabilityTag(verdict.capability),
    mark === "" ? "" : `<span title="${layerMeaning[mark]}">${mark}</span>`,
    verdict.claimed ? "claimed" : "",
  ].filter((part) => part !== "");
  const line = small.length === 0 ? "" : `<span class="small">${small.join(" · ")}</span>`;
  const link = `<a href="#${target}">${verdictTag(verdict)}${line}</a>`;
  return `<td class="${toneOf(verdict)}">${link}</td>`;
}

function matrixTable(
  report: MatrixReport,
  columns: readonly Column[],
  options: DocumentOptions,
): string {
  const heads = columns.map(
    ({ label }, i) => `<th scope="col"><a href="#p${i}">${htmlText(label)}</a></th>`,
  );
  const rows = guaranteesOf(report.protocols).map((guarantee) => {
    const cells = columns.map(({ protocol }, i) =>
      cellHtml(verdictFor(protocol, guarantee), anchor(i, guarantee, report)),
    );
    const says = options.statement?.(guarantee);
    const title = says === undefined ? "" : ` title="${htmlText(says)}"`;
    return `<tr><th scope="row"${title}>${htmlText(guarantee)}</th>${cells.join("")}</tr>`;
  });
  return (
    '<div class="scroll" tabindex="0" role="region" aria-label="Matrix"><table class="matrix">' +
    `<thead><tr><th scope="col">guarantee</th>${heads.join("")}</tr></thead>` +
    `<tbody>${rows.join("")}</tbody></table></div>`
  );
}

const numeric = new Set(["strategies", "runs", "with effect", "at stake", "exhaustive"]);
function table(heads: readonly string[], rows: readonly string[]): string {
  const headCells = heads.map(
    (head) => `<th scope="col"${numeric.has(head) ? ' class="number"' : ""}>${head}</th>`,
  );
  return (
    `<div class="scroll"><table><thead><tr>${headCells.join("")}</tr></thead>` +
    `<tbody>${rows.join("")}</tbody></table></div>`
  );
}

/** The first step stands for the attack; the others are one click away. */
function smallestAttack(verdict: GuaranteeVerdict): string {
  const { finding } = verdict;
  if (finding === undefined) return htmlText(verdict.because);
  const more = finding.steps.length - 1;
  const rest = more > 0 ? ` <span class="faint">and ${counted(more, "more move")}</span>` : "";
  return `${htmlText(finding.steps[0] ?? `none: ${noMoves(finding)}`)}${rest}`;
}

function claimsHtml(protocol: ProtocolReport, target: (guarantee: string) => string): string {
  const claims = protocol.verdicts.filter((v) => v.claimed);
  if (claims.length === 0)
    return '<p class="faint">The authors claim none of these guarantees.</p>';
  const rows = claims.map((v) => {
    const says = v.claim === undefined ? "" : `“${htmlText(v.claim)}”`;
    return (
      `<tr><th scope="row">${htmlText(v.guarantee)}</th><td class="any">${says}</td>` +
      `<td class="${toneOf(v)}"><a href="#${target(v.guarantee)}">${verdictTag(v)}</a>` +
      `<span class="small">${capabilityTag(v.capability)}</span></td>` +
      `<td class="any">${smallestAttack(v)}</td></tr>`
    );
  });
  return table(["guarantee", "the authors say", "verdict", "smallest attack, or why"], rows);
}

const entry = (term: string, description: string): string =>
  description === "" ? "" : `<dt>${term}</dt><dd>${description}</dd>`;

const stepsHtml = (finding: Pick<Finding, "steps" | "network">): string =>
  finding.steps.length === 0
    ? htmlText(`none: ${noMoves(finding)}`)
    : `<ol>${finding.steps.map((step) => `<li>${htmlText(step)}</li>`).join("")}</ol>`;

function othersHtml(verdict: GuaranteeVerdict, options: DocumentOptions): string {
  if (verdict.others.length === 0) return "";
  const items = verdict.others.map((other) => {
    const steps = other.steps.map(htmlText).join("; ");
    return (
      `<li><b>${htmlText(other.capability)}</b>: ${htmlText(other.because)}` +
      `<span class="small">${steps === "" ? "" : `${steps} · `}` +
      `<code>${htmlText(options.replayCommand(other))}</code></span></li>`
    );
  });
  return `<div class="others"><p>Other attackers break it too</p><ul>${items.join("")}</ul></div>`;
}

function findingHtml(
  verdict: GuaranteeVerdict,
  id: string,
  title: string,
  options: DocumentOptions,
): string {
  const { finding, layer } = verdict;
  const alone = layerFinding(verdict);
  const layerAttack =
    alone === undefined
      ? ""
      : `${stepsHtml(alone)}<code>${htmlText(options.replayCommand(alone))}</code>`;
  const layerEntry =
    layer === undefined
      ? ""
      : `${htmlText(layerWords(layer))}: ${htmlText(layer.because)}${layerAttack}`;
  const facts = [
    entry("Claim", verdict.claim === undefined ? "" : `“${htmlText(verdict.claim)}”`),
    finding === undefined ? "" : entry("Attacker", htmlText(neededWords(finding))),
    finding === undefined ? "" : entry("Attack", stepsHtml(finding)),
    entry("Layer", layerEntry),
    entry("Held against", verdict.heldAgainst.map(htmlText).join(", ")),
    entry("Tried", htmlText(triedWords(verdict))),
  ];
  const drawing =
    finding === undefined
      ? ""
      : `<figure>${sequenceSvg(finding.story, { id: `${id}-d`, title })}</figure>` +
        `<pre><code>${htmlText(options.replayCommand(finding))}</code></pre>` +
        `<p class="faint any">Found by ${htmlText(finding.strategy)}; run digest ` +
        `<code>${htmlText(finding.digest)}</code></p>`;
  return (
    `<article class="finding ${toneOf(verdict)}" id="${id}"><header>` +
    `<h4>${htmlText(verdict.guarantee)}</h4>${verdictTag(verdict)}` +
    `<span class="faint">${capabilityTag(verdict.capability)}</span></header>` +
    `<p class="because">${htmlText(verdict.because)}</p><dl>${facts.join("")}</dl>` +
    `${drawing}${othersHtml(verdict, options)}</article>`
  );
}

const triedWords = (v: GuaranteeVerdict): string =>
  `${counted(v.runs, "run")} judged, ${counted(v.strategies, "strategy", "strategies")}`;

function heldHtml(verdicts: readonly GuaranteeVerdict[], target: (g: string) => string): string {
  const rows = verdicts.map((v) => {
    const depth = v.exhaustiveDepth === null ? "–" : `≤ ${counted(v.exhaustiveDepth, "move")}`;
    const numbers = [v.strategies, v.runs, v.effective, v.atStake].map(
      (n) => `<td class="number">${grouped(n)}</td>`,
    );
    return (
      `<tr id="${target(v.guarantee)}"><th scope="row">${htmlText(v.guarantee)}</th>` +
      `<td>${v.claimed ? "yes" : ""}</td>${numbers.join("")}<td class="number">${depth}</td>` +
      `<td>${v.heldAgainst.map(htmlText).join(", ")}</td>` +
      `<td class="any">${htmlText(v.because)}</td></tr>`
    );
  });
  const heads = ["guarantee", "claimed", "strategies", "runs", "with effect", "at stake"];
  return table([...heads, "exhaustive", "held against", "why"], rows);
}

const composedHtml = (composed: Composed | undefined): string =>
  composed === undefined
    ? ""
    : `<p class="faint any">Beside these, ${htmlText(composedBound(composed))}: ` +
      `${htmlText(composedEffort(composed))}.</p>`;

function undecidedHtml(
  verdicts: readonly GuaranteeVerdict[],
  target: (g: string) => string,
): string {
  const rows = verdicts.map(
    (v) =>
      `<tr id="${target(v.guarantee)}"><th scope="row">${htmlText(v.guarantee)}</th>` +
      `<td>${verdictTag(v)}</td><td>${v.claimed ? "yes" : ""}</td>` +
      `<td class="any">${htmlText(v.because)}</td></tr>`,
  );
  return table(["guarantee", "verdict", "claimed", "why"], rows);
}

function factsHtml(protocol: ProtocolReport, id: string): string {
  const { honest } = protocol;
  const delivered =
    `${grouped(honest.delivered)} of ${counted(honest.submitted, "message")} delivered in ` +
    `${counted(honest.datagrams, "datagram")}, the largest of ` +
    counted(honest.largestDatagram, "byte");
  const title = `${protocol.name}: an honest run`;
  const drawing = sequenceSvg(honest.story, { id: `${id}-honest`, title });
  return (
    "<dl>" +
    entry("Source", htmlText(protocol.source)) +
    entry("Options", htmlText(optionWords(protocol.options))) +
    entry("Honest run", htmlText(delivered)) +
    entry("Runs", grouped(protocol.runs)) +
    `</dl><pre><code>${protocol.flow.split("\n").map(htmlText).join("\n")}</code></pre>` +
    `<details><summary>Diagram of an honest run</summary><figure>${drawing}</figure></details>` +
    wireHtml(honest.wire, honest.datagrams)
  );
}

function protocolHtml(
  report: MatrixReport,
  { label, protocol }: Column,
  index: number,
  options: DocumentOptions,
): string {
  const target = (guarantee: string): string => anchor(index, guarantee, report);
  const toned = (...tones: Tone[]) => protocol.verdicts.filter((v) => tones.includes(toneOf(v)));
  const findings = [...toned("alarm"), ...toned("broken")].map((v) =>
    findingHtml(v, target(v.guarantee), `${label}: attack on ${v.guarantee}`, options),
  );
  const held = toned("holds");
  const grades = options.grades?.[index];
  const undecided = toned("unknown", "none");
  const part = (title: string, body: string): string => `<h3>${title}</h3>${body}`;
  return (
    `<section class="protocol" id="p${index}"><h2>${htmlText(label)}</h2>` +
    `<p class="lead any">${htmlText(protocol.title)}</p>` +
    `<p class="faint">${tallyWords(tallyOf(protocol.verdicts))}</p>` +
    (protocol.faults ?? [])
      .map((f) => `<p class="any"><strong>Before any attack:</strong> ${htmlText(f)}</p>`)
      .join("") +
    (protocol.remarks ?? [])
      .map((r) => `<p class="any"><strong>Note:</strong> ${htmlText(r)}</p>`)
      .join("") +
    factsHtml(protocol, `p${index}`) +
    puppetLines(protocol)
      .map((line) => `<p class="faint any">${htmlText(line)}</p>`)
      .join("") +
    part("What the authors claim", claimsHtml(protocol, target)) +
    (findings.length === 0 ? "" : part("What is broken", findings.join(""))) +
    (held.length === 0
      ? ""
      : part(
          "What held, and how hard it was tried",
          heldHtml(held, target) + composedHtml(protocol.composed),
        )) +
    (undecided.length === 0 ? "" : part("Not decided", undecidedHtml(undecided, target))) +
    (grades === undefined ? "" : part("How well each message is protected", gradesHtml(grades))) +
    "</section>"
  );
}

/** The whole page. */
export function matrixHtml(report: MatrixReport, options: DocumentOptions): string {
  const columns = columnsOf(report);
  const facts = [
    counted(report.protocols.length, "protocol"),
    counted(report.runs, "run"),
    secondsWords(report.seconds),
    `seed <code>${htmlText(report.seed)}</code>`,
    `mallory ${htmlText(report.version)}`,
    ...(options.generatedAt === undefined ? [] : [htmlText(options.generatedAt)]),
  ];
  return [
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    // A second safeguard, should an escape be missing: no script runs, nothing is loaded.
    '<meta http-equiv="Content-Security-Policy"',
    ` content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>Mallory: which guarantees hold</title><style>${htmlStyle}</style></head><body><main>`,
    "<header><h1>Which guarantees hold</h1>",
    `<p class="faint any">${facts.join(" · ")}</p></header>`,
    summaryHtml(report),
    howToRead,
    matrixTable(report, columns, options),
    legendHtml(report),
    ...columns.map((column, i) => protocolHtml(report, column, i, options)),
    `<footer class="faint"><p>${noProof} Every attack above is a file and can be run again; ` +
      "the same seed gives the same runs.</p></footer>",
    "</main></body></html>\n",
  ].join("\n");
}

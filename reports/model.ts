/**
 * What every report says, before it is put into a format: wording, order and counts live here
 * once, so that text, HTML, Markdown and dashboard never disagree.
 */
import { type Capability, capabilities, capabilityMeaning } from "../attacker/move.ts";
import type {
  Finding,
  GuaranteeVerdict,
  Layer,
  MatrixReport,
  ProtocolReport,
  Status,
} from "../harness/verdict.ts";

/** How much a verdict matters to a reader. `alarm`: broken although the authors claim it. */
export type Tone = "alarm" | "broken" | "holds" | "unknown" | "none";

export function toneOf(verdict: Pick<GuaranteeVerdict, "verdict" | "claimed">): Tone {
  switch (verdict.verdict) {
    case "broken":
      return verdict.claimed ? "alarm" : "broken";
    case "holds":
      return "holds";
    case "unknown":
      return "unknown";
    case "not-applicable":
      return "none";
  }
}

/** A sign beside the word, so that no report relies on colour. */
export const toneSign: Readonly<Record<Tone, string>> = {
  alarm: "✗",
  broken: "✗",
  holds: "✓",
  unknown: "?",
  none: "–",
};

/** The verdict in one or two words; a broken claim is written in capitals. */
export function verdictWords(verdict: GuaranteeVerdict): string {
  const by = verdict.capability === null ? "" : ` ${verdict.capability}`;
  switch (toneOf(verdict)) {
    case "alarm":
      return `BROKEN${by}`;
    case "broken":
      return `broken${by}`;
    case "holds":
      return "holds";
    case "unknown":
      return "unknown";
    case "none":
      return "–";
  }
}

export const statusWord: Readonly<Record<Status, string>> = {
  broken: "broken",
  holds: "holds",
  unknown: "unknown",
  "not-applicable": "not applicable",
};

/**
 * What the second verdict, with the handshake untouched, adds to the first: nothing if they agree
 * and are not broken.
 */
export type LayerMark = "+layer" | "-layer" | "?layer" | "";
export function layerMark(verdict: GuaranteeVerdict): LayerMark {
  const layer = verdict.layer;
  if (layer === undefined || layer.verdict === "not-applicable") return "";
  if (layer.verdict === "broken") return "+layer";
  if (layer.verdict === verdict.verdict) return "";
  return layer.verdict === "holds" ? "-layer" : "?layer";
}
export const layerMeaning: Readonly<Record<Exclude<LayerMark, "">, string>> = {
  "+layer": "broken even if the handshake is left alone",
  "-layer": "holds if the handshake is left alone",
  "?layer": "not known if the handshake is left alone",
};

/** The data-phase verdict as half a sentence. */
export function layerWords(layer: Layer): string {
  const by = layer.capability === null ? "" : ` (${layer.capability})`;
  return `${statusWord[layer.verdict]}${by} with the handshake left alone`;
}

/** The attack on the data phase, where it differs from that on the whole. */
export function layerFinding(verdict: GuaranteeVerdict): Finding | undefined {
  const found = verdict.layer?.finding;
  return found?.digest === verdict.finding?.digest ? undefined : found;
}

export interface Column {
  readonly label: string;
  readonly protocol: ProtocolReport;
}

/** Protocols with distinct names: options are added where a name occurs twice. */
export function columnsOf(report: Pick<MatrixReport, "protocols">): readonly Column[] {
  return report.protocols.map((protocol) => {
    const twins = report.protocols.filter((other) => other.name === protocol.name);
    const differing = Object.entries(protocol.options).filter(([key, value]) =>
      twins.some((other) => other.options[key] !== value),
    );
    const options = differing.map(([key, value]) => `${key}=${value}`).join("&");
    return { label: options === "" ? protocol.name : `${protocol.name}?${options}`, protocol };
  });
}

/** All guarantees of the report, in the order in which they first appear. */
export function guaranteesOf(protocols: readonly Pick<ProtocolReport, "verdicts">[]): string[] {
  return [...new Set(protocols.flatMap((p) => p.verdicts.map((v) => v.guarantee)))];
}

export function verdictFor(
  protocol: Pick<ProtocolReport, "verdicts">,
  guarantee: string,
): GuaranteeVerdict | undefined {
  return protocol.verdicts.find((v) => v.guarantee === guarantee);
}

/** How many verdicts there are of each tone. */
export function tallyOf(verdicts: readonly GuaranteeVerdict[]): Readonly<Record<Tone, number>> {
  const tally: Record<Tone, number> = { alarm: 0, broken: 0, holds: 0, unknown: 0, none: 0 };
  for (const verdict of verdicts) tally[toneOf(verdict)] += 1;
  return tally;
}

/** Capabilities that appear in the report, weakest first. */
export function capabilitiesIn(report: MatrixReport): readonly Capability[] {
  const seen = new Set<Capability>();
  for (const verdict of report.protocols.flatMap((p) => p.verdicts)) {
    for (const c of [verdict.capability, verdict.layer?.capability]) if (c) seen.add(c);
    for (const finding of verdict.others) seen.add(finding.capability);
    for (const capability of verdict.heldAgainst) seen.add(capability);
  }
  return capabilities.filter((c) => seen.has(c));
}

/** What is shown for an attack without moves. */
export const noMoves = ({ network }: Pick<Finding, "network">): string =>
  network ?? "an ordinary run suffices";

/** The capabilities an attack needs, by name, and what it computes. */
export function neededNames(finding: Finding): string {
  const needed = finding.needs.filter((c) => c !== "none");
  const names = needed.length === 0 ? capabilityMeaning.none : needed.join(" + ");
  return finding.compute === null ? names : `${names}; computes ${finding.compute}`;
}

/** The same with the meaning of each capability. */
export function neededWords(finding: Finding): string {
  const needed = finding.needs.filter((c) => c !== "none");
  const meaning =
    needed.length === 0
      ? capabilityMeaning.none
      : needed.map((c) => `${c} (${capabilityMeaning[c]})`).join(" + ");
  return finding.compute === null ? meaning : `${meaning}; computes ${finding.compute}`;
}

/** Digits in groups of three, the same in every locale. */
export function grouped(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
}

export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${grouped(n)} ${n === 1 ? one : many}`;

/** How much was tried. */
export function effortWords(verdict: GuaranteeVerdict): string {
  const parts = [
    counted(verdict.runs, "run"),
    counted(verdict.strategies, "strategy", "strategies"),
    `${grouped(verdict.effective)} with effect`,
    `${grouped(verdict.atStake)} at stake`,
  ];
  if (verdict.exhaustiveDepth !== null) {
    parts.push(`all attacks of up to ${counted(verdict.exhaustiveDepth, "move")}`);
  }
  return parts.join(", ");
}

export const secondsWords = (seconds: number): string =>
  seconds < 10 ? `${seconds.toFixed(1)} s` : `${grouped(seconds)} s`;

/** `1 claim broken, 3 broken without being claimed, 9 hold, 2 unknown`. */
export function tallyWords(tally: Readonly<Record<Tone, number>>): string {
  return [
    `${counted(tally.alarm, "claim")} broken`,
    `${grouped(tally.broken)} broken without being claimed`,
    `${grouped(tally.holds)} hold`,
    `${grouped(tally.unknown)} unknown`,
  ].join(", ");
}

/** Options as they are written on the command line; empty if there are none. */
export function optionWords(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .join("&");
}

/** `holds` must never be read as a proof; every report says so in these words. */
export const noProof =
  "A verdict of “holds” says that no attack tried here broke the guarantee. It is not a proof.";

/**
 * Puts the parts of a search together. The parts are the same for any number of workers, and so is
 * what comes out.
 */
import { capabilities, capabilityRank } from "../../attacker/move.ts";
import type {
  Composed,
  Finding,
  GuaranteeVerdict,
  Layer,
  ProtocolReport,
  Status,
} from "../verdict.ts";
import { mergePuppetCounts } from "./failed-puppets.ts";
import { nothingAtStake } from "./verdicts.ts";

/** What one part saw weighs more than what another did not see. */
const weight: Readonly<Record<Status, number>> = {
  broken: 3,
  holds: 2,
  unknown: 1,
  "not-applicable": 0,
};

/** @param parts reports on the same protocol, in the order of the parts; at least one. */
export function mergeReports(parts: readonly ProtocolReport[]): ProtocolReport {
  const [first] = parts;
  if (first === undefined) throw new RangeError("there is nothing to merge");
  const failedPuppets = mergePuppetCounts(parts.map((p) => p.failedPuppets ?? []));
  return {
    ...first,
    ...(failedPuppets.length === 0 ? {} : { failedPuppets }),
    ...mergeComposed(parts.flatMap((p) => p.composed ?? [])),
    verdicts: first.verdicts.map((v, i) =>
      mergeVerdicts(
        parts.map((p) => p.verdicts[i] as GuaranteeVerdict),
        v,
      ),
    ),
    runs: sum(parts.map((p) => p.runs)),
  };
}

function mergeComposed(parts: readonly Composed[]): { readonly composed?: Composed } {
  const [first] = parts;
  if (first === undefined) return {};
  const total = (of: (c: Composed) => number): number => sum(parts.map(of));
  const exhausted = parts.flatMap((p) => p.exhausted);
  return {
    composed: {
      runs: total((c) => c.runs),
      states: total((c) => c.states),
      worlds: total((c) => c.worlds),
      exhausted,
      bound: { ...first.bound, work: total((c) => c.bound.work) },
    },
  };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function smallest(findings: readonly Finding[]): readonly Finding[] {
  const best = new Map<string, Finding>();
  for (const f of findings) {
    const known = best.get(f.capability);
    if (known === undefined || f.steps.length < known.steps.length) best.set(f.capability, f);
  }
  return [...best.values()].sort(
    (a, b) => capabilityRank(a.capability) - capabilityRank(b.capability),
  );
}

function mergeVerdicts(
  parts: readonly GuaranteeVerdict[],
  first: GuaranteeVerdict,
): GuaranteeVerdict {
  const found = smallest(parts.flatMap((p) => (p.finding ? [p.finding, ...p.others] : [])));
  const strongest = [...parts].sort((a, b) => weight[b.verdict] - weight[a.verdict])[0] ?? first;
  const [finding, ...others] = found;
  const weakest =
    finding === undefined ? Number.POSITIVE_INFINITY : capabilityRank(finding.capability);
  const tried = new Set(parts.flatMap((p) => p.heldAgainst));
  const runs = sum(parts.map((p) => p.runs));
  const layers = parts.flatMap((p) => (p.layer ? [p.layer] : []));
  const doubtful = parts.find(
    (p) => p.verdict === "unknown" && p.runs > 0 && !p.because.startsWith(nothingAtStake),
  );
  const status = finding === undefined && doubtful !== undefined ? "unknown" : strongest.verdict;
  return {
    ...strongest,
    verdict: status,
    capability: finding?.capability ?? null,
    because:
      finding?.because ??
      (status === "unknown" ? (doubtful ?? strongest).because : withRuns(strongest.because, runs)),
    ...(finding === undefined ? {} : { finding }),
    others: finding === undefined ? [] : others,
    heldAgainst: capabilities.filter((c) => tried.has(c) && capabilityRank(c) < weakest),
    ...(layers.length === 0 ? {} : { layer: mergeLayers(layers) }),
    runs,
    strategies: Math.max(...parts.map((p) => p.strategies)),
    atStake: sum(parts.map((p) => p.atStake)),
    effective: sum(parts.map((p) => p.effective)),
  };
}

const withRuns = (because: string, runs: number): string =>
  because.replace(/in \d+ runs/, `in ${runs} runs`);

function mergeLayers(layers: readonly Layer[]): Layer {
  const [finding] = smallest(layers.flatMap((l) => (l.finding ? [l.finding] : [])));
  if (finding !== undefined) {
    const { capability, because } = finding;
    return { verdict: "broken", capability, because, finding };
  }
  return [...layers].sort((a, b) => weight[b.verdict] - weight[a.verdict])[0] as Layer;
}

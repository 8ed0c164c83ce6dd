/** Turns what a search found, and how hard it tried, into verdicts. */
import { type Capability, capabilityRank } from "../../attacker/move.ts";
import type { Guarantee } from "../guarantees/guarantee.ts";
import { simulate } from "../run/simulate.ts";
import { planOf, type Subject } from "../subject.ts";
import type { Trace } from "../trace/trace.ts";
import type { Finding, GuaranteeVerdict, Layer } from "../verdict.ts";
import { type Findings, savedAttack } from "./findings.ts";
import type { Tally } from "./tally.ts";

/** What is known at the end of a search. */
export interface SearchOutcome {
  readonly subject: Subject;
  /** The undisturbed run. */
  readonly honest: Trace;
  readonly findings: Findings;
  /** What the lab cannot follow, a line each. */
  readonly untracked: readonly string[];
  /** Why nothing that was found means anything, if that is so. */
  readonly meaningless: string | undefined;
  /** Why the search ended before its time, if it did. */
  readonly cutShort: string | undefined;
  /** All attacks of up to this many moves were tried; `null` if the search was not exhaustive. */
  readonly depth: number | null;
}

/** A reason may follow. */
export const nothingAtStake = "nothing was at stake in any run";

type Counts = Pick<
  GuaranteeVerdict,
  "heldAgainst" | "runs" | "strategies" | "atStake" | "effective" | "exhaustiveDepth"
>;
const noCounts: Counts = {
  heldAgainst: [],
  runs: 0,
  strategies: 0,
  atStake: 0,
  effective: 0,
  exhaustiveDepth: null,
};

function claimOf({ protocol }: Subject, id: string): Pick<GuaranteeVerdict, "claimed" | "claim"> {
  const claims = protocol.claims.filter((c) => c.guarantee === id);
  if (claims.length === 0) return { claimed: false };
  const claim = claims.map((c) => (c.where ? `${c.says} (${c.where})` : c.says)).join("; ");
  return { claimed: true, claim };
}

export function notApplicable(subject: Subject, id: string, because: string): GuaranteeVerdict {
  const about = { guarantee: id, ...claimOf(subject, id), capability: null, others: [] } as const;
  return { ...about, ...noCounts, verdict: "not-applicable", because };
}

/** While the search goes on, and a smaller attack may be found. */
export function provisionalVerdict(
  subject: Subject,
  tally: Tally,
  because: string,
  capability: Capability,
): GuaranteeVerdict {
  const { id } = tally.guarantee;
  return {
    guarantee: id,
    verdict: "broken",
    ...claimOf(subject, id),
    capability,
    because,
    ...asFound(subject, tally),
    others: [],
    ...noCounts,
    runs: tally.runs,
    strategies: tally.strategies.size,
    atStake: tally.atStake,
    effective: tally.effective,
  };
}

/** So that it can be saved, whatever becomes of the search. */
function asFound(subject: Subject, tally: Tally): Pick<GuaranteeVerdict, "found"> {
  const [hit] = tally.hits(false);
  if (hit === undefined) return {};
  const { attack, workload, seed, network } = hit.choice;
  const trace = simulate(planOf(subject, { attack, workload, seed, network }));
  return { found: savedAttack(subject, tally.guarantee, trace) };
}

export function verdictOf(outcome: SearchOutcome, tally: Tally): GuaranteeVerdict {
  const { guarantee } = tally;
  if (outcome.meaningless !== undefined) {
    const about = { guarantee: guarantee.id, ...claimOf(outcome.subject, guarantee.id) };
    const because = outcome.meaningless;
    return { ...about, ...noCounts, capability: null, others: [], verdict: "unknown", because };
  }
  const found = distinct(outcome, tally, false);
  const counts = {
    guarantee: guarantee.id,
    ...claimOf(outcome.subject, guarantee.id),
    heldAgainst: tally.heldAgainst(found[0]?.capability),
    runs: tally.runs,
    strategies: tally.strategies.size,
    atStake: tally.atStake,
    effective: tally.effective,
    exhaustiveDepth: depthOf(outcome, guarantee),
  };
  const isLayered = guarantee.layered && hasHandshake(outcome.honest);
  const layer = isLayered ? { layer: layerOf(outcome, tally) } : {};
  const [finding, ...others] = found;
  if (finding !== undefined) {
    const { capability } = finding;
    const because = `${finding.because}${checkYourClaims(outcome, guarantee, finding)}`;
    return { ...counts, verdict: "broken", capability, because, finding, others, ...layer };
  }
  const doubt = doubtOf(outcome, guarantee, tally) ?? tally.doubt;
  const verdict = doubt === undefined ? "holds" : "unknown";
  const because = doubt ?? effortOf(outcome, tally);
  return { ...counts, verdict, capability: null, because, others: [], ...layer };
}

/** What no attack and no network is to blame for, the author may have stated wrongly. */
function checkYourClaims(
  { honest }: SearchOutcome,
  { misstated }: Guarantee,
  { attack, network }: Finding,
): string {
  if (misstated === undefined || attack.moves.length > 0 || network !== undefined) return "";
  const what = misstated(honest);
  return `. Nobody attacked, and it is broken: check your claims${what === "" ? "" : ` (${what})`}`;
}

/** Without a session key there is no handshake to leave alone. */
const hasHandshake = (honest: Trace): boolean => honest.events.some((e) => e.kind === "secret");

/** Two worlds are compared under chosen attacks only. */
const depthOf = ({ depth }: SearchOutcome, { distinguish }: Guarantee): number | null =>
  distinguish === undefined ? depth : null;

function effortOf(outcome: SearchOutcome, tally: Tally): string {
  const depth = depthOf(outcome, tally.guarantee);
  const tried = `${tally.strategies.size} strategies found nothing in ${tally.runs} runs`;
  const whole = depth === null ? tried : `${tried}, all attacks of up to ${depth} moves among them`;
  return `${whole}${chanceWords(tally)}`;
}

/** What luck would do, for a verdict of `holds`. */
function chanceWords({ chance }: Tally): string {
  if (chance === undefined) return "";
  const tries = chance.tries.toLocaleString("en");
  return (
    `; whoever sits in the middle and attacks k times gets through with a probability of about ` +
    `k in ${tries}, and needs ${tries} attacks on average: all others fail`
  );
}

/** Shrunk findings, weakest capability first; each capability only if it adds something. */
function distinct({ findings }: SearchOutcome, tally: Tally, inLayer: boolean): readonly Finding[] {
  // Shrinking may have taken a capability away, so only now is it known which one is weakest.
  const best = new Map<Capability, Finding>();
  for (const hit of tally.hits(inLayer)) {
    const finding = findings.from(hit, tally.guarantee, inLayer);
    const known = best.get(finding.capability);
    if (known === undefined || finding.steps.length < known.steps.length) {
      best.set(finding.capability, finding);
    }
  }
  const rank = (f: Finding): number => capabilityRank(f.capability);
  return [...best.values()].sort((a, b) => rank(a) - rank(b));
}

/** Why the absence of a violation says nothing. */
function doubtOf(
  { untracked, cutShort }: SearchOutcome,
  guarantee: Guarantee,
  { runs, atStake }: Pick<Tally, "runs" | "atStake">,
): string | undefined {
  if (untracked.length > 0) return `untracked: ${untracked[0]}`;
  if (atStake > 0 || (runs === 0 && cutShort !== undefined)) return cutShort;
  const why = runs === 0 ? "none that counts was tried" : guarantee.vacuousBecause;
  return why === undefined ? nothingAtStake : `${nothingAtStake}: ${why}`;
}

function layerOf(outcome: SearchOutcome, tally: Tally): Layer {
  const finding = distinct(outcome, tally, true)[0];
  if (finding !== undefined) {
    const { capability, because } = finding;
    return { verdict: "broken", capability, because, finding };
  }
  const { guarantee, layerRuns: runs, layerAtStake: atStake } = tally;
  const doubt = doubtOf(outcome, guarantee, { runs, atStake });
  if (doubt !== undefined) return { verdict: "unknown", capability: null, because: doubt };
  const because = `nothing found in ${tally.layerRuns} runs`;
  return { verdict: "holds", capability: null, because };
}

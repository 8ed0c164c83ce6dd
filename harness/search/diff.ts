/** The change between two protocols, guarantee by guarantee. */
import { type Capability, capabilityRank } from "../../attacker/move.ts";
import type { GuaranteeVerdict, ProtocolReport } from "../verdict.ts";

export type Change = "better" | "worse" | "same" | "other";

export interface VerdictChange {
  readonly guarantee: string;
  readonly before: GuaranteeVerdict | undefined;
  readonly after: GuaranteeVerdict | undefined;
  readonly change: Change;
}

/**
 * How much an attacker must be able to do: nothing if it breaks by itself, more than anything if
 * it holds; `undefined` where that cannot be compared.
 */
function strength(v: GuaranteeVerdict | undefined): number | undefined {
  if (v === undefined || v.verdict === "unknown" || v.verdict === "not-applicable")
    return undefined;
  if (v.verdict === "holds") return Number.POSITIVE_INFINITY;
  return capabilityRank(v.capability as Capability);
}

function changeOf(
  before: GuaranteeVerdict | undefined,
  after: GuaranteeVerdict | undefined,
): Change {
  const [a, b] = [strength(before), strength(after)];
  if (a === undefined || b === undefined) {
    return before?.verdict === after?.verdict ? "same" : "other";
  }
  if (a === b) return "same";
  return b > a ? "better" : "worse";
}

/** @returns one difference per guarantee that either report judges, in the reports' order. */
export function differences(
  before: ProtocolReport,
  after: ProtocolReport,
): readonly VerdictChange[] {
  const ids = new Set([...before.verdicts, ...after.verdicts].map((v) => v.guarantee));
  const find = (report: ProtocolReport, id: string): GuaranteeVerdict | undefined =>
    report.verdicts.find((v) => v.guarantee === id);
  return [...ids].map((guarantee) => {
    const [a, b] = [find(before, guarantee), find(after, guarantee)];
    return { guarantee, before: a, after: b, change: changeOf(a, b) };
  });
}

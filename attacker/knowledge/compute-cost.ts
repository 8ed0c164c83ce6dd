/** The computation, such as a discrete logarithm, that a known value took. */
import type { Latin1 } from "../../protocol/kit/bytes.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import { bitLength } from "./factoring.ts";
import type { Knowledge } from "./knowledge.ts";

/** Small groups by their numbers, long ones by their length. */
function groupName({ algorithm, field }: OpRecord): string {
  const bits = field === undefined ? 0 : bitLength(field.modulus);
  return bits > 64 ? `modulo a number of ${bits} bits` : algorithm;
}

/** @returns the work it took to know `value`, for reports; `null` if it took none. */
export function computeCost(knowledge: Knowledge, value: Latin1): string | null {
  const costs = new Set<string>();
  const seen = new Set<Latin1>();
  const visit = (v: Latin1): void => {
    if (seen.has(v)) return;
    seen.add(v);
    const origin = knowledge.originOf(v);
    if (origin === undefined) {
      for (const part of knowledge.partsOf(v)) visit(part);
      return;
    }
    if (origin.kind === "logarithm") {
      costs.add(`discrete logarithm ${groupName(origin.op)} (${origin.cost})`);
    } else if (origin.kind === "guessed") costs.add(origin.cost);
    else if (origin.kind === "part" || origin.kind === "joined" || origin.kind === "decoded") {
      visit(origin.of);
    } else if (origin.kind !== "seen") {
      for (const i of origin.op.inputs) visit(i);
      if (origin.kind === "opened") visit(origin.op.output);
      for (const i of origin.op.inputs) {
        const secret = knowledge.privateKeyOf(i);
        if (secret !== undefined && knowledge.knows(secret)) visit(secret);
      }
    }
  };
  visit(value);
  return costs.size === 0 ? null : [...costs].join(", ");
}

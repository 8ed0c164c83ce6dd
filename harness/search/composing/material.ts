/** What all searches in one workload begin with: read once, whatever is seized or disclosed. */
import { type Latin1, latin1 } from "../../../protocol/kit/bytes.ts";
import { operations } from "../../../protocol/kit/operations.ts";
import type { Trace } from "../../trace/trace.ts";
import { Constants } from "./constants.ts";
import { type Secrets, secretsOf } from "./mapping.ts";
import { Templates } from "./templates.ts";

export interface Material {
  readonly templates: Templates;
  readonly constants: Constants;
  readonly secrets: Secrets;
  /** Values that everybody sees when nobody attacks. */
  readonly open: ReadonlySet<Latin1>;
}

/** @param other the same words with other randomness, for telling what is constant. */
export function materialOf(honest: Trace, other: Trace, insider: boolean): Material {
  const templates = new Templates(honest, other, insider);
  const seen = honest.packets.map((p) => latin1(p.bytes));
  const open = templates.terms.all.flatMap(({ record, value }) =>
    operations[record.op].fresh === true && seen.some((b) => b.includes(value)) ? [value] : [],
  );
  return {
    templates,
    constants: new Constants(other, templates.sums),
    secrets: secretsOf(honest, templates.names),
    open: new Set(open),
  };
}

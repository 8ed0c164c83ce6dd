import type { Latin1 } from "../../protocol/kit/bytes.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";

/** How the adversary came to know a value. */
export type Origin =
  | { readonly kind: "seen" }
  | { readonly kind: "part"; readonly of: Latin1 }
  /** Put together from pieces seen in several places; `of` has the first of them. */
  | { readonly kind: "joined"; readonly of: Latin1 }
  | { readonly kind: "decoded"; readonly of: Latin1 }
  | { readonly kind: "computed" | "opened"; readonly op: OpRecord }
  | { readonly kind: "logarithm"; readonly op: OpRecord; readonly cost: string }
  /** Found by trying values: few, or close to what is known. */
  | { readonly kind: "guessed"; readonly cost: string };

/** The value that contained or encrypted it, if any. */
export const sourceOf = (o: Origin): Latin1 | undefined => {
  if (o.kind === "part" || o.kind === "joined" || o.kind === "decoded") return o.of;
  return o.kind === "opened" ? o.op.output : undefined;
};

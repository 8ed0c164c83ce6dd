import type { Deployment, Principal } from "../../protocol/endpoint.ts";
import { fromLatin1, latin1 } from "../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../protocol/kit/operations.ts";

/** What it is worked out from: a run, under way or over. */
export interface Dealt {
  readonly deployment: Pick<Deployment, "longTermSecrets" | "publicValues">;
  readonly log: readonly OpRecord[];
  readonly processes: readonly { readonly id: string; readonly principal: Principal }[];
}

/** Shorter values can be guessed anyway. */
const fromBytes = 8;

/**
 * What a compromise of a principal reveals: the secrets that the deployment names, and those that
 * it dealt and the principal's processes have used by now, whether it names them or not.
 */
export const longTermSecretsOf = (run: Dealt, principal: Principal): readonly Uint8Array[] => [
  ...run.deployment.longTermSecrets(principal),
  ...undeclaredSecretsOf(run, principal),
];

/** What was dealt to a principal, and used, and `longTermSecrets` does not name. */
export function undeclaredSecretsOf(
  { deployment, log, processes }: Dealt,
  principal: Principal,
): readonly Uint8Array[] {
  const named = deployment.longTermSecrets(principal);
  const own = new Set(processes.filter((p) => p.principal === principal).map((p) => p.id));
  const used = new Set(log.flatMap((op) => (own.has(op.by) ? op.inputs : [])));
  const told = new Set([...named, ...(deployment.publicValues ?? [])].map(latin1));
  const dealt = log.filter(
    ({ op, by, output }) =>
      by === "deployment" &&
      operations[op].hasOutput &&
      operations[op].keyPair !== true &&
      output.length >= fromBytes &&
      used.has(output) &&
      !told.has(output),
  );
  return [...new Set(dealt.map((op) => op.output))].map(fromLatin1);
}

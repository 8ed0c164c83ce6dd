/** What comes out of assessing protocols, or of searching one. */
import type { MatrixReport, ProtocolReport } from "../verdict.ts";
import type { CheckedProtocol } from "./checked-protocol.ts";
import type { Failure } from "./worker-pool.ts";

export interface MatrixRun {
  readonly report: MatrixReport;
  /** Why there is no report about some of the protocols, one line each. */
  readonly failures: readonly Failure[];
  /** Did the caller's signal end it? */
  readonly interrupted: boolean;
  /** Which protocol each report is about. */
  readonly subjects: ReadonlyMap<ProtocolReport, CheckedProtocol>;
}

/** @returns `undefined` if it failed, or was stopped before it began. */
export function reportOn(
  { subjects }: Pick<MatrixRun, "subjects">,
  one: CheckedProtocol | undefined,
): ProtocolReport | undefined {
  return [...subjects].find(([, checked]) => checked === one)?.[0];
}

import type { OpRecord } from "../../protocol/kit/operations.ts";

/**
 * The record of a further deployment. What it deals at its start has been recorded by the first one
 * already; what its endpoints draw and compute with the deployment's cryptography later has not,
 * and would pass for a constant.
 */
export class LateLog extends Array<OpRecord> {
  readonly #log: OpRecord[];
  #isDealt = false;

  constructor(log: OpRecord[]) {
    super();
    this.#log = log;
  }

  /** All keys are dealt: from now on everything goes into the record of the run. */
  dealt(): void {
    this.#isDealt = true;
  }

  override push(...ops: OpRecord[]): number {
    return this.#isDealt ? this.#log.push(...ops) : 0;
  }
}

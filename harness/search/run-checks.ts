/**
 * What has to be true of a protocol before anything is said about it: its runs repeat themselves,
 * and its endpoints share nothing beside stores and the wire.
 */
import { simulate } from "../run/simulate.ts";
import type { RunPlan, Trace } from "../trace/trace.ts";
import { type Outside, settings } from "./outside.ts";
import {
  differenceOf,
  type Irreproducible,
  IrreproducibleError,
  Reproducibility,
  repetition,
  SharedMemoryError,
  sinceTheBeginning,
} from "./reproducibility.ts";

export class RunChecks {
  readonly #outside: Outside;
  readonly #kept = new Reproducibility();
  /** Why nothing that is found out about this protocol means anything, if that is so. */
  meaningless: string | undefined;

  constructor(outside: Outside) {
    this.#outside = outside;
  }

  /**
   * @param honest an undisturbed run.
   * @throws IrreproducibleError, SharedMemoryError
   */
  begin(honest: Trace): void {
    const { plan } = honest;
    this.#compare(repetition(plan, simulate, this.#outside));
    this.#kept.note(plan, honest);
    if (this.meaningless === undefined) this.#findSharedMemory(plan);
    if (this.meaningless === undefined) {
      this.#compare(sinceTheBeginning(plan, simulate, this.#outside));
    }
  }

  /** A run of the search, which may be made again at its end. */
  note(plan: RunPlan, trace: Trace): void {
    this.#kept.note(plan, trace);
  }

  /** @throws IrreproducibleError if a run that is made again comes out differently. */
  end(): void {
    if (this.meaningless === undefined) this.#compare(this.#kept.check(this.#outside));
  }

  /**
   * @param found where a run that was made again came out differently, if it did.
   * @throws IrreproducibleError, unless that is the work of cryptography that the lab cannot
   *   follow: then every verdict is `unknown`.
   */
  #compare(found: Irreproducible | undefined): void {
    if (found === undefined) return;
    const { cause } = found;
    if (cause?.kind !== "cryptography") throw new IrreproducibleError(found);
    this.meaningless = `untracked: ${cause.what} at ${cause.place}, whose bytes no recorded operation explains`;
  }

  /**
   * Each principal's processes are opened on a deployment of its own. If that makes a difference,
   * something passes between them beside the wire.
   * @throws SharedMemoryError
   */
  #findSharedMemory(plan: RunPlan): void {
    const { within = (_, code) => code() } = this.#outside;
    const made = (how: RunPlan): Trace => within(settings.usual, () => simulate(how));
    // In this order: what is kept over runs would make the second one look like the first.
    const apart = made(plan);
    const difference = differenceOf(made({ ...plan, sharesDeployment: true }), apart);
    if (difference !== undefined) throw new SharedMemoryError(difference);
  }
}

/** What a search is asked to do, and how it is watched. */
import type { Capability } from "../../attacker/move.ts";
import type { Trace } from "../trace/trace.ts";
import type { MatrixProgress } from "../verdict.ts";
import type { Outside } from "./outside.ts";

export interface SearchSettings {
  readonly seed: string;
  /** Only these guarantees (ids). */
  readonly guarantees?: readonly string[];
  /** Only attackers with these capabilities. */
  readonly capabilities?: readonly Capability[];
  /** At most this many runs; what is left untried makes `holds` an `unknown`. */
  readonly budgetRuns?: number;
  /** Only the first so many sessions of the workload. */
  readonly sessions?: number;
}

export interface Watch extends Outside {
  progress?(event: MatrixProgress): void;
  /** Called before every run, with what is being run, so that a watchdog sees life. */
  beat?(what: string): void;
  /** Called after every run of an attack. */
  ran?(trace: Trace): void;
  /** Asked before every run; `true` ends the search, and what is known is reported. */
  stop?(): boolean;
  /** Where the first exception of the protocol's code came from, as `./file.ts:line:column`. */
  exceptionPlace?(): string | undefined;
  /** Where the code is written that answers for a role, likewise. */
  rolePlace?(role: string): string | undefined;
}

/** What a guarantee is. One file each in this folder, and one line in catalog.ts. */
import type { Attack } from "../../attacker/move.ts";
import type { Protocol } from "../../protocol/endpoint.ts";
import type { Trace } from "../trace/trace.ts";

/** What an undisturbed run shows about a protocol; judges compare against it. */
export interface Baseline {
  readonly protocol: Protocol;
  /** The undisturbed run of the same workload. */
  readonly honest: Trace;
  /** Does the protocol tell its users that messages were delivered? */
  readonly confirms: boolean;
}

export interface Violation {
  /** One sentence for people. It may quote the network: whoever shows it must escape it. */
  readonly because: string;
  /** Real work the attacker has to do, with its cost. */
  readonly compute?: string;
}

export interface Judgement {
  readonly violation?: Violation;
  /** How many things in this run could have violated the guarantee. */
  readonly atStake: number;
  /** Why this run's silence says nothing: the guarantee is then `unknown` unless it breaks. */
  readonly doubt?: string;
}

export interface Guarantee {
  readonly id: string;
  /** One English sentence. */
  readonly statement: string;
  readonly source: string;
  /** A protocol (as on the command line) that breaks it. */
  readonly twin: string;
  /** About data, so it is judged once more with the handshake left untouched. */
  readonly layered: boolean;
  /** Rests on deduction: without full provenance, `holds` becomes `unknown`. */
  readonly secrecy: boolean;
  /** `false` for those whose violation shows only at the end of a run (liveness). */
  readonly safety: boolean;
  /** The reason why it makes no sense for this protocol, if it does not. */
  notApplicable?(profile: Baseline): string | undefined;
  /** What is missing from runs in which nothing is at stake: half a sentence, for people. */
  readonly vacuousBecause?: string;
  /** Attacks that may be held against it; the others are another guarantee's business. */
  counts?(attack: Attack, transport: Protocol["transport"]): boolean;
  judge(trace: Trace, profile: Baseline): Judgement;
  /** For guarantees about pairs of runs: what tells the two apart. */
  distinguish?(a: Trace, b: Trace): Violation | undefined;
}

/** Attacks that only move recorded bytes about: what puppets say is new, and no replay. */
export const recordedOnly = (attack: Attack): boolean =>
  withoutDisclosure(attack) && !attack.some((m) => m.move === "puppet" || m.move === "hijack");

export const withoutDisclosure = (attack: Attack): boolean =>
  !attack.some((m) => m.move === "disclose");

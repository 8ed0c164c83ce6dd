/** What a guarantee is. One file each in this folder, and one line in catalog.ts. */
import { type Attack, isComposed } from "../../attacker/move.ts";
import type { Protocol } from "../../protocol/endpoint.ts";
import type { RunPlan, Trace } from "../trace/trace.ts";

/** What an undisturbed run shows about a protocol; judges compare against it. */
export interface Baseline {
  readonly protocol: Protocol;
  /** The undisturbed run of the same workload. */
  readonly honest: Trace;
  /** Does the protocol tell its users that messages were delivered? */
  readonly confirms: boolean;
}

export interface Violation {
  /** One sentence for reports. It may quote the network: escape it before display. */
  readonly because: string;
  /** The computation that the adversary has to do, with its cost. */
  readonly compute?: string;
}

export interface Judgement {
  readonly violation?: Violation;
  /** How many things in this run could have violated the guarantee. */
  readonly atStake: number;
  /** A violation that takes luck: once in so many attacks, about. */
  readonly chance?: { readonly tries: number; readonly because: string };
  /** Why no violation in this run proves nothing: the guarantee is then `unknown` unless broken. */
  readonly doubt?: string;
}

/** What decides to which pair of runs a run belongs. */
export type WorldRun = Pick<RunPlan, "workloadName" | "attack">;

/** Two runs that differ only in what is secret, as often as one asks for them. */
export interface Worlds {
  /** What somebody wants to find out, as half a sentence: the run judged, as seen from the other. */
  readonly secret: string;
  /**
   * The nth pair: the same two with other randomness, and the 0th as it was. What differs within a
   * pair and not between them is what the secret does.
   */
  pair(n: number): WorldPair;
}

export interface WorldPair {
  readonly here: Trace;
  readonly there: Trace;
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
  /** Why it does not apply to this protocol, if it does not. */
  notApplicable?(baseline: Baseline): string | undefined;
  /** Why a run in which nothing is at stake is vacuous: half a sentence, for reports. */
  readonly vacuousBecause?: string;
  /** Attacks under which it is judged; others concern other guarantees. */
  counts?(attack: Attack, transport: Protocol["transport"]): boolean;
  judge(trace: Trace, baseline: Baseline): Judgement;
  /**
   * It rests on what endpoints say of themselves, so that where it breaks with nobody attacking,
   * that may be said wrongly. What seems to be wrong, in half a sentence.
   * @param honest a run with nobody attacking that violates it.
   */
  misstated?(honest: Trace): string;
  /**
   * For guarantees about pairs of runs: the other one of the pair; `undefined` if the run belongs
   * to none, and is not held against the guarantee.
   */
  otherWorld?(run: WorldRun): WorldRun | undefined;
  /** For guarantees about pairs of runs: what distinguishes the two. */
  distinguish?(worlds: Worlds): Judgement;
}

/** Attacks that only send recorded bytes: what puppets send is new, not a replay. */
export const recordedOnly = (attack: Attack): boolean =>
  withoutDisclosure(attack) &&
  !attack.some((m) => m.move === "puppet" || m.move === "hijack" || isComposed(m));

export const withoutDisclosure = (attack: Attack): boolean =>
  !attack.some((m) => m.move === "disclose");

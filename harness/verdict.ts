/**
 * Verdicts: what the lab says about one guarantee of one protocol, and what it rests on.
 * Absence of a violation is never a proof; `holds` says how hard the lab tried.
 */
import type { Attack, Capability } from "../attacker/move.ts";
import type { OptionValues } from "../protocol/endpoint.ts";
import type { WireRow } from "./annotation/byte-range.ts";
import type { NetworkConditions, ProcessId } from "./trace/trace.ts";

export type Status = "broken" | "holds" | "unknown" | "not-applicable";

/** One violating run, minimal, and all that is needed to run it again. */
export interface Finding {
  readonly capability: Capability;
  /** All capabilities the attack uses: a replayer listens and sends, but stops nothing. */
  readonly needs: readonly Capability[];
  /** What had to be computed, with its cost, or `null`. */
  readonly compute: string | null;
  /** One sentence: why this run violates the guarantee. */
  readonly because: string;
  /** The attack, one English line per move; empty if an ordinary run violates. */
  readonly steps: readonly string[];
  /** What the network did at random meanwhile, in half a sentence, if it did anything. */
  readonly network?: string;
  readonly attack: SavedAttack;
  /** Digest of the violating run. */
  readonly digest: string;
  /** Name of the generic strategy that found it. */
  readonly strategy: string;
  /** The violating run, as far as a sequence diagram needs it. */
  readonly story: MessageSequence;
}

/** An attack as it is saved in a file. */
export interface SavedAttack {
  readonly schema: "mallory/attack@1";
  /** Bundled name, or path of the file, as the user named it. */
  readonly protocol: string;
  readonly options: OptionValues;
  /** Name of the workload; see harness/workload.ts. */
  readonly workload: string;
  readonly seed: string;
  readonly network: NetworkConditions;
  readonly moves: Attack;
  readonly guarantee: string;
  /** For what caps the grade of a message: which one; processes and a count from 1. */
  readonly message?: {
    readonly session: number;
    readonly from: ProcessId;
    readonly to: ProcessId;
    readonly nth: number;
  };
  readonly digest: string;
}

/** One line of a sequence diagram. Bytes are the network's: escape them before showing. */
export interface SequenceStep {
  readonly t: number;
  /** Lifelines: process ids, `mallory`, or the host of an address without a listener. */
  readonly from: ProcessId;
  readonly to: ProcessId;
  readonly kind: "packet" | "attack-packet" | "lost" | "changed" | "note" | "violation";
  readonly label: string;
  /** Bytes as they arrived (or would have), hex. */
  readonly hex?: string;
}
export interface MessageSequence {
  readonly lifelines: readonly string[];
  readonly steps: readonly SequenceStep[];
}

/** A verdict within one restriction: all attacks, or attacks that leave the handshake alone. */
export interface Layer {
  readonly verdict: Status;
  readonly capability: Capability | null;
  readonly because: string;
  readonly finding?: Finding;
}

export interface GuaranteeVerdict {
  readonly guarantee: string;
  readonly verdict: Status;
  readonly claimed: boolean;
  /** What the authors say, where they claim it. */
  readonly claim?: string;
  /** The weakest capability that breaks it. */
  readonly capability: Capability | null;
  readonly because: string;
  /** The smallest attack with the weakest capability. */
  readonly finding?: Finding;
  /** While the search goes on: the first attack that broke it, as it was found. */
  readonly found?: SavedAttack;
  /** Where stronger adversaries break it in another way: one finding per capability. */
  readonly others: readonly Finding[];
  /** Capabilities whose attacks were all tried without a violation. */
  readonly heldAgainst: readonly Capability[];
  readonly layer?: Layer;
  /** Runs judged for it, strategies tried, and what could have gone wrong in them. */
  readonly runs: number;
  readonly strategies: number;
  readonly atStake: number;
  /** Attacks that changed the course of the run. */
  readonly effective: number;
  /** All attacks of up to this many moves were tried; `null` if no search was exhaustive. */
  readonly exhaustiveDepth: number | null;
}

export interface HonestRun {
  readonly submitted: number;
  readonly delivered: number;
  readonly datagrams: number;
  readonly largestDatagram: number;
  readonly digest: string;
  readonly story: MessageSequence;
  /** What the bytes of its packets are. */
  readonly wire: readonly WireRow[];
}

/** How many of a strategy's puppets failed before they had sent anything. */
export interface PuppetCount {
  readonly strategy: string;
  readonly puppets: number;
  readonly failed: number;
  /** False if all of its runs had failing puppets only: then it does not count as tried. */
  readonly tried: boolean;
  /** Why the first of them failed. */
  readonly because: string;
}

/** How far the search for attacks went in which the adversary composes what it sends. */
export interface Composed {
  readonly runs: number;
  /** Different states of the honest processes that were looked at. */
  readonly states: number;
  /** Workloads, with what was disclosed at their beginning. */
  readonly worlds: number;
  /** Workloads in which every state within the limits of the search was looked at. */
  readonly exhausted: readonly string[];
  readonly bound: ComposedBound;
}

/** Where the search ends at the latest. */
export interface ComposedBound {
  /** Messages that one attack hands to honest processes. */
  readonly deliveries: number;
  /** Of these, such as no honest process has sent like that. */
  readonly made: number;
  /** Events and operations of all runs together. */
  readonly work: number;
}

export interface ProtocolReport {
  readonly name: string;
  readonly title: string;
  readonly flow: string;
  readonly options: OptionValues;
  /** `bundled`, or the path of the file. */
  readonly source: string;
  readonly verdicts: readonly GuaranteeVerdict[];
  readonly honest: HonestRun;
  /** What is wrong before anything attacks it, a sentence each. */
  readonly faults?: readonly string[];
  /** What a reader should know beside the verdicts, a sentence each. */
  readonly remarks?: readonly string[];
  /** Strategies with puppets that failed at their start; absent if there are none. */
  readonly failedPuppets?: readonly PuppetCount[];
  /** Absent where the adversary has composed nothing. */
  readonly composed?: Composed;
  readonly runs: number;
}

export interface MatrixReport {
  readonly schema: "mallory/matrix@1";
  readonly seed: string;
  readonly version: string;
  readonly protocols: readonly ProtocolReport[];
  readonly runs: number;
  readonly seconds: number;
  /** Why something was cut short, if it was: the user stopped it, or a budget ended. */
  readonly incomplete?: string;
}

/** Progress events while the matrix fills. */
export type MatrixProgress =
  | { readonly kind: "protocol"; readonly name: string; readonly guarantees: readonly string[] }
  | {
      readonly kind: "step";
      readonly name: string;
      readonly strategy: string;
      readonly done: number;
      readonly total: number;
      readonly runs: number;
    }
  /** A cell is known, or known better, e.g. broken already while the search still runs. */
  | { readonly kind: "cell"; readonly name: string; readonly verdict: GuaranteeVerdict }
  | { readonly kind: "finished"; readonly report: ProtocolReport };

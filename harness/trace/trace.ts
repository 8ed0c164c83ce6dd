/**
 * What a run leaves behind: everything a judge, a report or a replay may look at.
 */
import type { Luck } from "../../attacker/guessed-part.ts";
import type { Attack } from "../../attacker/move.ts";
import type {
  Address,
  Credential,
  Deployment,
  Millis,
  OptionValues,
  Principal,
  Protocol,
  Purpose,
  RejectReason,
  Role,
  Workload,
} from "../../protocol/endpoint.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";

/** `client#0`: the first process of a role, in the order in which the plan starts them. */
export type ProcessId = string;

/** A packet of a run. `nth` counts, from 1, what `from` sends to `to`. */
export interface Packet {
  /** Position in {@link Trace.packets}. */
  readonly index: number;
  readonly from: ProcessId;
  /** The process listening at the destination, or the host of an address where none does. */
  readonly to: ProcessId;
  readonly nth: number;
  readonly source: Address;
  readonly destination: Address;
  readonly bytes: Uint8Array;
  readonly sentMs: Millis;
  /** Absent for packets that honest processes sent. */
  readonly byAttacker?: "injected" | "replayed" | "puppet";
  /** The packet this one repeats, where it does. */
  readonly copyOf?: number;
}

interface At {
  readonly t: Millis;
  /** The process that did it or that it happened to. */
  readonly at: ProcessId;
}
/** Where a process serves several sessions, which one; see `Output` in protocol/endpoint.ts. */
interface InSession extends At {
  readonly session: string;
}

export type TraceEvent =
  | (At & { readonly kind: "started"; readonly principal: Principal; readonly role: Role })
  | (InSession & {
      readonly kind: "submit";
      readonly message: Uint8Array;
      readonly purpose: Purpose;
      /** The principal it is meant for, or all of them. */
      readonly to: Principal | readonly Principal[] | undefined;
    })
  | (At & { readonly kind: "sent"; readonly packet: number })
  /** A packet reached the process. `bytes` differ from what was sent if it was changed or cut. */
  | (At & {
      readonly kind: "received";
      readonly packet: number;
      readonly bytes: Uint8Array;
      readonly changed: boolean;
    })
  /** A packet will not arrive. */
  | (At & {
      readonly kind: "lost";
      readonly packet: number;
      readonly by: "attacker" | "network" | "nobody-there";
    })
  | (InSession & {
      readonly kind: "deliver";
      readonly message: Uint8Array;
      /** Absent where the peer is anonymous. */
      readonly from: Principal | undefined;
      readonly purpose: Purpose;
    })
  | (InSession & { readonly kind: "confirm"; readonly message: Uint8Array })
  | (InSession & { readonly kind: "give-up"; readonly message: Uint8Array })
  | (InSession & { readonly kind: "ended"; readonly from: Principal })
  | (InSession & {
      readonly kind: "running";
      readonly peer: Principal | undefined;
      readonly agreed: Uint8Array | undefined;
    })
  | (InSession & {
      readonly kind: "commit";
      readonly peer: Principal;
      readonly agreed: Uint8Array | undefined;
    })
  | (InSession & {
      readonly kind: "secret";
      /** Absent where the peer is anonymous. */
      readonly peer: Principal | undefined;
      readonly value: Uint8Array;
    })
  | (InSession & {
      readonly kind: "evidence";
      readonly peer: Principal;
      readonly message: Uint8Array;
      readonly bytes: Uint8Array;
    })
  | (InSession & { readonly kind: "negotiated"; readonly suite: string; readonly best: string })
  /** The user shows something to another one, beside the network. */
  | (InSession & { readonly kind: "shown"; readonly to: Principal; readonly value: Uint8Array })
  /**
   * What the attacker shows this process is the same as what it has to be: found among so many
   * tries of its own, or, with `byLuck`, once in so many attacks.
   */
  | (At & { readonly kind: "matched"; readonly tries: number; readonly byLuck: boolean })
  | (At & { readonly kind: "reject"; readonly reason: RejectReason })
  | (At & { readonly kind: "log"; readonly line: string })
  | (At & { readonly kind: "alarm"; readonly text: string })
  | (At & { readonly kind: "ran-code"; readonly code: string })
  | (At & { readonly kind: "stored"; readonly store: string; readonly bytes: Uint8Array })
  /** The protocol's code threw. `because` is the first line of the message. */
  | (At & { readonly kind: "crashed"; readonly because: string })
  | (At & { readonly kind: "exited"; readonly ok: boolean; readonly because: string | undefined })
  | (At & { readonly kind: "closed"; readonly peer: Address })
  /** A move of the attack took effect. `at` is the process it targets. */
  | (At & { readonly kind: "attack"; readonly move: number })
  | (At & { readonly kind: "disclosed"; readonly principal: Principal; readonly what: string })
  /** The run was cut off: it would not come to rest. */
  | (At & { readonly kind: "stopped"; readonly because: string });

/** One process of a run. */
export interface ProcessInfo {
  readonly id: ProcessId;
  readonly role: Role;
  readonly principal: Principal;
  readonly address: Address;
  /** Index of the planned session it was started for; services have none. */
  readonly plannedSession: number | undefined;
  readonly service: boolean;
  /** Where the sessions of a service were, by label, where the label is no address by itself. */
  readonly places?: ReadonlyMap<string, ReadonlySet<Address>>;
  /** Did it crash, exit, or is it still there at the end of the run? */
  readonly end: "crashed" | "exited" | "gave-up" | "alive";
  /** Peak of `stateSize()`, if the endpoint has it; in a flood, else what is visible at the end. */
  readonly stateSize: number | undefined;
}

/** A puppet of the attack, and whether there was anything to it. */
export interface PuppetInfo {
  /** Index of its move. */
  readonly move: number;
  /** Why it has sent nothing: its code failed before. `undefined` if it was not that. */
  readonly failedBecause: string | undefined;
  /** What it has guessed right where it cannot know better: the least likely of it. */
  readonly luck: Luck | undefined;
}

/** What the planned sessions asked for and what became of it. */
export interface PlannedOutcome {
  readonly session: number;
  /** Processes that the plan started for it. */
  readonly processes: readonly ProcessId[];
  /** Messages that the application wanted to send, submitted or not. */
  readonly wanted: readonly {
    readonly from: ProcessId;
    readonly to: Principal | undefined;
    readonly message: Uint8Array;
    /** Set where it is one more copy of the message before, for another principal of its list. */
    readonly isCopy?: true;
  }[];
  readonly startedMs: Millis | undefined;
}

export const chunkings = ["as-written", "random", "bytes", "together"] as const;

/** The network of a run: what happens without any adversary. */
export interface NetworkConditions {
  /** One-way latency, and how much of it may vary at random. */
  readonly latencyMs: Millis;
  readonly jitterMs: Millis;
  /** Probabilities from 0 to 1. Faults end after `faultsEndMs`, so liveness can be judged. */
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
  readonly faultsEndMs: Millis;
  /** Datagrams longer than this do not arrive. */
  readonly mtuBytes: number;
  /**
   * How streams are cut up: as written, at random places, into single bytes, or what is written
   * within 25 ms run together.
   */
  readonly chunking: (typeof chunkings)[number];
}

/** Where a delivery begins in what the run leaves behind. */
export interface Mark {
  /** Index of its move. */
  readonly move: number;
  readonly events: number;
  readonly log: number;
  readonly attempts: number;
}

/** For whom a delivery is, and as whose. */
export interface Probe {
  readonly to: ProcessId;
  readonly toService: boolean;
  readonly from: Address;
}

/** See harness/run/probing.ts. */
export interface Observer {
  readonly attempts: OpRecord[];
  isOutOfDate(move: number, probe: Probe, events: readonly TraceEvent[]): boolean;
  begin(mark: Mark, probe: Probe): void;
}

/** Everything that decides a run. The same plan gives the same trace, byte for byte. */
export interface RunPlan {
  /** Further instances of the protocol's module, for the deployments of further principals. */
  readonly copies?: readonly Protocol[];
  /** All processes are opened on one deployment: only to see whether that makes a difference. */
  readonly sharesDeployment?: true;
  readonly protocol: Protocol;
  readonly options: OptionValues;
  readonly workload: Workload;
  /** How the workload is found again; see harness/workload.ts. */
  readonly workloadName: string;
  /** How the user named the protocol, without options: a bundled name or a path. */
  readonly source: string;
  readonly network: NetworkConditions;
  readonly attack: Attack;
  readonly seed: string;
  /** The run is made to see what processes do with deliveries; it ends with the last one. */
  readonly probing?: Observer;
}

export interface Trace {
  readonly plan: RunPlan;
  readonly events: readonly TraceEvent[];
  readonly packets: readonly Packet[];
  readonly processes: readonly ProcessInfo[];
  readonly outcomes: readonly PlannedOutcome[];
  /** Every cryptographic operation of the run, in order. */
  readonly crypto: readonly OpRecord[];
  /** Every disclosed value, in order. */
  readonly disclosed: readonly Uint8Array[];
  /** What the adversary drew itself, and the keys it registered: known without being seen. */
  readonly attackerKnows: readonly Uint8Array[];
  /** Every puppet that took its place. */
  readonly puppets: readonly PuppetInfo[];
  readonly deployment: Pick<Deployment, "publicValues" | "identities" | "longTermSecrets"> & {
    readonly credentials: readonly Credential[];
  };
  /**
   * True if no session was touched before both of its ends had their keys: by no move, and by no
   * packet that the network lost, doubled or reordered.
   */
  readonly handshakeUntouched: boolean;
  readonly endMs: Millis;
  /** Did everything come to rest by itself? If not, the run was cut off at its limit. */
  readonly cameToRest: boolean;
  /** SHA-256 over plan, events and packets, in hex; computed when asked for. */
  readonly digest: string;
}

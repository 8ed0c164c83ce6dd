/** A run as a capture needs it: plain data, which can leave the thread that made it. */
import { describeMove } from "../../attacker/describe.ts";
import type { Attack } from "../../attacker/move.ts";
import { type Transport, transportOf } from "../../protocol/transport.ts";
import { annotate } from "../annotation/annotate.ts";
import type { AnnotatedPacket } from "../annotation/byte-range.ts";
import { UserError } from "../input/user-error.ts";
import type { PlannedRun, SavedRun } from "../replay.ts";
import type { Outside } from "../search/outside.ts";
import { simulateTwice } from "../search/reproducibility.ts";
import { planOf, type Subject } from "../subject.ts";
import type { NetworkConditions, Packet, ProcessInfo, TraceEvent } from "../trace/trace.ts";
import type { SavedAttack } from "../verdict.ts";
import { whyNoWorkload } from "../workload.ts";

/** What is to be run, and what the attack in it was found against, if it was. */
export type RunToRecord = Pick<PlannedRun, "workload" | "seed" | "network" | "moves"> &
  Partial<Pick<SavedAttack, "guarantee" | "message">>;

/** Events that say what became of packets and connections. */
export type WireEvent = Extract<TraceEvent, { kind: "received" | "lost" | "closed" | "stopped" }>;

export interface RecordedRole {
  readonly name: string;
  /** Does it open connections by itself? */
  readonly opens: boolean;
}

export interface Recording {
  /** As the protocol calls itself. */
  readonly protocol: string;
  readonly transport: Transport;
  readonly network: NetworkConditions;
  readonly roles: readonly RecordedRole[];
  readonly packets: readonly Packet[];
  readonly events: readonly WireEvent[];
  readonly processes: readonly Pick<ProcessInfo, "id" | "role" | "principal" | "address">[];
  readonly annotated: readonly AnnotatedPacket[];
  readonly moves: Attack;
  /** The moves in English. */
  readonly steps: readonly string[];
  /** What repeats the run. */
  readonly saved: SavedRun;
}

/**
 * Makes the run, twice, and annotates its packets.
 * @throws UserError, ProtocolError
 * @throws IrreproducibleError if it comes out differently each time.
 */
export function record(subject: Subject, about: RunToRecord, outside: Outside = {}): Recording {
  const { protocol, options, source } = subject;
  const { guarantee, message, moves, seed, workload, network } = about;
  const none = whyNoWorkload(protocol, options, workload);
  if (none !== undefined) throw new UserError(none);
  const trace = simulateTwice(planOf(subject, { attack: moves, seed, workload, network }), outside);
  const run = { protocol: source, options, workload, seed, network, moves };
  const { digest } = trace;
  const saved: SavedRun =
    guarantee === undefined
      ? { schema: "mallory/planned-run@1", ...run, digest }
      : { schema: "mallory/attack@1", ...run, guarantee, ...(message && { message }), digest };
  return {
    protocol: protocol.name,
    transport: transportOf(protocol),
    network,
    roles: protocol.roles.map((r) => ({ name: r.name, opens: r.peer !== undefined })),
    packets: trace.packets,
    events: trace.events.filter(isOfWire),
    processes: trace.processes.map(({ id, role, principal, address }) => ({
      id,
      role,
      principal,
      address,
    })),
    annotated: annotate(trace),
    moves,
    steps: moves.map(describeMove),
    saved,
  };
}

const isOfWire = (e: TraceEvent): e is WireEvent =>
  e.kind === "received" || e.kind === "lost" || e.kind === "closed" || e.kind === "stopped";

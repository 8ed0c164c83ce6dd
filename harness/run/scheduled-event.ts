/** What can be due in a run. */
import type { OwnMove } from "../../attacker/move.ts";
import type { Address, Millis, Principal, Role } from "../../protocol/endpoint.ts";
import type { Packet, ProcessId, TraceEvent } from "../trace/trace.ts";
import type { AdversarySession } from "./adversary/adversary-session.ts";
import type { ApplicationSession } from "./application-session.ts";
import type { IndexedMove } from "./attack-plan.ts";
import type { Pipe } from "./network/pipes.ts";
import type { Process } from "./processes.ts";

/** The cause if a packet does not arrive. */
export type Lost = Extract<TraceEvent, { kind: "lost" }>["by"];

/** A packet, or one of its copies, reaches the end of its way. */
export interface Arrival {
  readonly kind: "arrive";
  readonly packet: Packet;
  readonly bytes: Uint8Array;
  readonly to: Address;
  readonly lost: Lost | undefined;
  /** Triggers the moves that wait for this packet; false for further copies. */
  readonly first: boolean;
  readonly key: string | undefined;
}

/** One end of a connection learns that it is open, or that it is closed. */
export interface ConnectionChange {
  readonly kind: "connected" | "closed";
  readonly at: Address;
  readonly peer: Address;
}

/** What the user of a process is shown, or the attacker as a user like others. */
export interface Showing {
  readonly kind: "shown";
  readonly to: Process | AdversarySession;
  readonly by: ProcessId;
  readonly from: Principal;
  readonly value: Uint8Array;
}

export type ScheduledEvent =
  | { readonly kind: "session"; readonly index: number }
  | { readonly kind: "restart"; readonly role: Role }
  | { readonly kind: "reconnect"; readonly client: Address; readonly server: Address }
  | Arrival
  | { readonly kind: "flush"; readonly pipe: Pipe }
  | ConnectionChange
  | { readonly kind: "timer"; readonly process: Process; readonly t: Millis }
  | { readonly kind: "send"; readonly application: ApplicationSession }
  | Showing
  | { readonly kind: "move"; readonly entry: IndexedMove<OwnMove> }
  | { readonly kind: "adversary-timer"; readonly session: AdversarySession; readonly t: Millis }
  | { readonly kind: "say"; readonly session: AdversarySession; readonly t: Millis };

/** The process of an event: it is named if a run does not come to rest. */
export function eventOwner(item: ScheduledEvent): ProcessId {
  switch (item.kind) {
    case "timer":
      return item.process.id;
    case "send":
      return item.application.process.id;
    case "arrive":
      return item.packet.to;
    default:
      return "network";
  }
}

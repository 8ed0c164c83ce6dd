/** What can be due in a run. */
import type { Address, Millis } from "../../protocol/endpoint.ts";
import type { Packet, ProcessId, TraceEvent } from "../trace.ts";
import type { IndexedMove } from "./attack-plan.ts";
import type { Desk } from "./desk.ts";
import type { Seat } from "./enemy.ts";
import type { Process } from "./processes.ts";
import type { Pipe } from "./streams.ts";

/** Who is to blame if a packet does not arrive. */
export type Lost = Extract<TraceEvent, { kind: "lost" }>["by"];

/** A packet, or one of its copies, reaches the end of its way. */
export interface Arrival {
  readonly kind: "arrive";
  readonly packet: Packet;
  readonly bytes: Uint8Array;
  readonly to: Address;
  readonly lost: Lost | undefined;
  /** Sets off the moves that wait for this packet; false for further copies. */
  readonly first: boolean;
  readonly key: string | undefined;
}

/** One end of a connection learns that it is there, or that it is no more. */
export interface ConnectionChange {
  readonly kind: "connected" | "closed";
  readonly at: Address;
  readonly peer: Address;
}

export type Item =
  | { readonly kind: "session"; readonly index: number }
  | Arrival
  | { readonly kind: "flush"; readonly pipe: Pipe }
  | ConnectionChange
  | { readonly kind: "timer"; readonly process: Process; readonly t: Millis }
  | { readonly kind: "send"; readonly desk: Desk }
  | { readonly kind: "move"; readonly entry: IndexedMove }
  | { readonly kind: "seat-timer"; readonly seat: Seat; readonly t: Millis }
  | { readonly kind: "say"; readonly seat: Seat; readonly t: Millis };

/** Whose turn it is: who is to be named if a run does not come to rest. */
export function itemOwner(item: Item): ProcessId {
  switch (item.kind) {
    case "timer":
      return item.process.id;
    case "send":
      return item.desk.process.id;
    case "arrive":
      return item.packet.to;
    default:
      return "network";
  }
}

/** Where the search stands: a state, and what led to it. */
import type { Address } from "../../../protocol/endpoint.ts";
import type { ProcessId } from "../../trace/trace.ts";
import type { Delivery } from "./delivery.ts";
import type { Scene } from "./scene.ts";

export interface Situation {
  readonly scene: Scene;
  readonly deliveries: readonly Delivery[];
  /** What each process was given so far. */
  readonly locals: ReadonlyMap<string, string>;
}

/**
 * Addresses that are not new to a process: it was given something as from there, or has written
 * there, which it may have done before the network was seized, or because others told it to.
 */
export function addressesKnownTo(
  process: ProcessId,
  { scene, deliveries }: Situation,
): ReadonlySet<Address> {
  const known = new Set(deliveries.flatMap((d) => (d.to === process ? [d.from] : [])));
  for (const p of scene.run.trace.packets) if (p.from === process) known.add(p.destination);
  return known;
}

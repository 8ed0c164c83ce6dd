/** Which sessions are worth attacking by themselves. */
import { packetKey } from "../move.ts";
import type { Scene, SeenPacket, SeenProcess } from "./strategy.ts";

/**
 * A session that repeats an earlier one, between the same principals, is attacked only through
 * that one's packets: what can be done to it by itself can be done to the earlier one.
 */
export function firstOfTheirKind(scene: Scene): Scene {
  const later = new Set(scene.repeatedSessions);
  const counts = (session: number | undefined): boolean =>
    session === undefined || !later.has(session);
  const packets = scene.packets.filter((p) => counts(p.session));
  const own = new Set(packets.map((p) => packetKey(p.ref)));
  return {
    ...scene,
    packets,
    processes: scene.processes.filter((p) => counts(p.session) && !idle(p, packets)),
    values: scene.values.filter((v) => own.has(packetKey(v.packet))),
  };
}

/** Restarted services of later sessions have no part in the first one. */
const idle = (process: SeenProcess, packets: readonly SeenPacket[]): boolean =>
  process.service && !packets.some((p) => p.ref.from === process.id || p.ref.to === process.id);

const roleOf = (id: string): string => id.split("#")[0] ?? id;
const slotOf = ({ ref }: SeenPacket): string => `${roleOf(ref.from)}>${roleOf(ref.to)}:${ref.nth}`;

/** @returns what has, in an earlier session of its kind, the place that a packet has in its own. */
export function earlierOf(leading: Scene): (packet: SeenPacket) => SeenPacket | undefined {
  const bySlot = new Map(leading.packets.map((p) => [slotOf(p), p]));
  return (packet) => {
    const earlier = bySlot.get(slotOf(packet));
    return earlier === packet ? undefined : earlier;
  };
}

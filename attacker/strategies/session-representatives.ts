/** Which sessions are worth attacking by themselves. */
import { packetKey, roleOf } from "../move.ts";
import type { Scene, SeenPacket, SeenProcess } from "./strategy.ts";

/**
 * A session that repeats an earlier one of its kind is not attacked by itself: any such attack
 * also works on the earlier session.
 */
export function firstOfTheirKind(scene: Scene): Scene {
  const counts = (session: number | undefined): boolean =>
    session === undefined || !scene.repeatedSessions.has(session);
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

const slotOf = ({ ref }: SeenPacket): string => `${roleOf(ref.from)}>${roleOf(ref.to)}:${ref.nth}`;

/**
 * @returns for a packet of a repeated session, the packet in the same position of the session it
 *   repeats; otherwise the previous packet in this position, of any session.
 */
export function earlierOf(leading: Scene): (packet: SeenPacket) => SeenPacket | undefined {
  const bySlot = new Map<string, SeenPacket[]>();
  for (const p of leading.packets) {
    const slot = slotOf(p);
    bySlot.set(slot, [...(bySlot.get(slot) ?? []), p]);
  }
  return (packet) => {
    const alike = bySlot.get(slotOf(packet)) ?? [];
    const first = leading.repeatedSessions.get(packet.session ?? -1);
    if (first !== undefined) return alike.find((p) => p.session === first);
    return alike[alike.indexOf(packet) - 1];
  };
}

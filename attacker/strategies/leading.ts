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

import type { Move, PacketRef } from "../move.ts";
import { talkingPairs } from "./impersonating.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type Scene, type SeenProcess, type Strategy } from "./strategy.ts";

/** Packets each way: what a session begins with decides whom it is with. */
const most = 12;

const countOf = (scene: Scene, from: string, to: string): number =>
  Math.min(most, scene.packets.filter((p) => p.ref.from === from && p.ref.to === to).length);

/** A packet comes to somebody else, and in another name, than its sender has sent it. */
const led = (packet: PacketRef, to: string, from: string): readonly Move[] => [
  { move: "drop", packet },
  { move: "replay", packet, to, from, when: { after: packet } },
];

const packets = (from: string, to: string, count: number): readonly PacketRef[] =>
  Array.from({ length: count }, (_, i) => ({ from, to, nth: i + 1 }));

/** Other services of the same role, run by others. */
const othersLike = (scene: Scene, { id, role, principal }: SeenProcess): readonly SeenProcess[] =>
  scene.processes.filter(
    (p) => p.service && p.role === role && p.id !== id && p.principal !== principal,
  );

/**
 * The client talks to one service and means another, and both are honest. W. Diffie, P. van
 * Oorschot, M. Wiener: Authentication and Authenticated Key Exchanges, 1992: both have to mean
 * each other.
 */
export const rerouting: Strategy = {
  id: "reroute",
  title:
    "a whole conversation is led to another service, whose answers come in the first one's name",
  capability: "on-path",
  *attacks(scene) {
    for (const [asker, meant] of talkingPairs(firstOfTheirKind(scene))) {
      if (!meant.service) continue;
      const asked = packets(asker.id, meant.id, countOf(scene, asker.id, meant.id));
      for (const other of othersLike(scene, meant)) {
        const answers = packets(other.id, asker.id, countOf(scene, meant.id, asker.id));
        const back = answers.flatMap((packet) => led(packet, asker.id, meant.id));
        // On connections, one to the other service is opened with the first packet.
        const there = scene.transport.connected
          ? asked.flatMap((packet) => led(packet, other.id, asker.id))
          : asked.map((packet): Move => ({ move: "redirect", packet, to: other.id }));
        yield attack(...there, ...back);
        if (!scene.transport.connected) yield attack(...there);
      }
    }
  },
};

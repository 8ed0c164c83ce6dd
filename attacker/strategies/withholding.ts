/**
 * A packet is held back until the other end repeats what it has said; the repetition is held back
 * until later ones have overtaken it. A receiver that takes it as it took the first one begins
 * again, and what came in between may count once more (key reinstallation; Vanhoef and Piessens
 * 2017, “KRACK”).
 */
import type { Move } from "../move.ts";
import { attack, isBack, type Scene, type SeenPacket, type Strategy } from "./strategy.ts";

/** Limits: packets held back in a scene, what overtakes the repetition, and what comes again. */
const mostHeld = 6;
const mostOvertaking = 3;
const mostAgain = 2;

const hold = ({ ref: packet }: SeenPacket, delayMs: number): Move => ({
  move: "hold",
  packet,
  delayMs,
});

const isAlike = (a: SeenPacket, b: SeenPacket): boolean =>
  a.bytes.length === b.bytes.length && a.bytes[0] === b.bytes[0];
const isSame = (a: SeenPacket, b: SeenPacket): boolean =>
  a.ref.from === b.ref.from && a.ref.to === b.ref.to && a.ref.nth === b.ref.nth;

/** What the receiver of a packet says once more if that does not come. */
function repetitionOf(packet: SeenPacket, scene: Scene): SeenPacket | undefined {
  const at = scene.packets.indexOf(packet);
  const before = scene.packets.slice(0, at).findLast((p) => isBack(p.ref, packet.ref));
  if (before === undefined) return undefined;
  const lost = scene.packetsAfter([{ move: "drop", packet: packet.ref }]);
  const since = lost.filter((p) => p.sentMs > packet.sentMs && isBack(p.ref, packet.ref));
  const [next] = since;
  if (next === undefined || !isAlike(next, before)) return undefined;
  // What it would have said anyway is no repetition.
  const usual = scene.packets.find((p) => isSame(p, next));
  return usual !== undefined && usual.sentMs <= next.sentMs && isAlike(usual, next)
    ? undefined
    : next;
}

function* releasedLate(packet: SeenPacket, repeated: SeenPacket, scene: Scene) {
  const held = hold(packet, repeated.sentMs - packet.sentMs);
  yield attack(held);
  const packets = scene.packetsAfter([held, { move: "drop", packet: repeated.ref }]);
  const later = packets.filter(
    (p) => p.sentMs > repeated.sentMs && p.session === repeated.session && !isSame(p, packet),
  );
  for (const last of later.slice(0, mostOvertaking)) {
    const late = hold(repeated, last.sentMs - repeated.sentMs + 1);
    yield attack(held, late);
    const way = later.slice(0, later.indexOf(last) + 1).filter((p) => !isBack(p.ref, repeated.ref));
    for (const { ref } of way.slice(-mostAgain)) {
      const when = { after: repeated.ref };
      yield attack(held, late, { move: "replay", packet: ref, to: ref.to, from: ref.from, when });
    }
  }
}

export const withholding: Strategy = {
  id: "withhold",
  title: "a packet is held back until it is asked for again, and that comes late, and others again",
  capability: "on-path",
  *attacks(scene) {
    let left = mostHeld;
    for (const packet of scene.packets) {
      if (left === 0) return;
      const repeated = repetitionOf(packet, scene);
      if (repeated === undefined) continue;
      left--;
      yield* releasedLate(packet, repeated, scene);
    }
  },
};

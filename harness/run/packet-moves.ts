/** What the attacker does to honest packets on their way. */
import { applyEdits } from "../../attacker/edit.ts";
import { type Edit, packetKey } from "../../attacker/move.ts";
import type { Address, Millis, Principal } from "../../protocol/endpoint.ts";
import { unreachable } from "../../protocol/kit/errors.ts";
import type { Packet } from "../trace/trace.ts";
import type { World } from "./world.ts";

/** What has become of a packet in the attacker's hands. */
interface Tampered {
  bytes: Uint8Array;
  to: Address;
  dropped: boolean;
  holdMs: Millis;
  /** Further copies, by how much later than the first one they arrive. */
  readonly copies: Millis[];
  /** Its connection ends with it. */
  cut: boolean;
}

/** @returns the packet after all moves that act on it, in the order of the attack. */
export function onItsWay(world: World, packet: Packet, key: string): Tampered {
  const { bytes, destination: to } = packet;
  const result: Tampered = { bytes, to, dropped: false, holdMs: 0, copies: [], cut: false };
  const { seized } = world.run.attack;
  if (seized !== undefined && !isSpared(packet, seized.move.sparing)) {
    result.dropped = true;
    world.integrity.moved(seized.index, packet.to, packet.index);
  }
  for (const { move, index } of world.run.attack.on(key)) {
    switch (move.move) {
      case "drop":
        result.dropped = true;
        break;
      case "hold":
        result.holdMs += move.delayMs;
        break;
      case "duplicate":
        result.copies.push(move.delayMs ?? 1);
        break;
      case "modify": {
        const changed = edited(world, result.bytes, move.edits);
        if (changed === result.bytes) continue;
        result.bytes = changed;
        break;
      }
      case "redirect": {
        const target = world.run.book.of(move.to);
        if (target === undefined) continue;
        result.to = target;
        break;
      }
      case "cut":
        result.cut = true;
        break;
      default:
        unreachable(move);
    }
    world.integrity.moved(index, packet.to, packet.index);
  }
  return result;
}

/** Does a packet go on as ever, though the adversary has seized the network? */
export const isSpared = (
  { source, destination }: Packet,
  spared: readonly Principal[] | undefined,
) =>
  spared?.some((who) => source.startsWith(`${who}:`) || destination.startsWith(`${who}:`)) === true;

/** @returns the changed bytes; the same object if no edit fitted. */
export function edited(
  { run, adversary }: World,
  bytes: Uint8Array,
  edits: readonly Edit[],
): Uint8Array {
  return applyEdits(bytes, edits, {
    packet: (ref) => run.named.get(packetKey(ref))?.bytes,
    ownKey: (like) => adversary.ownKeys.like(like),
  });
}

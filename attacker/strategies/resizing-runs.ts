/**
 * What stands behind its length is taken out, emptied, doubled or made longer, and all lengths
 * around it stay right: so options, extensions and items of lists vanish or come twice.
 */
import { type CountedRun, countedRuns, lengthEdits } from "../learnt-lengths.ts";
import type { Edit } from "../move.ts";
import { attack, type SeenPacket, type Strategy } from "./strategy.ts";
import { kindsOf } from "./templates.ts";

/** Limits for one scene: of packets, of runs in each, and of attacks. */
const mostPackets = 8;
const mostRuns = 8;
const mostAttacks = 64;

function changesOf(
  { ref: packet, bytes }: SeenPacket,
  { from, at, width, end }: CountedRun,
): readonly Edit[][] {
  const start = at + width;
  const length = end - from;
  const resized = (first: number, more: number): readonly Edit[] =>
    lengthEdits(bytes, [first, end], more);
  const room: Edit = { edit: "insert", at: end, hex: "00".repeat(length) };
  const inside = [`bytes:${end}-${end + length}`];
  return [
    [...resized(from, -length), { edit: "remove", at: from, length }],
    [...resized(start, start - end), { edit: "remove", at: start, length: end - start }],
    [...resized(from, length), room, { edit: "paste", packet, start: from, length, inside }],
    [...resized(start, 1), { edit: "insert", at: end, hex: "00" }],
  ];
}

export const resizingRuns: Strategy = {
  id: "resize-runs",
  title:
    "what stands behind its length vanishes, is emptied, doubled or lengthened, as lengths say",
  capability: "on-path",
  *attacks(scene) {
    let left = mostAttacks;
    for (const packet of kindsOf(scene).slice(0, mostPackets)) {
      for (const run of countedRuns(packet.bytes).slice(0, mostRuns)) {
        for (const edits of changesOf(packet, run)) {
          if (left-- <= 0) return;
          yield attack({ move: "modify", packet: packet.ref, edits });
        }
      }
    }
  },
};

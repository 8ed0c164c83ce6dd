/** Where packets carry sums for errors, the changes of all strategies make them right again. */
import { Sums } from "../learnt-checksums.ts";
import type { Attack, Edit, Move, PacketRef } from "../move.ts";
import type { Candidate, Scene, Strategy } from "./strategy.ts";

const found = new WeakMap<Scene, Sums>();

function sumsOf(scene: Scene): Sums {
  const before = found.get(scene);
  if (before !== undefined) return before;
  const sums = new Sums(scene.packets.map(({ ref, bytes }) => ({ ...ref, bytes })));
  found.set(scene, sums);
  return sums;
}

/** @returns the edits that make the sum of a packet right; none if it has no such sum. */
export function sumEdits(scene: Scene, packet: PacketRef): readonly Edit[] {
  const place = sumsOf(scene).placeIn(packet);
  return place === undefined ? [] : [{ edit: "checksum", ...place }];
}

const isAsItWas = (edits: readonly Edit[]): boolean =>
  edits.some(({ edit, inside }) => edit === "paste" && inside === undefined);

function madeRight(move: Move, scene: Scene): Move {
  if (move.move !== "modify" || isAsItWas(move.edits)) return move;
  const sums = sumEdits(scene, move.packet);
  if (sums.length === 0 || move.edits.some(({ edit }) => edit === "checksum")) return move;
  return { ...move, edits: [...move.edits, ...sums] };
}

/** The same strategy, for an adversary that knows the sum of the format. */
export const withSums = (strategy: Strategy): Strategy => ({
  ...strategy,
  *attacks(scene) {
    const hasSums = sumsOf(scene).areThere;
    for (const candidate of strategy.attacks(scene)) {
      yield hasSums ? repaired(candidate, scene) : candidate;
    }
  },
});

function repaired(candidate: Candidate, scene: Scene): Candidate {
  const moves: Attack = candidate.moves.map((move) => madeRight(move, scene));
  return { ...candidate, moves };
}

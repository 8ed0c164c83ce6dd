/** Where packets carry sums for errors, the changes of all strategies make them right again. */
import { checksumsIn } from "../learnt-checksums.ts";
import { type Attack, type Edit, type Move, type PacketRef, packetKey, roleOf } from "../move.ts";
import type { Candidate, Scene, Strategy } from "./strategy.ts";

/** Comparing more packets, or longer ones, proves nothing more. */
const mostCompared = 6;
const mostBytes = 2_048;

const noEdits: readonly Edit[] = [];
const found = new WeakMap<Scene, ReadonlyMap<string, readonly Edit[]>>();

/** For each packet, what makes its sum right; packets from one role to another carry it alike. */
function sumsOf(scene: Scene): ReadonlyMap<string, readonly Edit[]> {
  const before = found.get(scene);
  if (before !== undefined) return before;
  const ways = new Map<string, Uint8Array[]>();
  const wayOf = ({ from, to }: PacketRef): string => `${roleOf(from)}>${roleOf(to)}`;
  for (const { ref, bytes } of scene.packets) {
    const list = ways.get(wayOf(ref)) ?? [];
    ways.set(wayOf(ref), list);
    if (list.length < mostCompared && bytes.length <= mostBytes) list.push(bytes);
  }
  const sums = new Map<string, readonly Edit[]>();
  for (const [way, packets] of ways) {
    sums.set(
      way,
      checksumsIn(packets).map((place): Edit => ({ edit: "checksum", ...place })),
    );
  }
  const all = new Map(
    scene.packets.map(({ ref }) => [packetKey(ref), sums.get(wayOf(ref)) ?? noEdits]),
  );
  found.set(scene, all);
  return all;
}

/** @returns the edits that make the sum of a packet right; none if it has no such sum. */
export const sumEdits = (scene: Scene, packet: PacketRef): readonly Edit[] =>
  sumsOf(scene).get(packetKey(packet)) ?? noEdits;

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
    const hasSums = [...sumsOf(scene).values()].some((edits) => edits.length > 0);
    for (const candidate of strategy.attacks(scene)) {
      yield hasSums ? repaired(candidate, scene) : candidate;
    }
  },
});

function repaired(candidate: Candidate, scene: Scene): Candidate {
  const moves: Attack = candidate.moves.map((move) => madeRight(move, scene));
  return { ...candidate, moves };
}

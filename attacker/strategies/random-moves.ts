/**
 * Random attacks as a fast-check arbitrary: moves of every kind at packets that a run shows, with
 * values that no catalogue lists. fast-check draws and shrinks, deterministically from the seed.
 */
import fc from "fast-check";
import { hex } from "../../protocol/kit/bytes.ts";
import { fieldsOf, inField, innerOf } from "../fields.ts";
import { attackerAddress, type Edit, type Moment, type Move } from "../move.ts";
import { alphabet } from "./alphabet.ts";
import type { Scene, SeenPacket } from "./strategy.ts";

const longestAttack = 8;
const longestInjection = 96;

const hexText = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength, size: "max" }).map(hex);

function editOf(p: SeenPacket): fc.Arbitrary<Edit> {
  const paths = fieldsOf(p.bytes);
  return fc.constantFrom(...paths).chain((path) => {
    const inside = inField(path);
    const { length } = innerOf(p.bytes, path);
    const at = fc.nat({ max: Math.max(0, length - 1) });
    return fc.oneof(
      fc
        .record({ at, mask: fc.integer({ min: 1, max: 255 }) })
        .map(({ at, mask }): Edit => ({ edit: "flip", at, mask, ...inside })),
      at.map((n): Edit => ({ edit: "truncate", length: n, ...inside })),
      hexText(8).map((value): Edit => ({ edit: "extend", hex: value, ...inside })),
      fc
        .record({ at, value: hexText(8) })
        .map(({ at, value }): Edit => ({ edit: "insert", at, hex: value, ...inside })),
      fc
        .record({ at, n: fc.integer({ min: 1, max: 16 }) })
        .map(({ at, n }): Edit => ({ edit: "remove", at, length: n, ...inside })),
      hexText(longestInjection).map((value): Edit => ({ edit: "replace", hex: value, ...inside })),
    );
  });
}

function momentIn(scene: Scene): fc.Arbitrary<Moment> {
  const after: Moment[] = scene.packets.map((p) => ({ after: p.ref }));
  return fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom<Moment>("start", ...after) },
    { weight: 1, arbitrary: fc.nat({ max: 60_000 }).map((atMs): Moment => ({ atMs })) },
  );
}

/** A message that the adversary composes, at a moment that is still to be chosen. */
type Composable = Extract<Move, { move: "deliver" }>;

/** One move of any kind. Half of them come from the alphabet of the exhaustive search. */
function randomMove(scene: Scene, composed: readonly Composable[]): fc.Arbitrary<Move> {
  const listed = [...alphabet(scene, 0)];
  const packet = fc.constantFrom(...scene.packets);
  const to = fc.constantFrom(...scene.processes.map((p) => p.id));
  const from = fc.constantFrom(attackerAddress, ...scene.processes.map((p) => p.id));
  const when = momentIn(scene);
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...listed) },
    {
      weight: 3,
      arbitrary: packet.chain((p) =>
        fc
          .array(editOf(p), { minLength: 1, maxLength: 3, size: "max" })
          .map((edits): Move => ({ move: "modify", packet: p.ref, edits })),
      ),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ packet, to, from, when })
        .map((r): Move => ({ move: "replay", ...r, packet: r.packet.ref })),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ hex: hexText(longestInjection), to, from, when })
        .map((r): Move => ({ move: "inject", ...r })),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ packet, delayMs: fc.nat({ max: 20_000 }) })
        .map((r): Move => ({ move: "hold", packet: r.packet.ref, delayMs: r.delayMs })),
    },
    ...deliveries(composed, when),
  );
}

/** Later ones are less likely: each half of those that are left is drawn as often as the other. */
function deliveries(composed: readonly Composable[], when: fc.Arbitrary<Moment>) {
  if (composed.length === 0) return [];
  const parts = Array.from({ length: Math.ceil(Math.log2(composed.length + 1)) }, (_, i) => 2 ** i);
  const arbitrary = fc
    .constantFrom(...parts)
    .chain((upTo) => fc.constantFrom(...composed.slice(0, upTo)))
    .chain((move) => when.map((at): Move => ({ ...move, when: at })));
  return [{ weight: 2, arbitrary }];
}

/**
 * Lists of moves. `size: "max"`, for fast-check otherwise halves their length.
 * @param composed messages that the adversary may compose, the likeliest first.
 */
export const randomAttack = (
  scene: Scene,
  composed: readonly Composable[] = [],
): fc.Arbitrary<Move[]> =>
  fc.array(randomMove(scene, composed), { minLength: 1, maxLength: longestAttack, size: "max" });

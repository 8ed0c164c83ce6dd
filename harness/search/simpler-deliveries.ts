/** What the adversary composes, made simpler: fewer messages, less power, small numbers. */
import type { Attack, Move } from "../../attacker/move.ts";
import { partsOf, type Recipe, within, withParts } from "../../attacker/recipe/recipe.ts";

type Deliver = Extract<Move, { move: "deliver" }>;

const isDeliver = (move: Move): move is Deliver => move.move === "deliver";

/** Does it only pass a packet on to the process that it was sent to? */
const passesOn = (move: Move): boolean =>
  isDeliver(move) && "packet" in move.recipe && move.recipe.packet.to === move.to;

/** Simpler attacks, the boldest simplification first; none where nothing is composed. */
export function* simplerDeliveries(attack: Attack): Iterable<Attack> {
  if (!attack.some(isDeliver)) return;
  if (attack.some((m) => m.move === "seize")) {
    // What the adversary does not stop arrives by itself.
    const open = attack.filter((m) => m.move !== "seize");
    yield open.filter((m) => !passesOn(m));
    yield open;
  }
  for (const [i, move] of attack.entries()) {
    if (!isDeliver(move) || move.from === undefined) continue;
    const { from: _, ...own } = move;
    yield attack.map((m, k) => (k === i ? own : m));
  }
  const tidy = numbered(attack);
  if (JSON.stringify(tidy) !== JSON.stringify(attack)) yield tidy;
}

/** Steps and own values, counted from 1 in the order in which they come up. */
function numbered(attack: Attack): Attack {
  const ids = new Map<number, number>();
  const steps = new Map<number, number>();
  for (const move of attack) {
    if (!isDeliver(move)) continue;
    for (const { recipe } of within(move.recipe)) {
      if ("fresh" in recipe && !ids.has(recipe.fresh)) ids.set(recipe.fresh, ids.size + 1);
    }
  }
  const used = attack.flatMap((m) => stepOf(m) ?? []).toSorted((a, b) => a - b);
  for (const step of used) if (!steps.has(step)) steps.set(step, steps.size + 1);
  return attack.map((move): Move => {
    const step = stepOf(move);
    const when = step === undefined ? {} : { when: { step: steps.get(step) as number } };
    const recipe = isDeliver(move) ? { recipe: renumbered(move.recipe, ids) } : {};
    return { ...move, ...when, ...recipe } as Move;
  });
}

const stepOf = (move: Move): number | undefined =>
  "when" in move && typeof move.when === "object" && "step" in move.when
    ? move.when.step
    : undefined;

function renumbered(recipe: Recipe, ids: ReadonlyMap<number, number>): Recipe {
  if ("fresh" in recipe) return { ...recipe, fresh: ids.get(recipe.fresh) ?? recipe.fresh };
  const parts = partsOf(recipe);
  return parts.length === 0
    ? recipe
    : withParts(
        recipe,
        parts.map((p) => renumbered(p, ids)),
      );
}

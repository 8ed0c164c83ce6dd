/**
 * With a value of the adversary's own in a place that nobody looked at, other values there need not
 * be tried: a later complaint fills it anew.
 */
import { type Recipe, recipeKey, replacedAt, within } from "../../../attacker/recipe/recipe.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../../protocol/kit/operations.ts";
import { type Delivery, isMade } from "./delivery.ts";
import type { Scene } from "./scene.ts";
import type { Outcome } from "./world.ts";

const anything: Recipe = { hex: "" };

/** Forms of accepted deliveries in which some place may hold anything. */
export class Laziness {
  readonly #forms = new Set<string>();
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  note({ delivery, operations: done, accepted }: Outcome): void {
    if (!accepted) return;
    for (const { recipe, path } of places(delivery)) {
      if (!("fresh" in recipe)) continue;
      const bytes = this.#scene.bytesOf(recipe);
      if (bytes !== undefined && !isUsed(bytes, done)) this.#forms.add(formOf(delivery, path));
    }
  }

  /** Is there a delivery that does as well, with a value of the adversary's own in some place? */
  isDominated(delivery: Delivery): boolean {
    if (!isMade(delivery)) return false;
    for (const { recipe, path } of places(delivery)) {
      const isChosen = "fresh" in recipe || "hex" in recipe || "name" in recipe;
      if (!isChosen && this.#forms.has(formOf(delivery, path))) return true;
    }
    return false;
  }
}

/** All places but those of keys and nonces. */
function* places(delivery: Delivery) {
  for (const { recipe, path } of within(delivery.recipe)) {
    const parent = path.length === 0 ? undefined : at(delivery.recipe, path.slice(0, -1));
    const last = path.at(-1) ?? 0;
    if (parent !== undefined && "make" in parent && last === 0 && parent.from.length > 1) continue;
    yield { recipe, path };
  }
}

function at(recipe: Recipe, path: readonly number[]): Recipe | undefined {
  for (const { recipe: part, path: here } of within(recipe)) {
    if (here.length === path.length && here.every((n, i) => n === path[i])) return part;
  }
  return undefined;
}

const formOf = ({ to, from, recipe }: Delivery, path: readonly number[]): string =>
  `${to}<${from}<${recipeKey(replacedAt(recipe, path, anything))}`;

/** Was it opened, or computed with in a way that may matter later? */
function isUsed(value: Latin1, done: readonly OpRecord[]): boolean {
  return done.some(({ op, backwards, inputs, output }) => {
    if (backwards) return value.includes(output) || output.includes(value);
    const { content, purpose, hasOutput } = operations[op];
    const carries = content !== undefined || purpose === "signing" || purpose === "authentication";
    if (carries || !hasOutput) return false;
    return inputs.some((i) => i.includes(value) || (i.length >= 8 && value.includes(i)));
  });
}

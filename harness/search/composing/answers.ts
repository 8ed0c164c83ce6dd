/** From a demand to other deliveries: which of the adversary's choices are made otherwise. */
import { type Recipe, replacedEverywhere } from "../../../attacker/recipe/recipe.ts";
import type { Recorded } from "../../../attacker/recipe/terms.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";
import { carriedInputs } from "../../../protocol/kit/carry-out.ts";
import { operations } from "../../../protocol/kit/operations.ts";
import { align, type Change, type Choice } from "./align.ts";
import { wholeContents } from "./building.ts";
import { cutOut } from "./cut.ts";
import type { Delivery } from "./delivery.ts";
import type { Demand, Operating } from "./demands.ts";
import type { Remaking } from "./remake.ts";
import type { Making } from "./workshop.ts";

/** The deliveries with some of them otherwise. */
export interface Answer {
  readonly deliveries: readonly Delivery[];
  /** Positions of those that are others than before. */
  readonly changed: readonly number[];
}

/** With what the wanted bytes are made of. */
type Explained = Change & { readonly as: Recipe | undefined };

const changeCost = 0.2;
const most = { contents: 6, found: 3, answers: 10 } as const;

export class Answering {
  readonly #deliveries: readonly Delivery[];
  readonly #choices: readonly Choice[];
  readonly #remaking: Remaking;
  readonly #maker: Making;

  /** @param remaking makes values with what the adversary has before the last delivery. */
  constructor(
    deliveries: readonly Delivery[],
    choices: readonly Choice[],
    remaking: Remaking,
    maker: Making,
  ) {
    this.#deliveries = deliveries;
    this.#choices = choices;
    this.#remaking = remaking;
    this.#maker = maker;
  }

  *to({ wishes, made }: Demand): Generator<Answer> {
    let n = 0;
    for (const changes of this.#together(wishes, 0, [])) {
      const replacing = this.#recipesFor(changes);
      if (replacing === undefined) continue;
      if (made === undefined) {
        if (replacing.length > 0) yield this.#with(replacing);
        if (++n >= most.answers) return;
        continue;
      }
      for (const [choice, recipe] of this.#making(made.actual, made.how)) {
        yield this.#with([...replacing, [choice, recipe]]);
        if (++n >= most.answers) return;
      }
    }
  }

  /** All ways to satisfy all wishes. */
  *#together(
    wishes: Demand["wishes"],
    at: number,
    soFar: readonly Explained[],
  ): Generator<readonly Explained[]> {
    const wish = wishes[at];
    if (wish === undefined) {
      yield soFar;
      return;
    }
    if (wish.actual === wish.wanted) {
      yield* this.#together(wishes, at + 1, soFar);
      return;
    }
    for (const found of align(wish.actual, wish.wanted, this.#choices)) {
      if (found.some((c) => contradicts(c, soFar))) continue;
      const changes = found.map((c) => ({ ...c, as: wish.as }));
      yield* this.#together(wishes, at + 1, [...soFar, ...changes]);
    }
  }

  #recipesFor(changes: readonly Explained[]): (readonly [Choice, Recipe])[] | undefined {
    const out: (readonly [Choice, Recipe])[] = [];
    for (const { choice, bytes, at, as } of changes) {
      const bytesOf = (r: Recipe): Latin1 | undefined => this.#maker.scene.bytesOf(r);
      const cut = as === undefined || at === undefined ? undefined : cutOut(as, at, bytes, bytesOf);
      const recipe = cut ?? this.#remaking.recipeOf(bytes);
      if (recipe === undefined) return undefined;
      out.push([choice, recipe]);
    }
    return out;
  }

  /** Choices that are these bytes, made by the operation instead. */
  *#making(actual: Latin1, { record, inputs }: Operating): Generator<readonly [Choice, Recipe]> {
    const { key = 0, content } = operations[record.op];
    const keyRecipe = this.#remaking.recipeOf(inputs[key] ?? "");
    if (keyRecipe === undefined) return;
    for (const choice of this.#choices) {
      if (choice.bytes !== actual) continue;
      for (const inside of this.#contents(choice, content, inputs)) {
        const from: Recipe[] = [];
        for (let i = 0; i < Math.min(inputs.length, carriedInputs(record.op)); i++) {
          const recipe =
            i === key
              ? keyRecipe
              : i === content
                ? inside
                : this.#remaking.recipeOf(inputs[i] ?? "");
          if (recipe === undefined) break;
          from.push(recipe);
        }
        if (from.length < Math.min(inputs.length, carriedInputs(record.op))) continue;
        yield [choice, { make: record.op, algorithm: record.algorithm, from }];
      }
    }
  }

  /** What would be inside, in honest messages that have something in that place. */
  #contents(
    choice: Choice,
    content: number | undefined,
    inputs: Operating["inputs"],
  ): readonly (Recipe | undefined)[] {
    if (content === undefined || inputs[content] !== undefined) return [undefined];
    const { slots, honest } = this.#maker.shop;
    const usual = slots
      .of(choice.recipe)
      .flatMap((of: Recorded) => {
        const at = operations[of.record.op].content;
        if (at === undefined) return [];
        return this.#maker.alternatives(honest.read(of.record.inputs[at] ?? ""));
      })
      .slice(0, most.contents)
      .map((a) => a.recipe);
    return [...usual, ...wholeContents(this.#maker.scene, most.found)];
  }

  #with(replacing: readonly (readonly [Choice, Recipe])[]): Answer {
    const changed = new Set<number>();
    const deliveries = this.#deliveries.map((delivery, i) => {
      let { recipe } = delivery;
      for (const [choice, by] of replacing) {
        // Its own values are the same wherever it uses them.
        const isFresh = "fresh" in choice.recipe;
        if (isFresh || choice.in === i) recipe = replacedEverywhere(recipe, choice.key, by);
      }
      if (recipe === delivery.recipe) return delivery;
      changed.add(i);
      return { ...delivery, recipe, cost: delivery.cost + changeCost };
    });
    return { deliveries, changed: [...changed] };
  }
}

const contradicts = ({ choice, bytes }: Change, others: readonly Change[]): boolean =>
  others.some((o) => o.choice.key === choice.key && o.choice.in === choice.in && o.bytes !== bytes);

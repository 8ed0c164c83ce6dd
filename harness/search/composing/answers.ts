/** From a demand to other deliveries: which of the adversary's choices are made otherwise. */
import { type Recipe, replacedEverywhere } from "../../../attacker/recipe/recipe.ts";
import type { Recorded } from "../../../attacker/recipe/terms.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";
import { carriedInputs } from "../../../protocol/kit/carry-out.ts";
import { operations } from "../../../protocol/kit/operations.ts";
import { align, type Change, type Choice, choicesIn } from "./align.ts";
import type { Alike } from "./alike.ts";
import { wholeContents } from "./building.ts";
import { cutOut } from "./cut.ts";
import { type Delivery, madeCost } from "./delivery.ts";
import type { Demand, Operating, Wish } from "./demands.ts";
import type { Remaking } from "./remake.ts";
import type { Making } from "./workshop.ts";

/** The deliveries with some of them otherwise. */
export interface Answer {
  readonly deliveries: readonly Delivery[];
  /** Positions of those that are others than before. */
  readonly changed: readonly number[];
}

/** With what the wanted bytes are made of here. */
type Makeable = Change & { readonly recipe: Recipe };

const changeCost = 0.2;
/** So many computations one after the other. */
const deepest = 8;
const most = { contents: 6, found: 3, answers: 10 } as const;

interface Answered {
  readonly whole: readonly Delivery[];
  readonly apart: readonly Delivery[];
}

interface Tools {
  /** Makes values with what the adversary has before the last delivery. */
  readonly remaking: Remaking;
  readonly maker: Making;
  readonly alike: Alike;
}

export class Answering {
  readonly #deliveries: readonly Delivery[];
  /** The same, taken apart. */
  readonly #apart: readonly Delivery[];
  readonly #choices: readonly Choice[];
  /** With those in packets that were passed on: only what was computed from them leads there. */
  readonly #inAll: readonly Choice[];
  readonly #remaking: Remaking;
  readonly #maker: Making;
  readonly #alike: Alike;

  /** @param deliveries as they are, and with packets as what they consist of. */
  constructor(deliveries: Answered, tools: Tools) {
    this.#deliveries = deliveries.whole;
    this.#apart = deliveries.apart;
    this.#choices = choicesIn(deliveries.whole, tools.maker.scene);
    this.#inAll = choicesIn(deliveries.apart, tools.maker.scene);
    this.#remaking = tools.remaking;
    this.#maker = tools.maker;
    this.#alike = tools.alike;
  }

  *to({ wishes, made }: Demand): Generator<Answer> {
    let n = 0;
    for (const changes of this.#together(wishes, 0, [])) {
      const replacing = changes.map(({ choice, recipe }) => [choice, recipe] as const);
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
    soFar: readonly Makeable[],
    depth = 0,
  ): Generator<readonly Makeable[]> {
    const wish = wishes[at];
    if (wish === undefined) {
      yield soFar;
      return;
    }
    if (wish.actual === wish.wanted) {
      yield* this.#together(wishes, at + 1, soFar, depth);
      return;
    }
    const rest = wishes.slice(at + 1);
    let isMet = false;
    for (const changes of this.#changesFor(wish, depth === 0 ? this.#choices : this.#inAll)) {
      if (changes.some((c) => contradicts(c, soFar))) continue;
      isMet = true;
      yield* this.#together(rest, 0, [...soFar, ...changes], depth);
    }
    if (isMet || depth >= deepest) return;
    for (const way of this.#alike.ways(wish.actual, wish.wanted)) {
      yield* this.#together([...way, ...rest], 0, soFar, depth + 1);
    }
  }

  /** Those that the adversary can make. */
  #changesFor(
    { actual, wanted, as, either }: Wish,
    choices: readonly Choice[],
  ): readonly (readonly Makeable[])[] {
    const ways = align(actual, wanted, choices).map((w) => w.map((c) => this.#make(c, as)));
    if (either === true) {
      ways.push(...align(wanted, actual, choices).map((w) => w.map((c) => this.#make(c))));
    }
    return ways.filter((way): way is Makeable[] => !way.includes(undefined));
  }

  #make(change: Change, as?: Recipe): Makeable | undefined {
    const { bytes, at } = change;
    const bytesOf = (r: Recipe): Latin1 | undefined => this.#maker.scene.bytesOf(r);
    const cut = as === undefined || at === undefined ? undefined : cutOut(as, at, bytes, bytesOf);
    const recipe = cut ?? this.#remaking.recipeOf(bytes);
    return recipe && { ...change, recipe };
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
      const isApart = replacing.some(([choice]) => choice.in === i && !("fresh" in choice.recipe));
      const before = (isApart ? (this.#apart[i] as Delivery) : delivery).recipe;
      let recipe = before;
      for (const [choice, by] of replacing) {
        // Its own values are the same wherever it uses them.
        const isFresh = "fresh" in choice.recipe;
        if (isFresh || choice.in === i) recipe = replacedEverywhere(recipe, choice.key, by);
      }
      if (recipe === before) return delivery;
      changed.add(i);
      const cost = delivery.cost + changeCost;
      return { ...delivery, recipe, cost: before === delivery.recipe ? cost : cost + madeCost };
    });
    return { deliveries, changed: [...changed] };
  }
}

const contradicts = ({ choice, bytes }: Change, others: readonly Change[]): boolean =>
  others.some((o) => o.choice.key === choice.key && o.choice.in === choice.in && o.bytes !== bytes);

/** States still to be expanded, the cheapest first; and all that were ever seen. */
import { EventQueue } from "../../run/event-queue.ts";
import { type Delivery, looseEnds } from "./delivery.ts";

export interface State {
  readonly deliveries: readonly Delivery[];
  readonly cost: number;
  /** How many of the deliveries are made, and not passed on. */
  readonly made: number;
  /** How many secrets the adversary knows in it. */
  readonly gained: number;
  /** Only messages as they would be said there are still to be tried, or all that can be made. */
  readonly stage: "usual" | "all";
}

/** What leads nowhere yet is followed later. */
const looseCost = 0.6;
/** What is not usual is tried in a state this much later. */
const unusualCost = 0.3;

export class Frontier {
  readonly #seen = new Set<string>();
  /** By cost, in the place of time. */
  readonly #queue = new EventQueue<State>();

  has(key: string): boolean {
    return this.#seen.has(key);
  }

  /** @param state `undefined` if it is not to be expanded. */
  add(state: State | undefined, key: string): void {
    this.#seen.add(key);
    if (state !== undefined) this.again(state);
  }

  /** The same state once more, for what is further off. */
  again(state: State): void {
    const stage = state.stage === "all" ? unusualCost : 0;
    this.#queue.at(state.cost + stage + looseCost * looseEnds(state.deliveries), state);
  }

  /** What the next one costs; `undefined` if there is none. */
  get nextCost(): number | undefined {
    return this.#queue.nextTime;
  }

  /** The cheapest, and of those of one cost the first that was found. */
  next(): State | undefined {
    return this.#queue.next()?.item;
  }
}

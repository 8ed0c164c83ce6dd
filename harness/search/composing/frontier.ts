/** States still to be expanded, the cheapest first; and all that were ever seen. */
import { EventQueue } from "../../run/event-queue.ts";
import type { Delivery } from "./delivery.ts";

export interface State {
  readonly deliveries: readonly Delivery[];
  readonly cost: number;
  /** How many of the deliveries are made, and not passed on. */
  readonly made: number;
  /** How many secrets the adversary knows in it. */
  readonly gained: number;
}

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
    if (state !== undefined) this.#queue.at(state.cost, state);
  }

  /** The cheapest, and of those of one cost the first that was found. */
  next(): State | undefined {
    return this.#queue.next()?.item;
  }
}

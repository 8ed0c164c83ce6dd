/** States still to be expanded, the cheapest first; and all that were ever seen. */
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
  readonly #heap: { readonly state: State; readonly nth: number }[] = [];
  #count = 0;

  has(key: string): boolean {
    return this.#seen.has(key);
  }

  /** @param state `undefined` if it is not to be expanded. */
  add(state: State | undefined, key: string): void {
    this.#seen.add(key);
    if (state === undefined) return;
    const heap = this.#heap;
    const entry = { state, nth: this.#count++ };
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent] as typeof entry;
      if (!isBefore(entry, above)) break;
      heap[i] = above;
      heap[parent] = entry;
      i = parent;
    }
  }

  get size(): number {
    return this.#heap.length;
  }

  /** The cheapest, and of those of one cost the first that was found. */
  next(): State | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top?.state;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as typeof last)) child++;
      if (!isBefore(heap[child] as typeof last, last)) break;
      heap[i] = heap[child] as typeof last;
      i = child;
    }
    heap[i] = last;
    return top.state;
  }
}

const isBefore = (
  a: { readonly state: State; readonly nth: number },
  b: { readonly state: State; readonly nth: number },
): boolean => a.state.cost < b.state.cost || (a.state.cost === b.state.cost && a.nth < b.nth);

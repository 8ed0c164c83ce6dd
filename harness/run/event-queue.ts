/**
 * The one event queue of a run: by time, and in order of scheduling where times are equal, so
 * that nothing depends on how a heap happens to be shaped.
 */
import type { Millis } from "../../protocol/endpoint.ts";

interface Entry<T> {
  readonly t: Millis;
  readonly seq: number;
  readonly item: T;
}

export class EventQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #seq = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the next event is due; `undefined` if there is none. */
  get nextTime(): Millis | undefined {
    return this.#heap[0]?.t;
  }

  at(t: Millis, item: T): void {
    const heap = this.#heap;
    const entry = { t, seq: this.#seq++, item };
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent] as Entry<T>;
      if (!before(entry, above)) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = entry;
  }

  next(): { readonly t: Millis; readonly item: T } | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && before(right, heap[child] as Entry<T>)) child++;
      if (!before(heap[child] as Entry<T>, last)) break;
      heap[i] = heap[child] as Entry<T>;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

const before = <T>(a: Entry<T>, b: Entry<T>): boolean =>
  a.t < b.t || (a.t === b.t && a.seq < b.seq);

/**
 * How long a thread has been doing the same thing: the time that it has computed, and the time
 * that it has waited for something.
 */
import { idleness, type ThreadTime } from "./thread-time.ts";

/** What is looked at, every few hundredths of a second. */
export interface Look {
  /** Signs of life so far. */
  readonly count: number;
  /** What the operating system knows of the thread; `undefined` where it counts none by itself. */
  readonly thread: ThreadTime | undefined;
  /** Computing time of the whole process, in milliseconds, divided among the running tasks. */
  readonly shareMs: number;
}

/** A thread that waits gets no time, and may be waiting for one that gets as little. */
const waitingPatience = 3;
/** A thread that computes for less than this part of the time is one that waits. */
const computing = 0.1;

export class Patience {
  readonly #everyMs: number;
  readonly #idleness: () => number;
  #last: Look | undefined;
  #busyMs = 0;
  #waitedMs = 0;

  /** @param everyMs the time between two looks, if nothing keeps the one who looks from it. */
  constructor(everyMs: number, share: () => number = idleness) {
    this.#everyMs = everyMs;
    this.#idleness = share;
  }

  /** @returns how it is stuck, and for how long, if that is longer than `limitMs`. */
  look(now: Look, limitMs: number): Stuck | undefined {
    const last = this.#last;
    this.#last = now;
    if (last === undefined || now.count !== last.count) {
      this.#busyMs = 0;
      this.#waitedMs = 0;
      return undefined;
    }
    const { thread } = now;
    const spent =
      thread === undefined || last.thread === undefined
        ? Math.min(this.#everyMs, now.shareMs - last.shareMs)
        : thread.cpuMs - last.thread.cpuMs;
    this.#busyMs += Math.max(0, spent);
    const waits = spent < computing * this.#everyMs && thread?.waits !== false;
    // Looks rather than time: a computer that was asleep looks once.
    if (waits) this.#waitedMs += this.#everyMs * this.#idleness();
    if (this.#busyMs >= limitMs) return { how: "computing", ms: limitMs };
    const waitLimitMs = limitMs * waitingPatience;
    return this.#waitedMs >= waitLimitMs ? { how: "waiting", ms: waitLimitMs } : undefined;
  }
}

export interface Stuck {
  readonly how: "computing" | "waiting";
  readonly ms: number;
}

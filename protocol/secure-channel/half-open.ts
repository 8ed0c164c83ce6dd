/**
 * The sessions that a server has begun and not finished: bounded in number and in time, since a
 * client that can receive at its address can begin one without authentication.
 */
import type { Millis } from "../endpoint.ts";

export const maxHalfOpen = 64;
export const halfOpenMs = 10_000;

interface Entry<T> {
  readonly value: T;
  readonly untilMs: Millis;
}

/** At most 64 values, each for 10 s. Where one more comes, the oldest goes. */
export class HalfOpenTable<T> {
  /** The oldest comes first, which is also the first to expire. */
  readonly #entries = new Map<string, Entry<T>>();

  get size(): number {
    return this.#entries.size;
  }

  /** Puts a value in, or in the place of the one that has this key; its 10 s begin. */
  add(key: string, value: T, now: Millis): void {
    this.expire(now);
    this.#entries.delete(key);
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size >= maxHalfOpen) this.#entries.delete(oldest);
    this.#entries.set(key, { value, untilMs: now + halfOpenMs });
  }

  get(key: string, now: Millis): T | undefined {
    this.expire(now);
    return this.#entries.get(key)?.value;
  }

  /** The session is finished, one way or the other. */
  remove(key: string): void {
    this.#entries.delete(key);
  }

  /** Forgets what has had its time. */
  expire(now: Millis): void {
    for (const [key, { untilMs }] of this.#entries) {
      if (untilMs > now) return;
      this.#entries.delete(key);
    }
  }

  /** @returns when the next one expires. */
  deadline(): Millis | undefined {
    const [oldest] = this.#entries.values();
    return oldest?.untilMs;
  }
}

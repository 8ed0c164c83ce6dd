/** Ends work before its time, for one reason out of several. */
import type { CompleteSettings } from "./settings.ts";

const longestTimerMs = 2 ** 31 - 1;

/**
 * Listens to the caller's signal, and to a clock where the budget is in seconds; the work itself
 * may stop it too. The first reason counts.
 */
export class Stopper {
  #reason: string | undefined;
  #interrupted = false;
  readonly #listeners: (() => void)[] = [];
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor({ signal, budget }: Pick<CompleteSettings, "signal" | "budget">) {
    this.#signal = signal;
    if (signal?.aborted === true) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort);
    if (budget?.unit !== "seconds") return;
    const reason = `the budget of ${budget.seconds} s ended; another run may get further`;
    const ms = Math.min(budget.seconds * 1_000, longestTimerMs);
    this.#timer = setTimeout(() => this.stop(reason), ms);
  }

  /** Why it ended before its time; `undefined` if it did not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Was it the caller's signal that ended it? */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Calls `listener` when the work is to stop: at once if it is to stop already. */
  onStop(listener: () => void): void {
    if (this.#reason === undefined) this.#listeners.push(listener);
    else listener();
  }

  stop(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const listener of this.#listeners) listener();
  }

  /** The work has ended: nothing is listened to any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => {
    if (this.#reason !== undefined) return;
    this.#interrupted = true;
    const reason: unknown = this.#signal?.reason;
    this.stop(typeof reason === "string" ? reason : "stopped by its caller");
  };
}

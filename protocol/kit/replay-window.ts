/**
 * The sliding window that recognises repeated records, as DTLS and IPsec have it.
 *
 * Use it in two steps. {@link ReplayWindow.check} comes before the tag is verified and changes
 * nothing; {@link ReplayWindow.accept} comes after. A window that moved for what was not yet
 * authenticated could be pushed ahead by a forger, and would then refuse what is genuine.
 *
 * @see RFC 9147 §4.5.1, RFC 4303 §3.4.3, RFC 6479
 */
import { MisuseError } from "./errors.ts";

/** `stale`: too old for the window to show whether it came before; it must be refused as well. */
export type Freshness = "fresh" | "replayed" | "stale";

export class ReplayWindow {
  readonly #mask: bigint;
  readonly #size: bigint;
  readonly #limit: bigint;
  /** The highest counter accepted; -1 before the first. */
  #top = -1n;
  /** Bit i stands for the counter `top - i`. */
  #seen = 0n;

  /**
   * @param size how many counters are remembered, the highest among them.
   * @param limit counters from here on are never fresh: the key is worn out.
   */
  constructor(size = 64, limit = 2n ** 64n) {
    if (!(Number.isInteger(size) && size > 0)) {
      throw new MisuseError(`a window remembers at least one counter, not ${size}`);
    }
    this.#size = BigInt(size);
    this.#mask = (1n << this.#size) - 1n;
    this.#limit = limit;
  }

  /** Before authentication. @param counter from 0 on. */
  check(counter: bigint): Freshness {
    if (counter < 0n || counter >= this.#limit) return "stale";
    const age = this.#top - counter;
    if (age < 0n) return "fresh";
    if (age >= this.#size) return "stale";
    return (this.#seen >> age) & 1n ? "replayed" : "fresh";
  }

  /** After authentication. @throws MisuseError if `counter` is not fresh. */
  accept(counter: bigint): void {
    if (this.check(counter) !== "fresh") throw new MisuseError(`${counter} is not fresh`);
    if (counter > this.#top) {
      const ahead = counter - this.#top;
      this.#seen = ahead >= this.#size ? 0n : (this.#seen << ahead) & this.#mask;
      this.#top = counter;
    }
    this.#seen |= 1n << (this.#top - counter);
  }
}

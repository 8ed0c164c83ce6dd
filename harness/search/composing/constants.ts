/** What is the same in every run: public, since the programs are (A. Kerckhoffs, 1883). */
import type { Sums } from "../../../attacker/learnt-checksums.ts";
import { writtenIn } from "../../../attacker/recipe/encodings.ts";
import { type Latin1, latin1 } from "../../../protocol/kit/bytes.ts";
import type { Trace } from "../../trace/trace.ts";

/** So few bytes can be guessed. */
const guessable = 8;

export class Constants {
  readonly #texts: readonly Latin1[];
  readonly #answers = new Map<Latin1, boolean>();

  /**
   * @param other a run with other randomness and the same words.
   * @param sums for errors, which are read as zeros.
   */
  constructor(other: Trace, sums: Sums) {
    const recorded = other.crypto.flatMap((op) => [...op.inputs, op.output]);
    const packets = other.packets.map((p) => latin1(sums.without(p)));
    const inside = [...packets, ...recorded].flatMap((text) => writtenIn(text));
    this.#texts = [...new Set([...packets, ...recorded, ...inside])];
  }

  has(bytes: Latin1): boolean {
    if (bytes.length < guessable) return true;
    let answer = this.#answers.get(bytes);
    if (answer === undefined) {
      answer = this.#texts.some((t) => t.includes(bytes));
      this.#answers.set(bytes, answer);
    }
    return answer;
  }
}

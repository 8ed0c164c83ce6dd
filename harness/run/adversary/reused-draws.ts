/** Random values that puppets draw once more, instead of values of their own. */

import type { IncrementalKnowledge } from "../../../attacker/knowledge/incremental-knowledge.ts";
import type { Move } from "../../../attacker/move.ts";
import { fromLatin1, type Latin1 } from "../../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../../protocol/kit/operations.ts";
import { type Random, ReusingRandom } from "../../../protocol/kit/random.ts";

type PuppetMove = Extract<Move, { move: "puppet" }>;

export class ReusedDraws {
  readonly #log: readonly OpRecord[];
  readonly #knowledge: () => IncrementalKnowledge;
  /** What each puppet reuses, by name. */
  readonly #chosen = new Map<string, Uint8Array>();
  /** Private halves that puppets compute with and the adversary does not know: what depends on
   * them does not leave the puppet, but the public halves can be presented as its own. */
  readonly #borrowed = new Set<Latin1>();

  /** @param log all operations of the run. @param knowledge of the adversary, as of now. */
  constructor(log: readonly OpRecord[], knowledge: () => IncrementalKnowledge) {
    this.#log = log;
    this.#knowledge = knowledge;
  }

  isBorrowed(value: Latin1): boolean {
    return this.#borrowed.has(value);
  }

  /** @param random forked for this puppet. */
  drawing({ name, reuses }: PuppetMove, random: Random): Random {
    if (reuses === undefined) return random.fork("own");
    return new ReusingRandom(random.fork("own").path, (length) => {
      // A rebuilt puppet draws what it drew before, whatever is known by then.
      const chosen = this.#chosen.get(name) ?? this.#seenNonce(length, reuses);
      if (chosen !== undefined) this.#chosen.set(name, chosen);
      return chosen?.length === length ? chosen : undefined;
    });
  }

  /** The nth random value of that length that is known by now, or whose public key is. */
  #seenNonce(length: number, nth: number): Uint8Array | undefined {
    const knowledge = this.#knowledge();
    const known = this.#log.filter(
      (op) =>
        operations[op.op].fresh === true &&
        op.output.length === length &&
        op.by !== "deployment" &&
        !op.by.startsWith("puppet-") &&
        (knowledge.knows(op.output) || knowledge.knows(knowledge.publicKeyOf(op.output) ?? "")),
    );
    const found = known[nth - 1]?.output;
    if (found !== undefined && !knowledge.knows(found)) this.#borrowed.add(found);
    return found === undefined ? undefined : fromLatin1(found);
  }
}

/** Randomness that is disclosed: every draw is known as soon as it is made. */
import type { Principal } from "../../protocol/endpoint.ts";
import { fromLatin1 } from "../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../protocol/kit/operations.ts";
import type { Process } from "./processes.ts";

interface LeakingWorld {
  readonly log: readonly OpRecord[];
  readonly processes: readonly Process[];
  /** What the trace says was disclosed. */
  readonly disclosed: Uint8Array[];
}

export class Leaks {
  readonly #world: LeakingWorld;
  readonly #principals = new Set<Principal>();
  /** How many operations have been looked through. */
  #seen = 0;

  constructor(world: LeakingWorld) {
    this.#world = world;
  }

  /** From now on the draws of this principal's processes are known, the earlier ones as well. */
  from(principal: Principal): void {
    this.#principals.add(principal);
    this.#seen = 0;
  }

  /** @returns what was drawn since the last call; it is recorded as disclosed. */
  next(): readonly Uint8Array[] {
    if (this.#principals.size === 0) return [];
    const { log, processes, disclosed } = this.#world;
    const leaking = new Set<string>();
    for (const p of processes) if (this.#principals.has(p.principal)) leaking.add(p.id);
    const drawn = log
      .slice(this.#seen)
      .filter(({ op, by }) => operations[op].fresh === true && leaking.has(by))
      .map(({ output }) => fromLatin1(output));
    this.#seen = log.length;
    disclosed.push(...drawn);
    return drawn;
  }
}

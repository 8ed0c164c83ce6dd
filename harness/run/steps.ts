/** Moves that wait until everything has come to rest, one after the other. */
import type { OwnMove } from "../../attacker/move.ts";
import type { IndexedMove } from "./attack-plan.ts";
import type { RunState } from "./run-state.ts";

export class Steps {
  readonly #run: RunState;
  #next = 0;

  constructor(run: RunState) {
    this.#run = run;
  }

  /** To be asked for when everything is at rest. */
  next(): IndexedMove<OwnMove> | undefined {
    return this.#run.attack.inSteps[this.#next++];
  }

  get areOver(): boolean {
    return this.#next >= this.#run.attack.inSteps.length;
  }
}

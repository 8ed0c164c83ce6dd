/** Moves that wait until everything has come to rest, one after the other. */
import { type OwnMove } from "../../attacker/move.ts";
import type { IndexedMove } from "./attack-plan.ts";
import type { RunState } from "./run-state.ts";

export class Steps {
  readonly #run: RunState;
  #next = 0;

  constructor(run: RunState) {
    this.#run = run;
  }

  /** @returns the next one, if its time has come. */
  next(): IndexedMove<OwnMove> | undefined {
    const { attack, inFlight } = this.#run;
    return inFlight > 0 ? undefined : attack.inSteps[this.#next++];
  }

  get areOver(): boolean {
    return this.#next >= this.#run.attack.inSteps.length;
  }
}

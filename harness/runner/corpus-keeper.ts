/** Writes down how far a random search has come, so that another one can go on from there. */
import type { Attack } from "../../attacker/move.ts";
import { UserError } from "../input/user-error.ts";
import type { Checkpoint } from "../search/fuzz.ts";
import type { Corpus, FuzzState } from "./corpus.ts";
import type { Reached } from "./worker-task.ts";

/** Follows a search, and keeps its folder up to date. */
export class CorpusKeeper {
  readonly #corpus: Corpus;
  #state: FuzzState;
  #problem: UserError | undefined;

  constructor(corpus: Corpus, state: FuzzState) {
    this.#corpus = corpus;
    this.#state = state;
  }

  /** What kept a file from being written, if anything did. */
  get problem(): UserError | undefined {
    return this.#problem;
  }

  reach(index: number, { added, ...counts }: Reached): void {
    this.#write(() => {
      const kept = this.#state.shards[index]?.kept ?? [];
      const names = added.map((attack) => this.#corpus.keep(attack));
      this.#set(index, { ...counts, kept: [...kept, ...names] });
    });
  }

  /** The last word of a shard, which may be ahead of what was told before. */
  finish(index: number, { kept, ...counts }: Checkpoint): void {
    this.#write(() => {
      this.#set(index, { ...counts, kept: kept.map((attack) => this.#corpus.keep(attack)) });
    });
  }

  /** Attacks that are no part of how the search goes on, but worth trying next time. */
  found(attacks: readonly Attack[], broken: readonly Attack[]): void {
    this.#write(() => {
      for (const attack of attacks) this.#corpus.keep(attack);
      const names = broken.filter((a) => a.length > 0).map((a) => this.#corpus.keep(a));
      this.#state = { ...this.#state, found: [...new Set([...this.#state.found, ...names])] };
      this.#corpus.saveState(this.#state);
    });
  }

  #set(index: number, shard: FuzzState["shards"][number]): void {
    this.#state = { ...this.#state, shards: this.#state.shards.with(index, shard) };
    this.#corpus.saveState(this.#state);
  }

  #write(write: () => void): void {
    if (this.#problem !== undefined) return;
    try {
      write();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#problem = error;
    }
  }
}

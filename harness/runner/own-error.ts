import type { Failure } from "./worker-pool.ts";

/** Something is wrong with the lab itself, and must not be blamed on the input. */
export class OwnError extends Error {
  constructor(failure: Pick<Failure, "message" | "stack">) {
    super(failure.message);
    if (failure.stack !== undefined) this.stack = failure.stack;
  }
}

/** A search for one known flaw, with all its executions counted. */
import type { Watch } from "../../harness/search/campaign-settings.ts";
import { stepsOf } from "./steps.ts";

/** So many executions must do. */
export const most = 1_500;

export interface Hunt {
  /** A bundled protocol, perhaps with options. */
  readonly protocol: string;
  readonly guarantee: string;
  readonly seed: string;
}

export interface Hunted {
  readonly runs: number;
  readonly steps: number;
  /** `Infinity` if {@link most} were not enough. */
  readonly foundAfter: number;
}

/** @param search of one guarantee; it ends once that is broken, or after {@link most} executions. */
export function hunting(search: (watch: Watch) => void): Hunted {
  let runs = 0;
  let steps = 0;
  let foundAfter: number | undefined;
  search({
    progress(event) {
      if (event.kind === "cell" && event.verdict.verdict === "broken") foundAfter ??= runs;
    },
    ran(trace) {
      runs++;
      steps += stepsOf(trace);
    },
    stop: () => foundAfter !== undefined || runs >= most,
  });
  return { runs, steps, foundAfter: foundAfter ?? Number.POSITIVE_INFINITY };
}

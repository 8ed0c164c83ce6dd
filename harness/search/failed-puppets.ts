/**
 * Puppets whose code failed before they had sent anything, since nothing was dealt to such a one or
 * since it was asked for what it lacks. A strategy that has none but these has tried nothing.
 */
import type { Trace } from "../trace/trace.ts";
import type { PuppetCount } from "../verdict.ts";

/** Did this run have puppets, all of which failed before they had sent anything? */
export const allFailed = ({ puppets }: Trace): boolean =>
  puppets.length > 0 && puppets.every((p) => p.failedBecause !== undefined);

type Counts = { -readonly [K in keyof PuppetCount]: PuppetCount[K] };

export class FailedPuppets {
  readonly #byStrategy = new Map<string, Counts>();

  note(strategy: string, trace: Trace): void {
    let count = this.#byStrategy.get(strategy);
    if (count === undefined) {
      count = { strategy, puppets: 0, failed: 0, tried: false, because: "" };
      this.#byStrategy.set(strategy, count);
    }
    count.tried ||= !allFailed(trace);
    for (const { failedBecause } of trace.puppets) {
      count.puppets++;
      if (failedBecause === undefined) continue;
      count.failed++;
      count.because ||= failedBecause;
    }
  }

  /** The strategies with puppets that failed, in the order in which they were tried. */
  forReport(): { readonly failedPuppets?: readonly PuppetCount[] } {
    const failedPuppets = [...this.#byStrategy.values()].filter((c) => c.failed > 0);
    return failedPuppets.length === 0 ? {} : { failedPuppets };
  }
}

/** Of the parts of one search. */
export function mergePuppetCounts(
  parts: readonly (readonly PuppetCount[])[],
): readonly PuppetCount[] {
  const merged = new Map<string, Counts>();
  for (const count of parts.flat()) {
    const known = merged.get(count.strategy);
    if (known === undefined) {
      merged.set(count.strategy, { ...count });
      continue;
    }
    known.puppets += count.puppets;
    known.failed += count.failed;
    known.tried ||= count.tried;
  }
  return [...merged.values()];
}

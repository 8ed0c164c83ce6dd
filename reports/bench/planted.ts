/**
 * How many executions it takes to find a known flaw: the lab's random portfolio beside fast-check's
 * own draws over the same moves, each from eleven seeds, and the matrix's catalogue for comparison.
 * Counted, not timed: the figures are the same on every machine.
 */
import { bundledSubject } from "../../harness/input/bundled-protocols.ts";
import { parseProtocolName } from "../../harness/input/protocol-reference.ts";
import { assess } from "../../harness/search/assess.ts";
import type { SearchSettings, Watch } from "../../harness/search/campaign.ts";
import { fuzz } from "../../harness/search/fuzz.ts";
import type { Subject } from "../../harness/subject.ts";

/** Flaws that the textbook shelf has built in, and what each of them breaks. */
const planted = [
  ["plain-diffie-hellman", "key-secrecy"],
  ["signed-dh?keys=one", "origin"],
  ["signed-dh?counter=ignored", "replay"],
  ["station-to-station?binding=mac", "server-authentication"],
  ["needham-schroeder", "client-authentication"],
  ["reflection", "client-authentication"],
  ["otway-rees", "key-secrecy"],
  ["suite-choice", "downgrade"],
] as const;

const seeds = Array.from({ length: 11 }, (_, i) => `seed ${i}`);
const most = 1_500;

type Search = (subject: Subject, settings: SearchSettings, watch: Watch) => unknown;
const searches: Readonly<Record<string, Search>> = {
  matrix: assess,
  portfolio: (subject, settings, watch) => fuzz(subject, { ...settings, fuzzRuns: most }, watch),
  "fast-check": (subject, settings, watch) =>
    fuzz(subject, { ...settings, fuzzRuns: most, unguided: true }, watch),
};

/** @returns how many runs it took; `Infinity` if `most` were not enough. */
function runsUntilFound(search: Search, subject: Subject, guarantee: string, seed: string): number {
  let runs = 0;
  let found: number | undefined;
  search(
    subject,
    { seed, guarantees: [guarantee], budgetRuns: most },
    {
      progress(event) {
        if (event.kind === "cell" && event.verdict.verdict === "broken") found ??= runs;
      },
      stop() {
        if (found === undefined) runs++;
        return found !== undefined;
      },
    },
  );
  return found ?? Number.POSITIVE_INFINITY;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const shown = (runs: number): string =>
  Number.isFinite(runs) ? runs.toLocaleString("en") : `> ${most.toLocaleString("en")}`;

export function plantedFlaws(): void {
  const names = Object.keys(searches);
  console.log(`\nexecutions until a planted flaw is found, median of ${seeds.length} seeds`);
  const width = 56;
  console.log(`  ${"".padEnd(width)}${names.map((n) => n.padStart(12)).join("")}`);
  for (const [name, guarantee] of planted) {
    const subject = bundledSubject(parseProtocolName(name));
    const figures = Object.values(searches).map((search) =>
      median(seeds.map((seed) => runsUntilFound(search, subject, guarantee, seed))),
    );
    const what = `${name}: ${guarantee}`;
    console.log(`  ${what.padEnd(width)}${figures.map((f) => shown(f).padStart(12)).join("")}`);
  }
}

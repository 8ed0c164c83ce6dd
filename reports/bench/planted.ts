/**
 * How many executions it takes to find a known flaw: the lab's random portfolio beside fast-check's
 * own draws and jsfuzz over the same moves, each from several seeds, and the matrix's catalogue for
 * comparison. Executions are counted, and so are the same on every machine.
 */
import { bundledSubject } from "../../harness/input/bundled-protocols.ts";
import { parseProtocolName } from "../../harness/input/protocol-reference.ts";
import { assess } from "../../harness/search/assess.ts";
import type { SearchSettings, Watch } from "../../harness/search/campaign-settings.ts";
import { fuzz } from "../../harness/search/fuzz.ts";
import type { Subject } from "../../harness/subject.ts";
import { type Hunt, hunting, most } from "./hunt.ts";
import { jsfuzzSearch } from "./jsfuzz.ts";
import { cpuMs, line, rate } from "./rate.ts";

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

type Search = (subject: Subject, settings: SearchSettings, watch: Watch) => unknown;
const searches: Readonly<Record<string, Search>> = {
  matrix: (subject, settings, watch) => assess(subject, { ...settings, budgetRuns: most }, watch),
  portfolio: (subject, settings, watch) => fuzz(subject, { ...settings, fuzzRuns: most }, watch),
  "fast-check": (subject, settings, watch) =>
    fuzz(subject, { ...settings, fuzzRuns: most, unguided: true }, watch),
};

const ours = (search: Search) => (about: Hunt) =>
  hunting((watch) => {
    const subject = bundledSubject(parseProtocolName(about.protocol));
    search(subject, { seed: about.seed, guarantees: [about.guarantee] }, watch);
  });

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const shown = (runs: number): string =>
  Number.isFinite(runs) ? runs.toLocaleString("en") : `> ${most.toLocaleString("en")}`;

export async function plantedFlaws(): Promise<void> {
  const jsfuzz = await jsfuzzSearch();
  const all = [
    ...Object.entries(searches).map(([name, search]) => [name, ours(search)] as const),
    ...(jsfuzz === undefined ? [] : [["jsfuzz", jsfuzz] as const]),
  ].map(([name, search]) => ({ name, search, runs: 0, steps: 0, ms: 0 }));
  console.log(`\nexecutions until a planted flaw is found, median of ${seeds.length} seeds`);
  const width = 56;
  console.log(`  ${"".padEnd(width)}${all.map(({ name }) => name.padStart(12)).join("")}`);
  for (const [protocol, guarantee] of planted) {
    const figures = all.map((one) => {
      const found = seeds.map((seed) => {
        const start = cpuMs();
        const { runs, steps, foundAfter } = one.search({ protocol, guarantee, seed });
        one.runs += runs;
        one.steps += steps;
        one.ms += cpuMs() - start;
        return foundAfter;
      });
      return median(found);
    });
    const what = `${protocol}: ${guarantee}`;
    console.log(`  ${what.padEnd(width)}${figures.map((f) => shown(f).padStart(12)).join("")}`);
  }
  console.log("\nsearching for these, what is set up for each included");
  for (const { name, runs, steps, ms } of all) line(name, rate(runs, steps, ms));
}

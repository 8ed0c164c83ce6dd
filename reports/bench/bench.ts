/**
 * How many executions and steps there are to a second of computing time, and how many executions
 * it takes to find a known flaw: `npm run bench`, with the protocols that package.json names. All
 * rates come from one process and one sitting, next to a calibration loop, so that only their
 * ratios mean something elsewhere.
 */
import { createHash } from "node:crypto";
import { strategies } from "../../attacker/strategies/catalog.ts";
import type { Candidate } from "../../attacker/strategies/strategy.ts";
import { guarantees } from "../../harness/guarantees/catalog.ts";
import { bundledSubject } from "../../harness/input/bundled-protocols.ts";
import { parseProtocolName } from "../../harness/input/protocol-reference.ts";
import { networks } from "../../harness/run/network/conditions.ts";
import { simulate } from "../../harness/run/simulate.ts";
import { Campaign } from "../../harness/search/campaign.ts";
import { compose } from "../../harness/search/composing/compose.ts";
import { exhaustWithin } from "../../harness/search/explore.ts";
import { Baselines, judge } from "../../harness/search/judge-run.ts";
import { sceneOf } from "../../harness/search/scene.ts";
import { planOf, type Subject } from "../../harness/subject.ts";
import type { RunPlan, Trace } from "../../harness/trace/trace.ts";
import { knowledgeFromWire } from "../../harness/trace/trace-knowledge.ts";
import { baseWorkload } from "../../harness/workload.ts";
import { withoutMemo } from "../../protocol/kit/memo.ts";
import { oneSession } from "./one-session.ts";
import { plantedFlaws } from "./planted.ts";
import { cpuMs, line, type Rate, rate, rateOf, ratio } from "./rate.ts";
import { stepsOf } from "./steps.ts";

const seed = "bench";
const secondsEach = 2;
/** Searches go on for long: by then all code is compiled. */
const secondsSearched = 10;
/** Protocols whose honest and attacked runs are measured. */
const protocolsMeasured = process.argv.slice(2);

/** What this machine can do at all: hashing, and plain JavaScript on small objects. */
function calibration(): { readonly hashes: Rate; readonly steps: Rate } {
  const block = new Uint8Array(64);
  const hashes = rateOf(() => {
    createHash("sha256").update(block).digest();
    return undefined;
  }, 1);
  const steps = rateOf((i) => {
    const map = new Map<number, string>();
    for (let k = 0; k < 1_000; k++) map.set((k * 7_919 + i) % 1_009, `${k}`);
    return undefined;
  }, 1);
  return { hashes, steps };
}

/** @returns how many steps the run had. */
function judgeAll(trace: Trace, profiles: Baselines): number {
  knowledgeFromWire(trace).close();
  for (const guarantee of guarantees) judge(guarantee, trace, profiles);
  return stepsOf(trace);
}

/** Enough seeds that no two runs in a row are the same, few enough to fit the memo tables. */
const seeds = 16;
const fresh =
  (subject: Subject) =>
  (i: number): RunPlan =>
    planOf(subject, { seed: `${seed} ${i % seeds}` });

interface Figures {
  readonly datagrams: number;
  readonly judged: Rate;
  readonly unjudged: Rate;
  readonly unmemoised: Rate;
}

function honest(subject: Subject): Figures {
  const single = oneSession(subject);
  const plan = fresh(single);
  const profiles = new Baselines(single, seed);
  // Every run once, so that the memo tables hold what they will be asked for.
  for (let i = 0; i < seeds; i++) simulate(plan(i));
  return {
    datagrams: simulate(plan(0)).packets.length,
    judged: rateOf((i) => judgeAll(simulate(plan(i)), profiles), secondsEach),
    unjudged: rateOf((i) => stepsOf(simulate(plan(i))), secondsEach),
    unmemoised: rateOf(
      (i) => withoutMemo(() => judgeAll(simulate(plan(i)), profiles)),
      secondsEach,
    ),
  };
}

/** Attacks of the catalogue, evenly picked from all of its strategies. */
function attacksOn(subject: Subject): readonly Candidate[] {
  const at = (s: string, workload: string) => simulate(planOf(subject, { seed: s, workload }));
  const other = `${seed}/other`;
  const scene = sceneOf(
    at(seed, baseWorkload),
    at(other, baseWorkload),
    at(other, "other-content"),
  );
  const all = strategies.flatMap((s) => [...s.attacks(scene)]);
  const most = 500;
  const step = Math.max(1, Math.floor(all.length / most));
  return all.filter((_, i) => i % step === 0);
}

function attacked(subject: Subject): { readonly rate: Rate; readonly attacks: number } {
  const candidates = attacksOn(subject);
  const profiles = new Baselines(subject, seed);
  const measured = rateOf((i) => {
    const candidate = candidates[i % candidates.length] as Candidate;
    const trace = simulate(
      planOf(subject, {
        attack: candidate.moves,
        workload: candidate.workload ?? baseWorkload,
        network: networks[candidate.network ?? "calm"],
        seed,
      }),
    );
    return judgeAll(trace, profiles);
  }, secondsEach);
  return { rate: measured, attacks: candidates.length };
}

type Searching = (campaign: Campaign) => unknown;
const searches: Readonly<Record<string, Searching>> = {
  "all attacks of two moves on one session": (campaign) => exhaustWithin(campaign, 1e9),
  "composed messages in parallel sessions": (campaign) => compose(campaign, { work: 240_000 }),
};

function searched(subject: Subject, searching: Searching): Rate {
  const single = oneSession(subject);
  let runs = 0;
  let steps = 0;
  const ran = (trace: Trace): void => {
    runs++;
    steps += stepsOf(trace);
  };
  const search = (): unknown => searching(new Campaign(single, { seed }, { ran }));
  search();
  [runs, steps] = [0, 0];
  const start = cpuMs();
  do search();
  while (cpuMs() < start + secondsSearched * 1_000);
  return rate(runs, steps, cpuMs() - start);
}

async function main(): Promise<void> {
  console.log(
    `One core, ${secondsEach} CPU-seconds per figure, Node ${process.version}, ${process.arch}\n`,
  );
  const { hashes, steps } = calibration();
  console.log("calibration");
  line("SHA-256 of 64 bytes (node:crypto)", hashes);
  line("a thousand small map writes", steps);
  // First, as a search has a process to itself: code is compiled for what it has met.
  for (const [what, searching] of Object.entries(searches)) {
    console.log(`\n${what}`);
    for (const name of ["plain-diffie-hellman", "signed-dh"]) {
      line(name, searched(bundledSubject(parseProtocolName(name)), searching));
    }
  }
  for (const name of protocolsMeasured) {
    const subject = bundledSubject(parseProtocolName(name));
    const figures = honest(subject);
    const attack = attacked(subject);
    console.log(`\n${name}: one execution is one session of ${figures.datagrams} datagrams`);
    line("honest, keys and deduction memoised, all judges", figures.judged);
    line("the same without deduction and judges", figures.unjudged);
    line("the same with nothing memoised", figures.unmemoised);
    line(
      "attacked, whole workload, knowledge and all judges",
      attack.rate,
      `${attack.attacks} attacks of the catalogue`,
    );
    console.log(`  memo tables gain ${ratio(figures.judged, figures.unmemoised)}`);
    console.log(`  judging costs    ${ratio(figures.unjudged, figures.judged)}`);
    const share = (hashes.perSecond / figures.judged.perSecond).toFixed(0);
    console.log(`  one honest execution takes as long as ${share} calibration hashes`);
  }
  await plantedFlaws();
}

await main();

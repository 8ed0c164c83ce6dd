/**
 * How many runs one core makes in a second: `npm run bench`. All figures come from one process and
 * one sitting, next to a calibration loop, so that only their ratios mean something elsewhere.
 */
import { createHash } from "node:crypto";
import { strategies } from "../../attacker/strategies/catalog.ts";
import type { Candidate } from "../../attacker/strategies/strategy.ts";
import { judgedGuarantees } from "../../harness/guarantees/catalog.ts";
import { knowledgeFromWire } from "../../harness/knowledge-of.ts";
import { bundledSubject, parseProtocolName } from "../../harness/names.ts";
import { calmNetwork, lossyNetwork } from "../../harness/network.ts";
import { judge, Profiles } from "../../harness/search/judge-run.ts";
import { sceneOf } from "../../harness/search/scene.ts";
import { simulate } from "../../harness/simulate.ts";
import { planOf, type Subject } from "../../harness/subject.ts";
import type { RunPlan, Trace } from "../../harness/trace.ts";
import { baseWorkload, defaultWorkload } from "../../harness/workload.ts";
import type { PlannedSession, Protocol } from "../../protocol/endpoint.ts";
import { withoutMemo } from "../../protocol/kit/recorder.ts";

const seed = "bench";
const secondsEach = Number(process.argv[2] ?? 2);

interface Rate {
  readonly perSecond: number;
  readonly times: number;
}

/** Repeats `body` for about as long as asked, after it has been warmed up for a while. */
function rateOf(body: (i: number) => void, seconds = secondsEach): Rate {
  const until = (end: number, from: number): number => {
    let i = from;
    do body(i++);
    while (performance.now() < end);
    return i;
  };
  const warm = until(performance.now() + seconds * 250, 0);
  const start = performance.now();
  const last = until(start + seconds * 1_000, warm);
  const times = last - warm;
  return { times, perSecond: (times * 1_000) / (performance.now() - start) };
}

/** What this machine can do at all: hashing, and plain JavaScript on small objects. */
function calibration(): { readonly hashes: Rate; readonly steps: Rate } {
  const block = new Uint8Array(64);
  const hashes = rateOf(() => createHash("sha256").update(block).digest(), 1);
  const steps = rateOf((i) => {
    const map = new Map<number, string>();
    for (let k = 0; k < 1_000; k++) map.set((k * 7_919 + i) % 1_009, `${k}`);
  }, 1);
  return { hashes, steps };
}

/** The subject with one session of its own, as a user would have it. */
function oneSession(subject: Subject): Subject {
  const [first] = defaultWorkload(subject.protocol, subject.options).sessions;
  const sessions: readonly PlannedSession[] = first === undefined ? [] : [{ ...first, start: 0 }];
  const protocol: Protocol = { ...subject.protocol, workload: () => ({ sessions }) };
  return { ...subject, protocol };
}

function judgeAll(trace: Trace, profiles: Profiles): void {
  knowledgeFromWire(trace).close();
  for (const guarantee of judgedGuarantees) judge(guarantee, trace, profiles);
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
  const profiles = new Profiles(single, seed);
  // Every run once, so that the memo tables hold what they will be asked for.
  for (let i = 0; i < seeds; i++) simulate(plan(i));
  return {
    datagrams: simulate(plan(0)).packets.length,
    judged: rateOf((i) => judgeAll(simulate(plan(i)), profiles)),
    unjudged: rateOf((i) => void simulate(plan(i))),
    unmemoised: rateOf((i) => withoutMemo(() => judgeAll(simulate(plan(i)), profiles))),
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
  const profiles = new Profiles(subject, seed);
  const rate = rateOf((i) => {
    const candidate = candidates[i % candidates.length] as Candidate;
    const trace = simulate(
      planOf(subject, {
        attack: candidate.moves,
        workload: candidate.workload ?? baseWorkload,
        network: candidate.network === "lossy" ? lossyNetwork : calmNetwork,
        seed,
      }),
    );
    judgeAll(trace, profiles);
  });
  return { rate, attacks: candidates.length };
}

const round = (n: number): string =>
  n >= 100 ? Math.round(n).toLocaleString("en") : n.toPrecision(3);
function line(what: string, { perSecond, times }: Rate, note = ""): void {
  const figure = `${round(perSecond)}/s`.padStart(12);
  const each = `${((1_000 / perSecond) * 1_000).toFixed(0)} µs`.padStart(12);
  console.log(`  ${what.padEnd(52)}${figure}${each}   ${note || `${times} times`}`);
}

function main(): void {
  console.log(`One core, ${secondsEach} s per figure, Node ${process.version}, ${process.arch}\n`);
  const { hashes, steps } = calibration();
  console.log("calibration");
  line("SHA-256 of 64 bytes (node:crypto)", hashes);
  line("a thousand small map writes", steps);
  for (const name of ["object-security", "preshared"]) {
    const subject = bundledSubject(parseProtocolName(name));
    const figures = honest(subject);
    const attack = attacked(subject);
    console.log(`\n${name}: one execution is one session of ${figures.datagrams} datagrams`);
    line("honest, keys memoised, knowledge and all judges", figures.judged);
    line("the same without knowledge and judges", figures.unjudged);
    line("the same with nothing memoised", figures.unmemoised);
    line(
      "attacked, whole workload, knowledge and all judges",
      attack.rate,
      `${attack.attacks} attacks of the catalogue`,
    );
    const ratio = (a: Rate, b: Rate): string => `${(a.perSecond / b.perSecond).toFixed(1)} ×`;
    console.log(`  memo tables gain ${ratio(figures.judged, figures.unmemoised)}`);
    console.log(`  judging costs    ${ratio(figures.unjudged, figures.judged)}`);
    const share = (hashes.perSecond / figures.judged.perSecond).toFixed(0);
    console.log(`  one honest execution takes as long as ${share} calibration hashes`);
  }
}

main();

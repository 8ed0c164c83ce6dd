/** The composing intruder within a campaign: in which worlds it is let loose, and what counts. */
import type { Attack, Move } from "../../../attacker/move.ts";
import type { Guarantee } from "../../guarantees/guarantee.ts";
import { laterMs, type ParallelWorkload, parallelWorkloads } from "../../parallel-workloads.ts";
import { planOf } from "../../subject.ts";
import type { RunPlan, Trace } from "../../trace/trace.ts";
import type { Composed } from "../../verdict.ts";
import type { Campaign } from "../campaign.ts";
import type { Delivery } from "./delivery.ts";
import { Composing, type Goals, type Limits } from "./search.ts";
import { type Run, World } from "./world.ts";

export const strategy = "composing";

export interface ComposingSettings {
  /** Events and operations of all runs together; a run of a small protocol has some fifty. */
  readonly work: number;
  /** Only every `of`th world, for searches that are divided among workers. */
  readonly part?: { readonly index: number; readonly of: number };
}

const limits = { deliveries: 8, made: 4 } as const;

/** A workload, and what the adversary does before it delivers anything. */
interface Setting {
  readonly workload: ParallelWorkload;
  readonly prologue: Attack;
  /** Of the runs for all settings of a pass. */
  readonly weight: number;
}

/** Searches what still holds. */
export function compose(campaign: Campaign, { work, part }: ComposingSettings): Composed {
  const total = { runs: 0, states: 0 };
  let done = 0;
  const exhausted: string[] = [];
  const found = new Set<string>();
  const all = settingsFor(campaign);
  const settings = part === undefined ? all : all.filter((_, i) => i % part.of === part.index);
  for (const skeleton of [true, false]) {
    const isOpen = (s: Setting): boolean => openIn(campaign, s, found).length > 0;
    let left = settings.filter((s) => isOpen(s) && !(skeleton && isDisclosing(s)));
    const isClaimed = left.some((s) => openIn(campaign, s, found).some((g) => campaign.claims(g)));
    const most = isClaimed ? work : work / unclaimedShare;
    const budget = (skeleton ? most / 3 : most) - done;
    let spent = 0;
    for (const setting of left) {
      if (campaign.over) break;
      left = left.slice(1);
      if (!isOpen(setting)) continue;
      const weights = [setting, ...left].reduce((sum, s) => sum + s.weight, 0);
      const share = Math.ceil(((budget - spent) * setting.weight) / weights);
      const composing = searchIn(campaign, setting, { ...limits, work: share }, skeleton, found);
      spent += composing.work;
      total.runs += composing.runs;
      total.states += composing.states;
      if (composing.isExhausted && !skeleton) exhausted.push(setting.workload);
    }
    done += spent;
  }
  const bound = { ...limits, work };
  const composed = { ...total, worlds: settings.length, exhausted, bound };
  campaign.noteComposed(composed);
  return composed;
}

/** Nobody promises what is left: then fewer runs must do. */
const unclaimedShare = 3;
const isDisclosing = ({ prologue }: Setting): boolean =>
  prologue.some((m) => m.move === "disclose");

const attackIn = ({ workload, prologue }: Setting) => ({
  moves: [...prologue, somethingMade],
  workload,
});

/** Stands for whatever the adversary makes. */
const somethingMade: Move = {
  move: "deliver",
  to: "nobody",
  recipe: { fresh: 1, length: 1 },
  when: { step: 1 },
};

/** What may still be broken there; after a disclosure, only what is about disclosures. */
function openIn(
  campaign: Campaign,
  setting: Setting,
  found: ReadonlySet<string>,
): readonly Guarantee[] {
  const open = campaign.openFor(attackIn(setting)).filter((g) => !found.has(g.id));
  if (open.length === 0 || !isDisclosing(setting)) return open;
  const prologue = setting.prologue.filter((m) => m.move !== "disclose");
  const anyway = campaign.openFor(attackIn({ ...setting, prologue }));
  return open.filter((g) => !anyway.includes(g));
}

/** Workloads in which different sessions may meet. */
const meeting: ReadonlySet<string> = new Set<ParallelWorkload>([
  "parallel-own",
  "parallel-exchanged",
  "parallel-mallory",
]);

function settingsFor(campaign: Campaign): readonly Setting[] {
  const worlds = soundWorlds(campaign);
  const plain = worlds.map((workload) => ({
    workload,
    prologue: [{ move: "seize" } as const],
    weight: meeting.has(workload) ? 3 : 1,
  }));
  const [first] = worlds;
  if (first === undefined) return plain;
  const { processes } = campaign.undisturbed("parallel-alone");
  const principals = [...new Set(processes.map((p) => p.principal))];
  const disclosing = principals.flatMap((principal): Setting[] => [
    {
      workload: "parallel-alone",
      prologue: [disclosed(principal, "long-term", "start"), { move: "seize" }],
      weight: 0.5,
    },
    {
      workload: "parallel-later",
      prologue: [
        disclosed(principal, "session-keys", { atMs: laterMs - 2 }),
        { move: "seize", when: { atMs: laterMs - 1 } },
      ],
      weight: 0.5,
    },
  ]);
  return [...plain, ...disclosing.filter((s) => isSound(campaign, s.workload))];
}

const disclosed = (principal: string, what: string, when: "start" | { atMs: number }): Move => ({
  move: "disclose",
  principal,
  what,
  when,
});

/** Workloads that make sense for the protocol, each once. */
function soundWorlds(campaign: Campaign): readonly ParallelWorkload[] {
  const seen = new Set<string>();
  return parallelWorkloads.filter((name) => {
    if (name === "parallel-later" || !isSound(campaign, name)) return false;
    const { sessions } = campaign.undisturbed(name).plan.workload;
    const key = JSON.stringify(sessions, (_, v) => (v instanceof Uint8Array ? "" : v));
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** Does the workload exist, and does it take place? */
function isSound(campaign: Campaign, name: ParallelWorkload): boolean {
  const { subject } = campaign;
  let honest: Trace;
  try {
    planOf(subject, { workload: name });
    honest = campaign.undisturbed(name);
  } catch {
    return false;
  }
  return !honest.processes.some((p) => p.end === "crashed");
}

function searchIn(
  campaign: Campaign,
  setting: Setting,
  limits: Limits,
  skeleton: boolean,
  found: Set<string>,
) {
  const { workload, prologue } = setting;
  const { protocol } = campaign.subject;
  const insider = protocol.registration === true;
  const plan = campaign.planFor({ moves: [], workload });
  const simulate = (p: RunPlan): Trace | undefined => campaign.simulate(p, strategy);
  const honest = campaign.undisturbed(workload);
  const { processes } = honest;
  const world = new World({ plan, insider, prologue, processes }, simulate);
  const goals = new CampaignGoals(campaign, world, setting, found);
  const other = simulate({ ...plan, seed: `${plan.seed}/other` }) ?? honest;
  const composing = new Composing(protocol, world, honest, { limits, goals, skeleton, other });
  const isExhausted = composing.search();
  return { runs: world.runs, work: world.work, states: composing.states, isExhausted };
}

/** What still holds, and may be broken by an attack in this workload. */
class CampaignGoals implements Goals {
  readonly #campaign: Campaign;
  readonly #world: World;
  readonly #setting: Setting;
  /** What such attacks have broken already: one for each is enough. */
  readonly #found: Set<string>;
  #open: readonly Guarantee[];

  constructor(campaign: Campaign, world: World, setting: Setting, found: Set<string>) {
    this.#campaign = campaign;
    this.#world = world;
    this.#setting = setting;
    this.#found = found;
    this.#open = openIn(campaign, setting, found);
  }

  get areReached(): boolean {
    return this.#open.length === 0;
  }

  told(run: Run, deliveries: readonly Delivery[]): void {
    this.#look(run, deliveries, this.#open);
  }

  reached(run: Run, deliveries: readonly Delivery[]): void {
    this.#look(
      run,
      deliveries,
      this.#open.filter((g) => g.secrecy),
    );
  }

  #look(run: Run, deliveries: readonly Delivery[], at: readonly Guarantee[]): void {
    const seen = at.filter((g) => this.#campaign.isViolated(g, run.trace));
    if (seen.length === 0) return;
    // The whole run, with every ingredient held to what is known by then.
    const moves = this.#world.attackOf(deliveries);
    const trace = this.#campaign.try(strategy, { moves, workload: this.#setting.workload });
    if (trace === undefined) return;
    for (const g of seen) if (this.#campaign.isViolated(g, trace)) this.#found.add(g.id);
    this.#open = openIn(this.#campaign, this.#setting, this.#found);
  }
}

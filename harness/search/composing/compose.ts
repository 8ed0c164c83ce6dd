/** The composing intruder within a campaign: in which worlds it is let loose, and what counts. */
import type { Attack, Move } from "../../../attacker/move.ts";
import type { Principal } from "../../../protocol/endpoint.ts";
import type { Guarantee } from "../../guarantees/guarantee.ts";
import {
  endsOf,
  laterMs,
  type ParallelWorkload,
  parallelWorkloads,
} from "../../parallel-workloads.ts";
import { principalOf } from "../../run/address-book.ts";
import { planOf } from "../../subject.ts";
import type { RunPlan, Trace } from "../../trace/trace.ts";
import type { Composed } from "../../verdict.ts";
import type { Campaign } from "../campaign.ts";
import type { Delivery } from "./delivery.ts";
import { type Material, materialOf } from "./material.ts";
import { Composing, type Goals } from "./search.ts";
import { Templates } from "./templates.ts";
import { Budget, type Run, World } from "./world.ts";

export const strategy = "composing";

export interface ComposingSettings {
  /** Events and operations of all runs together; a run of a small protocol has some fifty. */
  readonly work: number;
  /** Only every `of`th world, for searches that are divided among workers. */
  readonly part?: { readonly index: number; readonly of: number };
}

const limits = { deliveries: 10, made: 4 } as const;

/** A workload, and what the adversary does before it delivers anything. */
interface Setting {
  readonly workload: ParallelWorkload;
  readonly prologue: Attack;
  /** What its states cost more than those of others. */
  readonly cost: number;
}

interface Search {
  readonly setting: Setting;
  readonly goals: CampaignGoals;
  readonly composing: Composing;
  readonly world: World;
}

/** Searches what still holds: the cheapest state of all settings comes next. */
export function compose(campaign: Campaign, { work, part }: ComposingSettings): Composed {
  const found = new Set<string>();
  const all = settingsFor(campaign);
  const settings = part === undefined ? all : all.filter((_, i) => i % part.of === part.index);
  const open = settings.filter((s) => openIn(campaign, s, found).length > 0);
  const isClaimed = open.some((s) => openIn(campaign, s, found).some((g) => campaign.claims(g)));
  const budget = new Budget(isClaimed ? work : work / unclaimedShare);
  const materials = new Map<string, Material>();
  const searches = open.map((s) => searchIn(campaign, s, { budget, found, materials }));
  while (!campaign.over && !budget.isSpent) {
    const next = cheapest(searches);
    if (next === undefined) break;
    next.composing.advance();
  }
  const isCutOff = campaign.over || budget.isSpent;
  const exhausted = searches.filter(
    ({ composing, goals, setting }) =>
      composing.nextCost === undefined && !goals.areReached && !isCutOff && isWhole(setting),
  );
  const composed = {
    runs: searches.reduce((sum, { world }) => sum + world.runs, 0),
    states: searches.reduce((sum, { composing }) => sum + composing.states, 0),
    worlds: settings.length,
    exhausted: exhausted.map((s) => s.setting.workload),
    bound: { ...limits, work: budget.most },
  };
  campaign.noteComposed(composed);
  return composed;
}

/** Of those that may still find anything; the first of several. */
function cheapest(searches: readonly Search[]): Search | undefined {
  let best: Search | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const search of searches) {
    const cost = search.composing.nextCost;
    if (cost === undefined || search.goals.areReached) continue;
    if (cost + search.setting.cost >= least) continue;
    least = cost + search.setting.cost;
    best = search;
  }
  return best;
}

/** Is everything in the adversary's hands from the start, and nothing disclosed? */
const isWhole = ({ prologue }: Setting): boolean =>
  prologue.every((m) => m.move === "seize" && m.sparing === undefined && m.when === undefined);

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

function settingsFor(campaign: Campaign): readonly Setting[] {
  const worlds = soundWorlds(campaign);
  const [first] = worlds;
  if (first === undefined) return [];
  const sparing = thirdParties(campaign);
  const plain = worlds.flatMap((workload): Setting[] => [
    { workload, prologue: [{ move: "seize" }], cost: costOf(workload) },
    ...(sparing.length === 0
      ? []
      : [{ workload, prologue: [{ move: "seize", sparing } as const], cost: costOf(workload) }]),
  ]);
  const { processes } = campaign.undisturbed("parallel-alone");
  const principals = [...new Set(processes.map((p) => p.principal))];
  const seizeLater: Move = { move: "seize", when: { atMs: laterMs - 1 } };
  const disclosing = principals.flatMap((principal): Setting[] => [
    {
      workload: "parallel-alone",
      prologue: [disclosed(principal, "long-term", "start"), { move: "seize" }],
      cost: 0,
    },
    {
      workload: "parallel-later",
      prologue: [disclosed(principal, "session-keys", { atMs: laterMs - 2 }), seizeLater],
      cost: 0,
    },
  ]);
  const later: Setting = {
    workload: "parallel-later",
    prologue: [seizeLater],
    cost: saysMore(campaign, "parallel-later") ? 0 : costOf("parallel-later"),
  };
  return [...plain, ...[later, ...disclosing].filter((s) => isSound(campaign, s.workload))];
}

/** Workloads in which sessions of different kinds meet come first. */
const costOf = (workload: ParallelWorkload): number => settingCosts[workload] ?? 0;
const settingCosts: Partial<Record<ParallelWorkload, number>> = {
  "parallel-alone": 0.1,
  "parallel-same": 0.3,
  "parallel-later": 0.4,
};

/** Is anything said there that is never said in a session alone, such as with what was kept? */
function saysMore(campaign: Campaign, workload: ParallelWorkload): boolean {
  if (!isSound(campaign, workload)) return false;
  const kinds = (name: ParallelWorkload): readonly string[] => {
    const honest = campaign.undisturbed(name);
    return new Templates(honest, honest, false).all.map((t) => `${t.to.role}|${t.shape}`);
  };
  const usual = new Set(kinds("parallel-alone"));
  return kinds(workload).some((kind) => !usual.has(kind));
}

/** Those that play neither end of any session, such as a server that deals keys. */
function thirdParties(campaign: Campaign): Principal[] {
  const { roles } = campaign.subject.protocol;
  const ends = endsOf(roles);
  if (ends === undefined) return [];
  const { processes, plan } = campaign.undisturbed("parallel-alone");
  const playing = new Set(
    plan.workload.sessions.flatMap((s) => ends.map((role) => principalOf(role, s))),
  );
  return [...new Set(processes.map((p) => p.principal))].filter((p) => !playing.has(p));
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
    const key = JSON.stringify(sessions.map((s) => [s.start, s.principals]));
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

/** What the searches of all settings share. */
interface Shared {
  readonly budget: Budget;
  readonly found: Set<string>;
  readonly materials: Map<string, Material>;
}

function searchIn(
  campaign: Campaign,
  setting: Setting,
  { budget, found, materials }: Shared,
): Search {
  const { workload, prologue } = setting;
  const { protocol } = campaign.subject;
  const insider = protocol.registration === true;
  const plan = campaign.planFor({ moves: [], workload });
  const simulate = (p: RunPlan): Trace | undefined => campaign.simulate(p, strategy);
  const honest = campaign.undisturbed(workload);
  const { processes } = honest;
  const world = new World({ plan, insider, prologue, processes, budget }, simulate);
  const goals = new CampaignGoals(campaign, world, setting, found);
  let material = materials.get(workload);
  if (material === undefined) {
    const other = simulate({ ...plan, seed: `${plan.seed}/other` }) ?? honest;
    material = materialOf(honest, other, insider);
    materials.set(workload, material);
  }
  const first = { cost: 0, stage: isDisclosing(setting) ? "all" : "usual" } as const;
  const composing = new Composing(protocol, world, material, { limits, goals, first });
  return { setting, goals, composing, world };
}

/** What still holds, and may be broken by an attack in this workload. */
class CampaignGoals implements Goals {
  readonly #campaign: Campaign;
  readonly #world: World;
  readonly #setting: Setting;
  /** What such attacks have broken already: one for each is enough. */
  readonly #found: Set<string>;
  #open: readonly Guarantee[] = [];
  #known = -1;

  constructor(campaign: Campaign, world: World, setting: Setting, found: Set<string>) {
    this.#campaign = campaign;
    this.#world = world;
    this.#setting = setting;
    this.#found = found;
  }

  get areReached(): boolean {
    return this.#stillOpen().length === 0;
  }

  /** What another search has found need not be found again. */
  #stillOpen(): readonly Guarantee[] {
    if (this.#known !== this.#found.size) {
      this.#known = this.#found.size;
      this.#open = openIn(this.#campaign, this.#setting, this.#found);
    }
    return this.#open;
  }

  told(run: Run, deliveries: readonly Delivery[]): void {
    this.#look(run, deliveries, this.#stillOpen());
  }

  reached(run: Run, deliveries: readonly Delivery[]): void {
    this.#look(
      run,
      deliveries,
      this.#stillOpen().filter((g) => g.secrecy),
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
  }
}

/** The composing intruder within a campaign: in which worlds it is let loose, and what counts. */
import { attackerHost } from "../../../attacker/move.ts";
import type { Guarantee } from "../../guarantees/guarantee.ts";
import { type ParallelWorkload, parallelWorkloads } from "../../parallel-workloads.ts";
import { planOf } from "../../subject.ts";
import type { Trace } from "../../trace/trace.ts";
import type { Campaign } from "../campaign.ts";
import type { Delivery } from "./delivery.ts";
import { Composing, type Goals, type Limits } from "./search.ts";
import { type Run, World } from "./world.ts";

export const strategy = "composing";

export interface ComposingSettings {
  /** Runs in all. */
  readonly runs: number;
}

export interface Composed {
  readonly runs: number;
  readonly states: number;
  /** Workloads in which every state within the limits was expanded. */
  readonly exhausted: readonly string[];
}

const limits = { deliveries: 8, made: 4 } as const;

/** Searches what still holds. */
export function compose(campaign: Campaign, { runs }: ComposingSettings): Composed {
  let [spent, states] = [0, 0];
  const exhausted: string[] = [];
  const found = new Set<string>();
  const worlds = soundWorlds(campaign);
  if (process.env["COMPOSE"] !== undefined) console.log(worlds.join());
  for (const skeleton of [true, false]) {
    for (const [i, name] of worlds.entries()) {
      if (campaign.over) break;
      const share = (skeleton ? runs / 4 : runs) - spent;
      const most = Math.ceil(share / (worlds.length - i));
      const composing = searchIn(campaign, name, { ...limits, runs: most }, skeleton, found);
      spent += composing.runs;
      states += composing.states;
      if (composing.isExhausted) exhausted.push(name);
    }
  }
  return { runs: spent, states, exhausted };
}

const attackIn = (workload: string) => ({ moves: [{ move: "seize" } as const], workload });

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

/** Do honest sessions of this workload end well, as far as they can? */
function isSound(campaign: Campaign, name: ParallelWorkload): boolean {
  const { subject } = campaign;
  let honest: Trace;
  try {
    planOf(subject, { workload: name });
    honest = campaign.undisturbed(name);
  } catch {
    return false;
  }
  const crashed = honest.processes.some((p) => p.end === "crashed" || p.end === "gave-up");
  const withMallory = honest.plan.workload.sessions.some((s) =>
    Object.values(s.principals ?? {}).includes(attackerHost),
  );
  return !crashed || withMallory;
}

function searchIn(
  campaign: Campaign,
  workload: string,
  limits: Limits,
  skeleton: boolean,
  found: Set<string>,
) {
  const { subject } = campaign;
  const { protocol } = subject;
  const insider = protocol.registration === true;
  const plan = campaign.planFor({ moves: [], workload });
  const world = new World({ plan, insider, prologue: [{ move: "seize" }] }, (p) =>
    campaign.simulate(p, strategy),
  );
  const goals = new CampaignGoals(campaign, world, workload, found);
  const honest = campaign.undisturbed(workload);
  const composing = new Composing(protocol, world, honest, { limits, goals, skeleton });
  const isExhausted = composing.search();
  return { runs: world.runs, states: composing.states, isExhausted };
}

/** What still holds, and may be broken by an attack in this workload. */
class CampaignGoals implements Goals {
  readonly #campaign: Campaign;
  readonly #world: World;
  readonly #workload: string;
  #open: readonly Guarantee[];

  /** What such attacks have broken already: one for each is enough. */
  readonly #found: Set<string>;

  constructor(campaign: Campaign, world: World, workload: string, found: Set<string>) {
    this.#campaign = campaign;
    this.#world = world;
    this.#workload = workload;
    this.#found = found;
    this.#open = this.#stillOpen();
  }

  #stillOpen(): readonly Guarantee[] {
    const due = this.#campaign.openFor(attackIn(this.#workload));
    return due.filter((g) => !this.#found.has(g.id));
  }

  get areReached(): boolean {
    return this.#open.length === 0;
  }

  told(run: Run, deliveries: readonly Delivery[]): void {
    this.#look(run, deliveries, this.#open);
  }

  reached(run: Run, deliveries: readonly Delivery[]): void {
    this.#look(run, deliveries, this.#open.filter((g) => g.secrecy));
  }

  #look(run: Run, deliveries: readonly Delivery[], at: readonly Guarantee[]): void {
    const seen = at.filter((g) => this.#campaign.isViolated(g, run.trace));
    if (seen.length === 0) return;
    // The whole run, with every ingredient held to what is known by then.
    const moves = this.#world.attackOf(deliveries);
    const trace = this.#campaign.try(strategy, { moves, workload: this.#workload });
    if (trace === undefined) return;
    for (const g of seen) if (this.#campaign.isViolated(g, trace)) this.#found.add(g.id);
    if (process.env["COMPOSE"] !== undefined) console.log(this.#world.runs, this.#workload, seen.map((g) => g.id).join(), [...this.#found].join());
    this.#open = this.#stillOpen();
  }
}

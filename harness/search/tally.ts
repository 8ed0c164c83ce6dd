/** Keeps score for one guarantee while runs come in. */
import { type Capability, capabilities, capabilityRank } from "../../attacker/move.ts";
import type { Guarantee, Judgement } from "../guarantees/guarantee.ts";
import type { RunChoice } from "./judge-run.ts";

/** A violating run as it was found, not yet shrunk. */
export interface Hit {
  readonly choice: RunChoice;
  readonly capability: Capability;
  readonly strategy: string;
  readonly because: string;
}

/** A random network is harder to grasp than a few losses named one by one. */
const effort = (choice: RunChoice): number =>
  choice.attack.length + (choice.network.loss > 0 ? randomNetworkEffort : 0);
const randomNetworkEffort = 1_000;

function isNews(
  found: ReadonlyMap<Capability, Hit>,
  capability: Capability,
  choice: RunChoice,
): boolean {
  const best = found.get(capability);
  return best === undefined || effort(choice) < effort(best.choice);
}

function keep(found: Map<Capability, Hit>, hit: Hit): void {
  if (isNews(found, hit.capability, hit.choice)) found.set(hit.capability, hit);
}

export class Tally {
  readonly guarantee: Guarantee;
  runs = 0;
  atStake = 0;
  effective = 0;
  readonly strategies = new Set<string>();
  /** Capabilities of the attacks that were held against it. */
  readonly tried = new Set<Capability>();
  /** Likewise, with the handshake left untouched. */
  readonly triedInLayer = new Set<Capability>();
  doubt: string | undefined;
  /** An attack that breaks it by luck. */
  chance: Judgement["chance"];
  layerAtStake = 0;
  layerRuns = 0;
  readonly #best = new Map<Capability, Hit>();
  readonly #bestInLayer = new Map<Capability, Hit>();

  constructor(guarantee: Guarantee) {
    this.guarantee = guarantee;
  }

  /** Would a violation by such an attack be news? */
  wants(capability: Capability, choice: RunChoice): boolean {
    if (isNews(this.#best, capability, choice)) return true;
    return this.guarantee.layered && isNews(this.#bestInLayer, capability, choice);
  }

  record(hit: Hit, inLayer: boolean): boolean {
    const first = this.#best.size === 0;
    keep(this.#best, hit);
    if (inLayer && this.guarantee.layered) keep(this.#bestInLayer, hit);
    return first;
  }

  /** Weakest capability first. */
  hits(layer: boolean): readonly Hit[] {
    const map = layer ? this.#bestInLayer : this.#best;
    return [...map.values()].sort(
      (a, b) => capabilityRank(a.capability) - capabilityRank(b.capability),
    );
  }

  /** Capabilities that were tried and are weaker than whatever broke it. */
  heldAgainst(weakest: Capability | undefined): readonly Capability[] {
    const limit = weakest === undefined ? Number.POSITIVE_INFINITY : capabilityRank(weakest);
    return capabilities.filter((c) => this.tried.has(c) && capabilityRank(c) < limit);
  }
}

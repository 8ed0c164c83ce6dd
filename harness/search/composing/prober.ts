/** Hands many messages to the processes of a state, each for itself. */
import { attackerHost, isAdversaryAddress } from "../../../attacker/move.ts";
import type { Delivery } from "./delivery.ts";
import type { Scene } from "./scene.ts";
import { addressesKnownTo, type Situation } from "./situation.ts";
import type { Outcome, World } from "./world.ts";

/** What is forgotten is tried again. */
const mostRemembered = 10_000;

export class Prober {
  readonly #world: World;
  /** What each process did with each message after each past: it does the same again. */
  readonly #remembered = new Map<string, Outcome>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Many in one run: what is discarded changes nothing. */
  probe(situation: Situation, candidates: readonly Delivery[]): readonly Outcome[] {
    const { scene, locals, deliveries } = situation;
    const isKnown = (d: Delivery): boolean =>
      isAdversaryAddress(d.from) && addressesKnownTo(d.to, situation).has(d.from);
    const found: Outcome[] = [];
    const keys = new Map<Delivery, string>();
    const seen = new Set<string>();
    let rest: Delivery[] = [];
    for (const delivery of candidates) {
      const bytes = scene.bytesOf(delivery.recipe);
      if (bytes === undefined) continue;
      const { to, from } = delivery;
      const key = `${to}|${locals.get(to) ?? ""}|${from}|${bytes}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const before = this.#remembered.get(key);
      if (before !== undefined) {
        found.push({ ...before, delivery });
        continue;
      }
      keys.set(delivery, key);
      rest.push(delivery);
    }
    while (rest.length > 0) {
      const run = this.#world.run(deliveries, apart(rest, scene, isKnown));
      if (run === undefined) return found;
      const own = run.outcomes
        .slice(deliveries.length)
        .map((o, i) => ({ ...o, delivery: rest[i] as Delivery }));
      for (const outcome of own) {
        if (outcome.skipped) continue;
        if (this.#remembered.size >= mostRemembered) this.#remembered.clear();
        this.#remembered.set(keys.get(outcome.delivery) as string, outcome);
        found.push(outcome);
      }
      const left = own.flatMap((o) => (o.skipped ? [o.delivery] : []));
      if (left.length === rest.length) return found;
      rest = left;
    }
    return found;
  }
}

/**
 * Calls of services from an address that is new to them come from one for each, so that they do not
 * meet. Who has called the adversary hears it from where it called.
 */
function apart(
  probes: readonly Delivery[],
  { processes }: Scene,
  isKnown: (probe: Delivery) => boolean,
): readonly Delivery[] {
  const services = new Set(processes.flatMap((p) => (p.service ? [p.id] : [])));
  let port = firstPort;
  return probes.map((probe) =>
    isAdversaryAddress(probe.from) && services.has(probe.to) && !isKnown(probe)
      ? { ...probe, from: `${attackerHost}:${port++}` }
      : probe,
  );
}
const firstPort = 10_000;

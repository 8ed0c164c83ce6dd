/**
 * The composing intruder: what can each process be made to take, and what does it do then? The
 * adversary of D. Dolev and A. Yao (1983), searched lazily as in OFMC (D. Basin, S. Mödersheim, L.
 * Viganò, 2005) and CL-AtSe (M. Turuani, 2006): a place is filled with whatever comes first, and
 * filled anew once some process shows what it wanted there; but with running code as the model.
 */

import { attackerHost } from "../../../attacker/move.ts";
import type { Protocol } from "../../../protocol/endpoint.ts";
import { operations } from "../../../protocol/kit/operations.ts";
import { Alike } from "./alike.ts";
import { Answering } from "./answers.ts";
import { Proposing } from "./candidates.ts";
import { costAfter, type Delivery, deliveryKey, follows, isMade, uses } from "./delivery.ts";
import { demandsOf, isUnequal } from "./demands.ts";
import { Frontier, type State } from "./frontier.ts";
import { Laziness } from "./laziness.ts";
import type { Material } from "./material.ts";
import { Prober } from "./prober.ts";
import { Remaking } from "./remake.ts";
import { keyAfter, localsOf, Scene, stateKey } from "./scene.ts";
import type { Situation } from "./situation.ts";
import { Slots } from "./slots.ts";
import type { Templates } from "./templates.ts";
import type { Workshop } from "./workshop.ts";
import type { Outcome, Run, World } from "./world.ts";

export interface Limits {
  /** Deliveries of one attack. */
  readonly deliveries: number;
  /** Of these, made ones. */
  readonly made: number;
}

export interface Goals {
  /** The last delivery has made a process tell something: is that a violation? */
  told(run: Run, deliveries: readonly Delivery[]): void;
  /** A state was reached: does the adversary know what it must not? */
  reached(run: Run, deliveries: readonly Delivery[]): void;
  /** Nothing is left to look for. */
  readonly areReached: boolean;
}

const perState = { rounds: 5, refinements: 24, revisions: 30 } as const;
const mostLater = 48;
const reward = 0.4;
const perStep = 0.15;
const revisedCost = 0.3;

/** What is tried in a state, in two stages. */
interface Stage {
  readonly shop: Workshop;
  readonly proposing: Proposing;
}

export class Composing {
  readonly #world: World;
  readonly #limits: Limits;
  readonly #goals: Goals;
  readonly #templates: Templates;
  readonly #stages: Readonly<Record<State["stage"], Stage>>;
  readonly #frontier = new Frontier();
  readonly #prober: Prober;
  readonly #revised = new Set<string>();
  /** Values that everybody sees when nobody attacks. */
  readonly #open: ReadonlySet<string>;
  states = 0;

  /** @param about `cost` is that of the state in which nothing has been delivered yet. */
  constructor(
    protocol: Protocol,
    world: World,
    { templates, constants, secrets, open }: Material,
    about: {
      readonly limits: Limits;
      readonly goals: Goals;
      readonly first: Pick<State, "cost" | "stage">;
    },
  ) {
    this.#world = world;
    this.#prober = new Prober(world);
    this.#limits = about.limits;
    this.#goals = about.goals;
    this.#templates = templates;
    this.#open = open;
    const { terms, spoken } = templates;
    const common = { honest: terms, spoken, secrets, slots: new Slots(), constants };
    const stage = (shop: Workshop, firsts: number): Stage => {
      const { insider } = world;
      return {
        shop,
        proposing: new Proposing(protocol, templates, shop, { insider, firsts }),
      };
    };
    this.#stages = {
      usual: stage({ ...common, skeleton: true }, Number.POSITIVE_INFINITY),
      all: stage({ ...common, skeleton: false }, 10),
    };
    this.#frontier.add({ deliveries: [], made: 0, gained: 0, ...about.first }, "");
  }

  /** What the next state costs; `undefined` if all states within the limits were expanded. */
  get nextCost(): number | undefined {
    return this.#frontier.nextCost;
  }

  /** Expands the next state. */
  advance(): void {
    const state = this.#frontier.next();
    if (state === undefined) return;
    this.states++;
    this.#expand(state);
  }

  #expand(state: State): void {
    const run = this.#world.run(state.deliveries);
    if (run === undefined || !run.outcomes.every((o) => o.accepted)) return;
    const scene = new Scene(run, this.#templates);
    this.#goals.reached(run, state.deliveries);
    const gained = this.#gainedIn(scene);
    const cost = state.cost - (gained > 0 && state.gained === 0 ? reward : 0);
    if (state.stage === "usual") {
      this.#frontier.again({ ...state, stage: "all" });
    }
    const here: Expanded = {
      state: { ...state, cost, gained },
      situation: { scene, deliveries: state.deliveries, locals: localsOf(run.outcomes) },
    };
    const asked = this.#oracleIn(scene, state.deliveries);
    const isUsed = (d: Delivery): boolean => asked === undefined || uses(d, asked);
    const { proposing } = this.#stages[state.stage];
    const { first, later } = proposing.in(here.situation);
    const laterUsed = (): readonly Delivery[] =>
      later
        .filter((l) => l.groups.some((g) => proposing.isFertile(g)))
        .flatMap((l) => l.propose(mostLater))
        .filter(isUsed);
    this.#explore(here, first.filter(isUsed), laterUsed);
  }

  /** Secret values of others that the adversary has come to know: it is on a good way. */
  #gainedIn(scene: Scene): number {
    const { terms } = scene;
    let gained = 0;
    for (const { record, value, name } of terms.all) {
      if (operations[record.op].fresh !== true || value.length < 8) continue;
      if (name.by === attackerHost || name.by === "deployment" || this.#open.has(value)) continue;
      if (scene.has(value) && !scene.isOpenlySent(value)) gained++;
    }
    return gained;
  }

  /** Who keeps nothing can be asked at any time: right before the answer is used. */
  #oracleIn(scene: Scene, deliveries: readonly Delivery[]): string | undefined {
    const last = deliveries.at(-1);
    return last !== undefined && this.#world.keepsNothing(last.to, scene.run) ? last.to : undefined;
  }

  #explore(here: Expanded, first: readonly Delivery[], later: () => readonly Delivery[]): void {
    const tried = new Set<string>();
    const fertile = new Set<string>();
    const counts = { bases: new Map<string, number>(), revisions: 0 };
    const { proposing } = this.#stages[here.state.stage];
    const lazy = new Laziness(here.situation.scene);
    let candidates = first;
    for (let round = 0; round < perState.rounds; round++) {
      const fresh = candidates.filter((d) => isNew(tried, deliveryKey(d)));
      const outcomes = this.#prober.probe(here.situation, fresh);
      for (const { delivery, accepted, operations: done, failed } of outcomes) {
        const moves = accepted || done.length + failed.length > 0;
        if (!moves || delivery.group === undefined) continue;
        fertile.add(delivery.group);
        proposing.noteFertile(delivery.group);
      }
      const more: Delivery[] = [];
      if (round === 0) {
        more.push(...later());
        // What is the same as another message was not tried for itself.
        for (const { delivery } of outcomes) {
          const { group } = delivery;
          if (group !== undefined && !fertile.has(group)) proposing.giveUp(group, delivery);
        }
      }
      for (const outcome of outcomes) lazy.note(outcome);
      for (const outcome of outcomes) {
        // What was said last may be handed on though anything else would have done for now.
        const isNews =
          outcome.accepted &&
          (follows(here.state.deliveries, outcome.delivery) || !lazy.isDominated(outcome.delivery));
        if (isNews) this.#follow(here, outcome);
        more.push(...this.#learnFrom(here, outcome, counts));
        if (this.#world.isOver || this.#goals.areReached) return;
      }
      candidates = more;
      if (candidates.length === 0) return;
    }
  }

  /** An accepted delivery leads to another state. */
  #follow({ state, situation }: Expanded, outcome: Outcome): void {
    const { delivery } = outcome;
    const { scene, locals } = situation;
    const isOracle = this.#world.keepsNothing(delivery.to, scene.run) && !outcome.tells;
    // Who keeps nothing, and says nothing new, might as well not have been asked.
    if (isOracle && outcome.said.every((b) => scene.wasSaid(b))) return;
    const key = keyAfter(locals, outcome, isOracle);
    if (this.#frontier.has(key)) return;
    const deliveries = [...state.deliveries, delivery];
    const next: State = {
      deliveries,
      cost: state.cost + costAfter(state.deliveries, delivery) + perStep,
      made: state.made + (isMade(delivery) ? 1 : 0),
      gained: state.gained,
      stage: "usual",
    };
    this.#enter(next, key, outcome.tells);
  }

  #enter(next: State, key: string, tells: boolean, run?: Run): void {
    if (this.#frontier.has(key)) return;
    const isWithin =
      next.made <= this.#limits.made && next.deliveries.length < this.#limits.deliveries;
    this.#frontier.add(isWithin ? next : undefined, key);
    // As long as everything is passed on as it was meant, nothing is wrong.
    if (!tells || next.deliveries.every((d) => d.cost === 0)) return;
    const whole = run ?? this.#world.run(next.deliveries);
    if (whole !== undefined) this.#goals.told(whole, next.deliveries);
  }

  /** What a process did not like tells what it would have taken: now, or by earlier choices. */
  #learnFrom(
    here: Expanded,
    outcome: Outcome,
    counts: { readonly bases: Map<string, number>; revisions: number },
  ): readonly Delivery[] {
    const { accepted, operations: done, failed, delivery } = outcome;
    if (done.length + failed.length === 0 || outcome.bytes === undefined) return [];
    if (accepted && failed.length === 0 && !done.some(isUnequal)) return [];
    const base = `${delivery.to}<${delivery.from}<${delivery.group ?? ""}`;
    const more: Delivery[] = [];
    for (const { answer, isLast } of this.#answersTo(outcome, here)) {
      if (isLast) {
        // It may have been taken at first, and refused once somebody else was asked about it.
        if (accepted && failed.length === 0) continue;
        const n = (counts.bases.get(base) ?? 0) + 1;
        counts.bases.set(base, n);
        if (n <= perState.refinements) more.push(answer.deliveries.at(-1) as Delivery);
        continue;
      }
      if (++counts.revisions > perState.revisions) return more;
      this.#revise(here, answer.deliveries, answer.changed);
    }
    return more;
  }

  /** Other deliveries that the process might take; `isLast`: only the last one is another. */
  *#answersTo(outcome: Outcome, { state, situation }: Expanded) {
    const { delivery, operations: done } = outcome;
    const { shop, proposing } = this.#stages[state.stage];
    const { scene } = situation;
    const whole = [...situation.deliveries, delivery];
    scene.noteMade(delivery.recipe);
    const maker = proposing.makerFor(delivery.to, situation, 30);
    const remaking = new Remaking(scene, shop.constants, done);
    const apart = [...scene.apart(situation.deliveries, remaking), delivery];
    const alike = new Alike(scene, done);
    const answering = new Answering({ whole, apart }, { remaking, maker, alike });
    for (const demand of demandsOf(outcome, scene, maker)) {
      for (const answer of answering.to(demand)) {
        const isLast = answer.changed.every((i) => i === whole.length - 1);
        yield { answer, isLast };
      }
    }
  }

  /** Earlier choices otherwise: the changed delivery may have to wait for what it is made of. */
  #revise({ state }: Expanded, deliveries: readonly Delivery[], changed: readonly number[]): void {
    const at = changed[0] as number;
    const last = deliveries.length - 1;
    const [moved, asked] = [deliveries[at] as Delivery, deliveries[last] as Delivery];
    const about = deliveries
      .filter((d) => d.to === moved.to || d.to === asked.to)
      .map(deliveryKey)
      .join("\n");
    if (!isNew(this.#revised, about)) return;
    for (let place = at; place < last; place++) {
      const passed = deliveries.slice(at + 1, place + 1);
      if (passed.some((d) => d.to === moved.to && d.from === moved.from)) return;
      const order = [...deliveries.slice(0, at), ...passed, moved, ...deliveries.slice(place + 1)];
      const run = this.#world.run(order);
      if (run === undefined) return;
      if (!run.outcomes.slice(0, -1).every((o) => o.accepted)) continue;
      this.#settle(state, order, run, 3);
      return;
    }
  }

  /** All but the last delivery were taken: go on mending the last one. */
  #settle(state: State, deliveries: readonly Delivery[], run: Run, left: number): void {
    const last = run.outcomes.at(-1) as Outcome;
    if (last.accepted) {
      const made = deliveries.filter(isMade).length;
      const cost = state.cost + (deliveries.at(-1) as Delivery).cost + revisedCost;
      const next: State = { ...state, deliveries, cost, made, stage: "usual" };
      const tells = run.outcomes.some((o) => o.tells);
      this.#enter(next, stateKey(localsOf(run.outcomes)), tells, run);
      return;
    }
    if (left === 0) return;
    const before = deliveries.slice(0, -1);
    const past = this.#world.run(before);
    if (past === undefined) return;
    const scene = new Scene(past, this.#templates);
    const situation: Situation = { scene, deliveries: before, locals: localsOf(past.outcomes) };
    let tries = 0;
    for (const { answer, isLast } of this.#answersTo(last, { state, situation })) {
      if (!isLast) continue;
      if (++tries > 6) return;
      const again = this.#world.run(answer.deliveries);
      if (again === undefined) return;
      const isIn = again.outcomes.at(-1)?.accepted === true;
      this.#settle(state, answer.deliveries, again, isIn ? 0 : left - 1);
      if (isIn) return;
    }
  }
}

interface Expanded {
  readonly state: State;
  readonly situation: Situation;
}

/** Notes it; was it not there before? */
function isNew(seen: Set<string>, key: string): boolean {
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

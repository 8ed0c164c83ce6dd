/**
 * Composed messages for searches that draw their moves at random: what the composing search would
 * hand to each process of a run, as moves that fit between all others.
 */
import type { Move } from "../../../attacker/move.ts";
import type { Protocol } from "../../../protocol/endpoint.ts";
import type { Trace } from "../../trace/trace.ts";
import { Proposing } from "./candidates.ts";
import type { Delivery } from "./delivery.ts";
import { materialOf } from "./material.ts";
import { Scene } from "./scene.ts";
import { Slots } from "./slots.ts";
import type { Templates } from "./templates.ts";

/** A delivery, at a moment that is still to be chosen. */
export type Composable = Extract<Move, { move: "deliver" }>;

/** More would hide the simple ones. */
const most = 400;
/** Ways to fill each kind of message. */
const firsts = 16;

export class Draws {
  readonly #templates: Templates;
  readonly #proposing: Proposing;

  /** @param other the same words with other randomness, for telling what is constant. */
  constructor(protocol: Protocol, honest: Trace, other: Trace) {
    const insider = protocol.registration === true;
    const { templates, constants, secrets } = materialOf(honest, other, insider);
    this.#templates = templates;
    const { terms, spoken } = templates;
    const common = { honest: terms, spoken, secrets, constants, slots: new Slots() };
    const shop = { ...common, skeleton: false };
    this.#proposing = new Proposing(protocol, this.#templates, shop, { insider, firsts });
  }

  /** What can be sent after such a run, the likeliest first. */
  after(trace: Trace): readonly Composable[] {
    const scene = new Scene({ trace, outcomes: [] }, this.#templates);
    const { first } = this.#proposing.in({ scene, deliveries: [], locals: new Map() });
    const at = new Map(trace.processes.toReversed().map((p) => [p.address, p.id]));
    const named = ({ to, from, recipe }: Delivery): Composable => {
      const when = { step: 1 } as const;
      return { move: "deliver", to, from: at.get(from) ?? from, recipe, when };
    };
    return first
      .toSorted((a, b) => a.cost - b.cost)
      .slice(0, most)
      .map(named);
  }
}

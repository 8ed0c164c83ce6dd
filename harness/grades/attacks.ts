/** The attacks that messages are graded by: generic strategies, with puppets that talk. */
import type { Attack, Move } from "../../attacker/move.ts";
import { carryingOver } from "../../attacker/strategies/compromising.ts";
import { forwarding } from "../../attacker/strategies/forwarding.ts";
import {
  hijacking,
  impersonating,
  otherwiseSet,
  splicing,
} from "../../attacker/strategies/impersonating.ts";
import { misbinding, renaming } from "../../attacker/strategies/misbinding.ts";
import { flipping, overwriting, resizing } from "../../attacker/strategies/modifying.ts";
import { ownKeys } from "../../attacker/strategies/own-keys.ts";
import { reflecting, replacing } from "../../attacker/strategies/replaying.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Scene, Strategy } from "../../attacker/strategies/strategy.ts";
import { substitutingKeys } from "../../attacker/strategies/substituting.ts";

/** Somebody's place is taken. */
const taking: readonly Strategy[] = [impersonating, splicing, hijacking];

/** The same in more roundabout ways. */
const posing: readonly Strategy[] = [
  ...taking,
  ownKeys,
  substitutingKeys,
  otherwiseSet,
  renaming,
  forwarding,
  misbinding,
  carryingOver,
];

/** Recorded packets come otherwise than they were sent: takes no secrets. */
const meddling: readonly Strategy[] = [reflecting, replacing, resizing, flipping, overwriting];

/** A puppet is to show that it is believed, and when: so it speaks whenever it may. */
const talking = (move: Move): Move =>
  move.move === "puppet" || move.move === "hijack" ? { ...move, talks: true } : move;

const isDisclosing = (attack: Attack): boolean => attack.some((m) => m.move === "disclose");

function* attacksOf(strategies: readonly Strategy[], whole: Scene): Iterable<Attack> {
  const scene = firstOfTheirKind(whole);
  for (const { attacks } of strategies) {
    for (const { moves } of attacks(scene)) {
      if (!isDisclosing(moves)) yield moves.map(talking);
    }
  }
}

/** Attacks in which somebody's place is taken, for those who have secrets to do it with. */
export const takings = (scene: Scene): readonly Attack[] => [...attacksOf(taking, scene)];

/** Attacks in which somebody is posed as: without disclosures, which whoever asks adds. */
export const posings = (scene: Scene): readonly Attack[] => [...attacksOf(posing, scene)];

/** Attacks that change what is sent. */
export const meddlings = (scene: Scene): readonly Attack[] => [...attacksOf(meddling, scene)];

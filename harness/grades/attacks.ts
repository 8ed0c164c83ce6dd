/** The attacks that messages are graded by: generic strategies, with puppets that talk. */
import { type Attack, type Move, packetKey } from "../../attacker/move.ts";
import { carryingOver } from "../../attacker/strategies/compromising.ts";
import { shifting } from "../../attacker/strategies/field-boundaries.ts";
import { forgedAnswers } from "../../attacker/strategies/forged-answers.ts";
import { forwarding } from "../../attacker/strategies/forwarding.ts";
import { guessing } from "../../attacker/strategies/guessing.ts";
import { continuing } from "../../attacker/strategies/hijack-then-send.ts";
import {
  hijacking,
  impersonating,
  otherwiseSet,
  splicing,
} from "../../attacker/strategies/impersonating.ts";
import { misbinding, renaming } from "../../attacker/strategies/misbinding.ts";
import { flipping, resizing, transplanting } from "../../attacker/strategies/modifying.ts";
import { ownKeys } from "../../attacker/strategies/own-keys.ts";
import { redirecting, reflecting, replacing } from "../../attacker/strategies/replaying.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import { attack, type Scene, type Strategy } from "../../attacker/strategies/strategy.ts";
import {
  substitutingKeys,
  substitutingNames,
  substitutingNonces,
} from "../../attacker/strategies/substituting.ts";

/**
 * The attacker goes on in the place of one end, which is not heard any more: otherwise it might
 * say what is next before the attacker does.
 */
const usurping: Strategy = {
  ...hijacking,
  id: "usurp",
  title: "the attacker goes on in the place of either end, and that end is not heard any more",
  *attacks(scene) {
    for (const { moves } of hijacking.attacks(scene)) {
      const [first] = moves;
      if (first?.move !== "hijack") continue;
      const now = scene.packets.findIndex((p) => packetKey(p.ref) === packetKey(first.after));
      const later = scene.packets.slice(now + 1).filter((p) => p.ref.from === first.process);
      const drops = later.map((p): Move => ({ move: "drop", packet: p.ref }));
      if (drops.length > 0) yield attack(first, ...drops);
    }
  },
};

/** Somebody's place is taken. */
const taking: readonly Strategy[] = [impersonating, splicing, usurping, hijacking];

/** The same in more roundabout ways. */
const posing: readonly Strategy[] = [
  ...taking,
  ownKeys,
  substitutingKeys,
  otherwiseSet,
  guessing,
  renaming,
  forwarding,
  misbinding,
  carryingOver,
];

/** Recorded packets come otherwise than they were sent: takes no secrets. */
const meddling: readonly Strategy[] = [
  reflecting,
  redirecting,
  substitutingNonces,
  substitutingNames,
  continuing,
  shifting,
  transplanting,
  forgedAnswers,
  replacing,
  resizing,
  flipping,
];

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
export const posings = (scene: Scene): readonly Attack[] =>
  [...attacksOf(posing, scene)].filter((attack) => !attack.some(leavesLater));

/** One that makes way after its first packet is one of a kind with those that do so later. */
const leavesLater = (move: Move): boolean =>
  move.move === "puppet" && move.leaves !== undefined && move.leaves > 1;

/** Attacks that change what is sent. Of the flips at one place, one says enough. */
export const meddlings = (scene: Scene): readonly Attack[] =>
  [...attacksOf(meddling, scene)].filter((attack) => !attack.some(isFurtherFlip));

const isFurtherFlip = (move: Move): boolean =>
  move.move === "modify" && move.edits.some((e) => e.edit === "flip" && e.mask !== 1);

import type { Move } from "../move.ts";
import { impersonations } from "./impersonating.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type Strategy } from "./strategy.ts";

/**
 * Against a verifier that compares only the beginning of a code or tag. The packets of the
 * impersonated party may be dropped, since they can make the adversary's packets come too late.
 */
export const guessing: Strategy = {
  id: "guess",
  title: "one end is played by the attacker, who guesses the beginning of what it cannot know",
  capability: "on-path",
  *attacks(scene) {
    for (const puppet of impersonations(firstOfTheirKind(scene))) {
      const guesser = { ...puppet, guesses: true as const };
      yield attack(guesser);
      const played = scene.processes.find(
        ({ role, principal }) => role === puppet.role && principal === puppet.as,
      );
      const own = scene.packets.filter(({ ref }) => ref.from === played?.id);
      if (own.length === 0) continue;
      yield attack(guesser, ...own.map(({ ref }): Move => ({ move: "drop", packet: ref })));
    }
  },
};

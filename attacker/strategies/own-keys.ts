import { attackerHost } from "../move.ts";
import { playing, talkingPairs } from "./impersonating.ts";
import { attack, type Strategy } from "./strategy.ts";

export const ownKeys: Strategy = {
  id: "own-keys",
  title: "one end is played by the attacker, with key pairs of its own for those it lacks",
  capability: "insider",
  *attacks(scene) {
    for (const [asker, answerer] of talkingPairs(scene)) {
      const own = { ownKeys: true } as const;
      yield attack(playing("puppet-a", asker, answerer, own));
      yield attack(playing("puppet-a", asker, answerer, { ...own, insteadOf: asker.id }));
      yield attack(playing("puppet-a", answerer, asker, { ...own, insteadOf: answerer.id }));
      // Under its own name: with what was dealt to it as a user like others, and without.
      for (const mallory of [{ as: attackerHost }, { as: attackerHost, ...own }]) {
        yield attack(playing("puppet-a", asker, answerer, mallory));
        yield attack(playing("puppet-a", answerer, asker, { ...mallory, insteadOf: answerer.id }));
      }
      // Under the name of another, whose code knows itself, where it knows no strangers.
      for (const as of scene.principals) {
        if ([attackerHost, asker.principal, answerer.principal].includes(as)) continue;
        const other = { as, ...own };
        yield attack(playing("puppet-a", answerer, asker, { ...other, insteadOf: answerer.id }));
      }
    }
  },
};

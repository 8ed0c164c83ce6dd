import { splice, talkingPairs } from "./impersonating.ts";
import { attack, type Strategy } from "./strategy.ts";

export const matchingCodes: Strategy = {
  id: "match-codes",
  title: "the attacker in the middle makes both ends show the same few digits",
  capability: "on-path",
  *attacks(scene) {
    if (!scene.showsOutOfBand) return;
    for (const [asker, answerer] of talkingPairs(scene)) {
      const [inner, outer] = splice(scene, asker, answerer);
      if (inner?.move !== "puppet" || outer?.move !== "puppet") continue;
      yield attack({ ...inner, matches: outer.name }, outer);
      yield attack(inner, { ...outer, matches: inner.name });
    }
  },
};

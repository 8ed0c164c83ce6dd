/**
 * A member of a group is the attacker's. It reads what it is given, also once it is no member any
 * more; and it speaks for the others, with what it has of them.
 */
import type { Move } from "../move.ts";
import { hijacking, impersonations } from "./impersonating.ts";
import { attack, type Strategy } from "./strategy.ts";

export const groupInsiders: Strategy = {
  id: "group-insider",
  title: "a member of a group is the attacker's: it reads on after it has left, and forges others",
  capability: "insider",
  *attacks(scene) {
    for (const as of scene.groupMembers) {
      const isMember: Move = { move: "participate", as, member: true };
      yield attack(isMember);
      for (const puppet of impersonations(scene)) yield attack(isMember, puppet);
      for (const { moves } of hijacking.attacks(scene)) yield attack(isMember, ...moves);
    }
  },
};

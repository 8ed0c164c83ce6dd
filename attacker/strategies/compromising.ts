/** Long-term secrets are out while sessions run, or come out after an active attack. */
import type { Move } from "../move.ts";
import { disclosed } from "./disclosing.ts";
import { impersonations, splice, talkingPairs } from "./impersonating.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type Scene, type Strategy } from "./strategy.ts";

/** Active attacks in the middle, each a list of moves. */
function* active(scene: Scene): Iterable<readonly Move[]> {
  for (const puppet of impersonations(scene)) yield [puppet];
  for (const [asker, answerer] of talkingPairs(scene)) yield splice(scene, asker, answerer);
}

export const compromising: Strategy = {
  id: "compromise",
  title: "with one party's own long-term secrets, others are posed as to it",
  capability: "compromise",
  *attacks(scene) {
    for (const principal of scene.principals) {
      yield attack(disclosed(principal, "start"));
      for (const moves of active(scene)) yield attack(disclosed(principal, "start"), ...moves);
      for (const move of takeovers(scene, principal)) {
        yield attack(disclosed(principal, "start"), move);
      }
    }
  },
};

/** Others' sessions are gone on with, if their keys follow from the secrets of their peer. */
function* takeovers(scene: Scene, principal: string): Iterable<Move> {
  const others = new Set(scene.processes.filter((p) => p.principal !== principal).map((p) => p.id));
  for (const { ref: after } of scene.packets) {
    for (const process of new Set([after.from, after.to])) {
      if (others.has(process)) yield { move: "hijack", name: "puppet-a", process, after };
    }
  }
}

export const disclosingAfterAttack: Strategy = {
  id: "attack-then-disclose",
  title: "the attacker is active, and long-term secrets become known after the end",
  capability: "disclosure",
  *attacks(scene) {
    const secrets = scene.principals.map((p) => disclosed(p, "end"));
    for (const moves of active(scene)) yield attack(...moves, ...secrets);
  },
};

/** Limit on the encrypted handshake parts that belong to the channel itself. */
const ownContents = [0, 1, 2];

/** N. Asokan, V. Niemi, K. Nyberg: Man-in-the-Middle in Tunnelled Authentication Protocols, 2003. */
export const carryingOver: Strategy = {
  id: "carry-over",
  title: "what is said inside one channel is carried into another, by somebody who is in both",
  capability: "compromise",
  *attacks(scene) {
    for (const [asker, answerer] of talkingPairs(firstOfTheirKind(scene))) {
      for (const carries of ownContents) {
        const between = splice(scene, asker, answerer, { carries });
        yield attack(...between);
        for (const principal of scene.principals) {
          yield attack(disclosed(principal, "start"), ...between);
        }
      }
    }
  },
};

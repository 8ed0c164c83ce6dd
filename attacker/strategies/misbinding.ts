/** A registered user presents another party's values as its own, or its own as another party's. */
import { attackerHost, type Move } from "../move.ts";
import { playing, talkingPairs } from "./impersonating.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type SeenProcess, type Strategy } from "./strategy.ts";

/** The nth answer to the puppet is replayed to the initiator it was meant for. */
function handed(nth: number, to: string, asker: SeenProcess, answerer: SeenProcess): Move {
  const packet = { from: answerer.id, to, nth };
  return { move: "replay", packet, to: asker.id, from: answerer.id, when: { after: packet } };
}

/** Which seen random value, or private half of a seen public key, the puppet reuses. */
export const values = [1, 2];
/** Limit on handshake packets: those of the initiator, and the answers. */
const most = 2;

/**
 * W. Diffie, P. van Oorschot, M. Wiener: Authentication and Authenticated Key Exchanges, 1992
 * (one end believes to share the key with another principal).
 */
export const misbinding: Strategy = {
  id: "misbind",
  title: "what one party begins, the attacker goes on with in its own name, and hands back answers",
  capability: "insider",
  *attacks(whole) {
    const scene = firstOfTheirKind(whole);
    for (const [asker, answerer] of talkingPairs(scene)) {
      const asked = scene.packets.filter((p) => p.ref.from === asker.id).map((p) => p.ref);
      const [first] = asked;
      if (first === undefined) continue;
      const more = { as: attackerHost, when: { after: first } };
      const puppets = values.flatMap((reuses) => [
        playing("puppet-a", asker, answerer, { ...more, reuses }),
        playing("puppet-a", asker, answerer, { ...more, reuses, insteadOf: asker.id }),
      ]);
      for (const puppet of puppets) {
        for (let lost = 1; lost <= most; lost++) {
          const drops = asked.slice(0, lost).map((packet): Move => ({ move: "drop", packet }));
          for (let answers = 1; answers <= most; answers++) {
            const back = Array.from({ length: answers }, (_, i) =>
              handed(i + 1, puppet.insteadOf ?? attackerHost, asker, answerer),
            );
            yield attack(...drops, puppet, ...back);
          }
        }
      }
    }
  },
};

export const renaming: Strategy = {
  id: "rename",
  title: "a registered user writes another name for its own in what it seals and signs",
  capability: "insider",
  *attacks(whole) {
    const scene = firstOfTheirKind(whole);
    for (const [asker, answerer] of talkingPairs(scene)) {
      for (const renames of scene.principals) {
        if (renames === attackerHost) continue;
        yield attack(playing("puppet-a", asker, answerer, { as: attackerHost, renames }));
      }
    }
  },
};

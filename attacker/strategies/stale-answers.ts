/** An answer from an earlier session is replayed for a request that is lost in a later one. */
import { earlierOf, firstOfTheirKind } from "./session-representatives.ts";
import { attack, isBack, type Strategy } from "./strategy.ts";

/** Limit on the answers tried after a packet; later ones answer later requests. */
const mostAnswers = 2;

export const oldAnswers: Strategy = {
  id: "old-answers",
  title: "a packet gets lost, and is answered by what answered its like in an earlier session",
  capability: "on-path",
  acrossSessions: true,
  *attacks(scene) {
    const leading = firstOfTheirKind(scene);
    const first = new Set(leading.packets);
    const earlierLike = earlierOf(leading);
    for (const [i, asked] of scene.packets.entries()) {
      if (first.has(asked)) continue;
      const answers = scene.packets.slice(i + 1).filter((p) => isBack(p.ref, asked.ref));
      for (const answer of answers.slice(0, mostAnswers)) {
        const old = earlierLike(answer);
        if (old === undefined) continue;
        const { to, from } = answer.ref;
        yield attack(
          { move: "drop", packet: asked.ref },
          { move: "replay", packet: old.ref, to, from, when: { after: asked.ref } },
        );
      }
    }
  },
};

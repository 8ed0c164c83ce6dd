/** What was answered in an earlier session answers what never arrives in a later one. */
import { packetKey } from "../move.ts";
import { attack, type Scene, type SeenPacket, type Strategy } from "./strategy.ts";

const roleOf = (id: string): string => id.split("#")[0] ?? id;
const slotOf = ({ ref }: SeenPacket): string => `${roleOf(ref.from)}>${roleOf(ref.to)}:${ref.nth}`;

/** The first packet that goes back after `asked`, and all that goes back after that. */
function answersTo(asked: SeenPacket, scene: Scene): readonly SeenPacket[] {
  const at = scene.packets.indexOf(asked);
  return scene.packets
    .slice(at + 1)
    .filter(({ ref }) => ref.from === asked.ref.to && ref.to === asked.ref.from);
}
/** Later ones answer later questions. */
const mostAnswers = 2;

export const oldAnswers: Strategy = {
  id: "old-answers",
  title: "a packet gets lost, and is answered by what answered its like in an earlier session",
  capability: "on-path",
  acrossSessions: true,
  *attacks(scene) {
    const later = new Set(scene.repeatedSessions);
    const isLater = ({ session }: SeenPacket): boolean =>
      session !== undefined && later.has(session);
    const earlier = new Map(scene.packets.filter((p) => !isLater(p)).map((p) => [slotOf(p), p]));
    for (const asked of scene.packets.filter(isLater)) {
      for (const answer of answersTo(asked, scene).slice(0, mostAnswers)) {
        const old = earlier.get(slotOf(answer));
        if (old === undefined || packetKey(old.ref) === packetKey(answer.ref)) continue;
        const { to, from } = answer.ref;
        yield attack(
          { move: "drop", packet: asked.ref },
          { move: "replay", packet: old.ref, to, from, when: { after: asked.ref } },
        );
      }
    }
  },
};

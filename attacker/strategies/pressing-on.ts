/**
 * What an honest program does not do before it is let in, the other end need not refuse. The
 * adversary plays an end that goes on whether it has a session or not: it leaves out what it cannot
 * send, such as a login, and makes up the answers that its code waits for. It has them from an
 * installation of its own, so that nothing of them depends on what it cannot know.
 */
import { hex } from "../../protocol/kit/bytes.ts";
import type { Moment } from "../move.ts";
import { type Puppet, playing, talkingPairs } from "./impersonating.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type Scene, type SeenProcess, type Strategy } from "./strategy.ts";

type Told = NonNullable<Puppet["told"]>;

/** Limits on what is made up: a login is over by then. */
const mostAnswers = 8;
const longestAnswerBytes = 8_192;

/** The answers to one end, each after as many packets of its own as in an undisturbed session. */
function answers(scene: Scene, asker: SeenProcess, answerer: SeenProcess, all: boolean): Told {
  let after = 0;
  const found: Told = [];
  for (const { ref, elsewhere, constant } of scene.packets) {
    if (ref.from === asker.id && ref.to === answerer.id) after++;
    if (ref.from !== answerer.id || ref.to !== asker.id || elsewhere === undefined) continue;
    if (elsewhere.length > longestAnswerBytes || !(all || constant)) continue;
    found.push({ after, hex: hex(elsewhere) });
  }
  return found.slice(0, mostAnswers);
}

/** Before the one that is played, right after it has begun, and once it has said all. */
function moments(scene: Scene, asker: SeenProcess): readonly Moment[] {
  const own = scene.packets.filter((p) => p.ref.from === asker.id);
  const after = [...new Set([own[0], own.at(-1)])].flatMap((p) =>
    p === undefined ? [] : [{ after: p.ref }],
  );
  return ["start", ...after];
}

export const pressingOn: Strategy = {
  id: "press-on",
  title: "one end is played by the attacker, who goes on without being let in",
  capability: "on-path",
  *attacks(whole) {
    const scene = firstOfTheirKind(whole);
    for (const [asker, answerer] of talkingPairs(scene)) {
      const [some, all] = [false, true].map((each) => answers(scene, asker, answerer, each));
      const unready = { unready: true } as const;
      for (const told of some?.length === all?.length ? [all] : [some, all]) {
        const more = { ...unready, ...(told?.length === 0 ? {} : { told }) };
        for (const when of moments(scene, asker)) {
          yield attack(playing("puppet-a", asker, answerer, { ...more, when }));
        }
      }
      if (!scene.transport.connected && all !== undefined) {
        // Where it is the address that tells one user from another; it hears no answers then.
        yield attack(
          playing("puppet-a", asker, answerer, { ...unready, told: all, spoofs: asker.id }),
        );
      }
      const place = { ...unready, insteadOf: answerer.id };
      yield attack(playing("puppet-a", answerer, asker, place));
    }
  },
};

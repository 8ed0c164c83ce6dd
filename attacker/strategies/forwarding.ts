/** Whom somebody really means to talk to tells others what it is told, in that one's name. */
import { attackerHost } from "../move.ts";
import { callersOf, type Puppet, playing, talkingPairs } from "./impersonating.ts";
import { values } from "./misbinding.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type Scene, type SeenProcess, type Strategy } from "./strategy.ts";

/** So many sealed contents there may be before the one that is carried. */
const ownContents = [0, 1];

/** What either of the two hears in its channel, the other one says in its own. */
function* carried(listening: Puppet, speaking: Puppet): Iterable<readonly [Puppet, Puppet]> {
  const telling = { ...listening, handsTo: speaking.name };
  for (const carries of ownContents) {
    yield [telling, { ...speaking, carries }];
    yield [
      { ...telling, carries },
      { ...speaking, handsTo: listening.name },
    ];
  }
}

/** Whoever calls the attacker by its name, and whoever takes that one's calls. */
function* calls(scene: Scene): Iterable<readonly [SeenProcess, SeenProcess]> {
  for (const caller of callersOf(scene)) {
    for (const [asker, answerer] of talkingPairs(scene)) {
      if (asker.role === caller.role) yield [caller, answerer];
    }
  }
}

/** D. Davis: Defective Sign & Encrypt, 2001 (surreptitious forwarding). */
export const forwarding: Strategy = {
  id: "forward",
  title: "what the attacker is told as a user, it tells others in the name of who said it",
  capability: "insider",
  *attacks(scene) {
    for (const [caller, answerer] of calls(scene)) {
      const listening = playing("puppet-a", answerer, caller, { as: attackerHost });
      const speaking = playing("puppet-b", caller, answerer);
      const telling = { ...listening, handsTo: speaking.name };
      yield attack(telling, speaking);
      for (const reuses of values) yield attack(telling, { ...speaking, reuses });
      for (const pair of carried(listening, speaking)) yield attack(...pair);
    }
  },
};

/** Services of one kind, of different principals, that somebody calls in the same role. */
function* betrayals(scene: Scene): Iterable<readonly [Puppet, Puppet]> {
  const pairs = talkingPairs(scene);
  for (const [asker, traitor] of pairs) {
    for (const [caller, betrayed] of pairs) {
      if (caller.role !== asker.role || caller.principal !== asker.principal) continue;
      if (betrayed.role !== traitor.role || betrayed.principal === traitor.principal) continue;
      yield [
        playing("puppet-a", traitor, asker, { insteadOf: traitor.id }),
        playing("puppet-b", asker, betrayed),
      ];
    }
  }
}

/** The same where it is not the attacker's own name that is called, but that of a service. */
export const betraying: Strategy = {
  id: "betray",
  title: "whoever runs one service goes to another one in the name of those who call it",
  capability: "relay",
  *attacks(whole) {
    for (const [listening, speaking] of betrayals(firstOfTheirKind(whole))) {
      for (const pair of carried(listening, speaking)) {
        yield attack({ move: "participate", as: listening.as }, ...pair);
      }
    }
  },
};

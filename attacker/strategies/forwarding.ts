/** A legitimate peer forwards what an honest party tells it, impersonating that party to others. */
import { attackerHost } from "../move.ts";
import { callersOf, type Puppet, playing, talkingPairs } from "./impersonating.ts";
import { values } from "./misbinding.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type Scene, type SeenProcess, type Strategy } from "./strategy.ts";

/** Numbers of sealed plaintexts before the one that is carried. */
const ownContents = [0, 1];

/** What one puppet opens in its channel, the other sends in its own, in both directions. */
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

/** Each initiator that calls the adversary by its own name, with each responder to its role. */
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

/** Services of one kind, of different principals, that one principal calls in the same role. */
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

/** The same where the initiator calls a corrupt service instead of the adversary's own name. */
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

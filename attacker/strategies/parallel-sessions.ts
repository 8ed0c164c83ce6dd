/** What somebody asks in one session, the same one is asked in another. */
import { attackerHost } from "../move.ts";
import { playing, talkingPairs } from "./impersonating.ts";
import { values } from "./misbinding.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type Strategy } from "./strategy.ts";

/**
 * R. Bird et al.: Systematic design of two-party authentication protocols, 1991 (parallel-session
 * attacks, where the one who is to be deceived is the oracle).
 */
export const askingBack: Strategy = {
  id: "parallel-sessions",
  title: "what one end asks in one session, it is asked in a second one itself",
  capability: "off-path",
  *attacks(whole) {
    for (const [asker, answerer] of talkingPairs(firstOfTheirKind(whole))) {
      if (!answerer.service) continue;
      const after = { from: answerer.id, to: attackerHost, nth: 1 };
      for (const reuses of values) {
        yield attack(
          playing("puppet-a", asker, answerer),
          playing("puppet-b", asker, answerer, { reuses, when: { after } }),
        );
      }
    }
  },
};

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

/** Where the first of two puppets is, which plays in a session of its own. */
const firstPuppet = `${attackerHost}:7000`;

/**
 * The "Canadian" attack (ISO/IEC JTC1/SC27 N739, 1993; A. Menezes, P. van Oorschot, S. Vanstone:
 * Handbook of Applied Cryptography, 10.3.3): what an end asks, the other one is asked in its name,
 * and its answer is passed on.
 */
export const askingTheOther: Strategy = {
  id: "roles-exchanged",
  title: "what one end asks, the other one is asked in a session with the roles exchanged",
  capability: "on-path",
  *attacks(whole) {
    const pairs = talkingPairs(firstOfTheirKind(whole)).filter(([, answerer]) => answerer.service);
    for (const [asker, answerer] of pairs) {
      const exchanged = pairs.find(
        ([a, b]) => a.principal === answerer.principal && b.principal === asker.principal,
      );
      if (exchanged === undefined) continue;
      const asked = { from: answerer.id, to: attackerHost, nth: 1 };
      const answer = { from: exchanged[1].id, to: attackerHost, nth: 1 };
      for (const reuses of values) {
        yield attack(
          playing("puppet-a", asker, answerer),
          playing("puppet-b", ...exchanged, { reuses, when: { after: asked } }),
          {
            move: "replay",
            packet: answer,
            to: answerer.id,
            from: firstPuppet,
            when: { after: answer },
          },
        );
      }
    }
  },
};

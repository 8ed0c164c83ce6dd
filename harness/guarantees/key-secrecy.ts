import { isEnemy, roleOf } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { eventsOf } from "../events-of.ts";
import { perRun } from "../finished-run.ts";
import { knowledgeFromWire } from "../knowledge-of.ts";
import { processOf } from "../process-of.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

const rolesThatFinish = perRun(
  (honest) => new Set(eventsOf(honest, "commit").map((e) => roleOf(e.at))),
);

export const keySecrecy: Guarantee = {
  id: "key-secrecy",
  statement: "No session key that an honest end shares with an honest peer becomes known.",
  source: "M. Bellare, P. Rogaway: Entity authentication and key distribution, 1993",
  twin: "preshared?key-log=on",
  layered: true,
  secrecy: true,
  safety: true,
  idle: "no two honest ends finish with a key",
  counts: withoutDisclosure,
  notApplicable: ({ honest }) =>
    eventsOf(honest, "secret").length > 0 ? undefined : "no session key is ever claimed",
  judge(trace, profile) {
    const knowledge = knowledgeFromWire(trace);
    // A key counts once its end believes to be done: before that, anybody may be at the other end.
    const finishes = rolesThatFinish(profile.honest);
    const commits = eventsOf(trace, "commit");
    let atStake = 0;
    for (const e of eventsOf(trace, "secret")) {
      const holders = [e.peer, processOf(trace, e.at)?.principal ?? e.at];
      if (holders.some((p) => isEnemy(p, trace.plan.attack))) continue;
      const done = commits.some(
        (c) => c.at === e.at && c.session === e.session && c.peer === e.peer,
      );
      if (!done && finishes.has(roleOf(e.at))) continue;
      atStake++;
      if (!knowledge.derivable(e.value)) continue;
      const compute = knowledge.costOf(latin1(e.value));
      const because = `the attacker can compute the session key of ${e.at} with ${e.peer}`;
      return { atStake, violation: { because, ...(compute === null ? {} : { compute }) } };
    }
    return { atStake };
  },
};

import { computeCost } from "../../attacker/knowledge/compute-cost.ts";
import { isCorrupt, roleOf } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { processOf } from "../trace/process-of.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { knowledgeFromWire } from "../trace/trace-knowledge.ts";
import { isSharedWithHonest } from "./anonymous.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

const rolesThatFinish = memoPerTrace(
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
  vacuousBecause: "no two honest ends finish with a key",
  counts: withoutDisclosure,
  notApplicable: ({ honest }) =>
    eventsOf(honest, "secret").length > 0 ? undefined : "no session key is ever claimed",
  judge(trace, baseline) {
    const knowledge = knowledgeFromWire(trace);
    // A key counts once its end has committed: before that, its peer is not authenticated.
    const finishes = rolesThatFinish(baseline.honest);
    const commits = eventsOf(trace, "commit");
    let atStake = 0;
    for (const e of eventsOf(trace, "secret")) {
      // An anonymous peer is honest where an honest end has the same key.
      const isNameless = e.peer === undefined;
      if (isNameless && !isSharedWithHonest(trace, e.at, latin1(e.value))) continue;
      const holders = [e.peer ?? "", processOf(trace, e.at)?.principal ?? e.at];
      if (holders.some((p) => isCorrupt(p, trace.plan.attack))) continue;
      const done =
        isNameless ||
        commits.some((c) => c.at === e.at && c.session === e.session && c.peer === e.peer);
      if (!done && finishes.has(roleOf(e.at))) continue;
      atStake++;
      if (!knowledge.derivable(e.value)) continue;
      const compute = computeCost(knowledge, latin1(e.value));
      const because = `the attacker can compute the session key of ${e.at} with ${e.peer ?? "its anonymous peer"}`;
      return { atStake, violation: { because, ...(compute === null ? {} : { compute }) } };
    }
    return { atStake };
  },
};

import { computeCost } from "../../attacker/knowledge/compute-cost.ts";
import { isCorrupt, roleOf } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { processOf } from "../trace/process-of.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { knowledgeFromWire } from "../trace/trace-knowledge.ts";
import { isSharedWithHonest } from "./anonymous.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";
import { guessedFromWire } from "./guessed-knowledge.ts";

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
    // A key counts once its end has committed: before that, its peer is not authenticated.
    const finishes = rolesThatFinish(baseline.honest);
    const commits = eventsOf(trace, "commit");
    const keys = eventsOf(trace, "secret").filter((e) => {
      // An anonymous peer is honest where an honest end has the same key.
      const isNameless = e.peer === undefined;
      if (isNameless && !isSharedWithHonest(trace, e.at, latin1(e.value))) return false;
      const holders = [e.peer ?? "", processOf(trace, e.at)?.principal ?? e.at];
      if (holders.some((p) => isCorrupt(p, trace.plan.attack))) return false;
      const done = commits.some(
        (c) => c.at === e.at && c.session === e.session && c.peer === e.peer,
      );
      return done || isNameless || !finishes.has(roleOf(e.at));
    });
    const atStake = keys.length;
    const lost = keys.find((e) => knowledgeFromWire(trace).derivable(e.value));
    const knowledge = lost === undefined ? guessedFromWire(trace) : knowledgeFromWire(trace);
    const known = lost ?? keys.find((e) => knowledge?.derivable(e.value));
    if (known === undefined || knowledge === undefined) return { atStake };
    const compute = computeCost(knowledge, latin1(known.value));
    const because = `the attacker can compute the session key of ${known.at} with ${known.peer ?? "its anonymous peer"}`;
    return { atStake, violation: { because, ...(compute === null ? {} : { compute }) } };
  },
};

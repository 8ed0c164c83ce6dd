import { eventsOf } from "../trace/trace-index.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

export const downgrade: Guarantee = {
  id: "downgrade",
  statement:
    "Both ends agree on the suite that they agree on undisturbed, whatever the attacker does.",
  source: "K. Bhargavan et al.: Downgrade resilience in key-exchange protocols, 2016",
  twin: "suite-choice",
  layered: false,
  secrecy: false,
  safety: true,
  counts: withoutDisclosure,
  notApplicable: ({ honest }) =>
    eventsOf(honest, "negotiated").length > 0 ? undefined : "nothing is negotiated",
  judge(trace, { honest }) {
    const best = new Map(eventsOf(honest, "negotiated").map((c) => [c.at, c.suite]));
    const finishes = eventsOf(honest, "commit").length > 0;
    const done = new Set(eventsOf(trace, "commit").map((e) => e.at));
    // If the protocol makes commitments, a choice without one does not count.
    const standing = eventsOf(trace, "negotiated").filter((c) => !finishes || done.has(c.at));
    const worse = standing.find((c) => best.has(c.at) && best.get(c.at) !== c.suite);
    if (worse === undefined) return { atStake: standing.length };
    const because = `${worse.at} finishes with ${worse.suite} instead of ${best.get(worse.at)}`;
    return { atStake: standing.length, violation: { because } };
  },
};

import { operations } from "../../protocol/kit/operations.ts";
import type { Trace } from "../trace/trace.ts";
import type { Guarantee } from "./guarantee.ts";
import { inPairs, packetsAtStake } from "./indistinguishability.ts";
import { type Difference, differenceSeen, type Features } from "./outside-view.ts";
import { usedByAttacker } from "./worlds.ts";

export const constantWork: Guarantee = {
  id: "constant-work",
  statement:
    "Two runs under one attack that differ only in the contents of messages, in who of those acts " +
    "that do not say so, or in whether anybody has the name that a stranger tries or, under a name " +
    "that nobody has, the password, cost as much work.",
  source:
    "P. Kocher: Timing attacks on implementations of Diffie-Hellman, RSA, DSS, and other systems, " +
    "1996; N. AlFardan, K. Paterson: Lucky Thirteen, 2013",
  twin: "hashed-login",
  ...inPairs,
  distinguish(worlds) {
    const atStake = packetsAtStake(worlds);
    const seen = atStake === 0 ? undefined : differenceSeen(worlds, workOf);
    if (seen === undefined) return { atStake };
    const because = `${worlds.secret}, ${wordsFor(seen)}, which takes a time of its own`;
    return { atStake, violation: { because } };
  },
};

/**
 * How often each process has carried out each operation that takes time. Openings and checks are
 * left out: of those that fail nothing is recorded, though they take their time as well.
 */
function workOf(trace: Trace): Features {
  const own = usedByAttacker(trace.plan.attack);
  const honest = new Set(trace.processes.map((p) => p.id).filter((id) => !own.has(id)));
  const counts = new Map<string, number>();
  for (const { op, algorithm, by, backwards } of trace.crypto) {
    if (backwards || !honest.has(by) || operations[op].light === true) continue;
    const place = `${by} ${op} (${algorithm})`;
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return new Map([...counts].map(([place, n]) => [place, `${n}`]));
}

function wordsFor({ place, here = "0", there = "0" }: Difference): string {
  const [by, ...operation] = place.split(" ");
  const [times, instead] = [here, there].map((n) => (n === "1" ? "once" : `${n} times`));
  return `${by} carries out ${operation.join(" ")} ${times} instead of ${instead}`;
}

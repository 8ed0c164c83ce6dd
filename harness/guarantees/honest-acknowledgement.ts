import { isCorrupt } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { processOf } from "../trace/process-of.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { quote } from "./exchanges.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

export const honestAcknowledgement: Guarantee = {
  id: "honest-acknowledgement",
  statement: "Users are told “delivered” only about messages that were delivered.",
  source: "J. Saltzer, D. Reed, D. Clark: End-to-end arguments in system design, 1984",
  twin: "preshared?ack-authentication=off",
  layered: true,
  secrecy: false,
  safety: true,
  counts: withoutDisclosure,
  notApplicable: ({ confirms }) => (confirms ? undefined : "no delivery is ever reported"),
  judge(trace) {
    if (eventsOf(trace, "confirm").length === 0) return { atStake: 0 };
    const delivered = new Map<string, number>();
    const confirmed = new Map<string, number>();
    /** By process and content: whom it was said to, as far as that is known. */
    const meant = new Map<string, Set<Principal | undefined>>();
    /** How many copies a message to a group has to be delivered in. */
    const copies = new Map<string, number>();
    let atStake = 0;
    for (const e of trace.events) {
      if (e.kind !== "submit" && e.kind !== "deliver" && e.kind !== "confirm") continue;
      const content = latin1(e.message);
      if (e.kind === "submit") {
        const { to } = e;
        const key = `${e.at} ${content}`;
        if (typeof to === "object") copies.set(content, to.length);
        else meant.set(key, (meant.get(key) ?? new Set()).add(to));
      } else if (e.kind === "deliver") {
        bump(delivered, content);
        bump(delivered, `${processOf(trace, e.at)?.principal} ${content}`);
      } else {
        const to = addressee(trace, meant.get(`${e.at} ${content}`));
        // Whether the attacker has got it, only the attacker can say.
        if (to !== undefined && isCorrupt(to, trace.plan.attack)) continue;
        atStake++;
        const key = to === undefined ? content : `${to} ${content}`;
        const there = delivered.get(key) ?? 0;
        const owed = copies.get(content) ?? 1;
        if (bump(confirmed, key) * owed <= there) continue;
        const isGroup = owed > 1 && there > 0;
        const one = to === undefined || !delivered.has(content) ? "" : ` to ${to}`;
        const whom = isGroup ? " to all of those it was for" : one;
        const because = `${e.at} was told that ${quote(e.message)} was delivered${whom}, but it was not`;
        return { atStake, violation: { because } };
      }
    }
    return { atStake };
  },
};

/** The one principal that it was said to, if it takes part. */
function addressee(
  trace: Trace,
  meant: ReadonlySet<Principal | undefined> = new Set(),
): Principal | undefined {
  const [to, ...others] = meant;
  if (to === undefined || others.length > 0) return undefined;
  const isThere = trace.processes.some((p) => p.principal === to);
  return isThere || isCorrupt(to, trace.plan.attack) ? to : undefined;
}

function bump(map: Map<string, number>, key: string): number {
  const value = (map.get(key) ?? 0) + 1;
  map.set(key, value);
  return value;
}

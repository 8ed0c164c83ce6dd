import { latin1 } from "../../protocol/kit/bytes.ts";
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
    /** How many copies a message of a group's has to be delivered in. */
    const copies = new Map<string, number>();
    for (const { to, message } of eventsOf(trace, "submit")) {
      if (Array.isArray(to)) copies.set(latin1(message), to.length);
    }
    let atStake = 0;
    for (const e of trace.events) {
      if (e.kind === "deliver") bump(delivered, latin1(e.message));
      if (e.kind !== "confirm") continue;
      atStake++;
      const key = latin1(e.message);
      const owed = copies.get(key) ?? 1;
      const there = delivered.get(key) ?? 0;
      if (bump(confirmed, key) * owed <= there) continue;
      const whom = there >= owed || there === 0 ? "" : " to all of those it was for";
      const because = `${e.at} was told that ${quote(e.message)} was delivered${whom}, but it was not`;
      return { atStake, violation: { because } };
    }
    return { atStake };
  },
};

function bump(map: Map<string, number>, key: string): number {
  const value = (map.get(key) ?? 0) + 1;
  map.set(key, value);
  return value;
}

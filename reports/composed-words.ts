/** How far the adversary was let compose what it sends, in words: a sample, never all there is. */
import type { Composed } from "../harness/verdict.ts";
import { counted, grouped } from "./model.ts";

/** What an attack of that search may be made of. */
export const composedBound = ({ bound }: Composed): string =>
  `composed messages, of up to ${counted(bound.deliveries, "delivery", "deliveries")}, ` +
  `${grouped(bound.made)} of them made by the adversary`;

/** How much of that was looked at. */
export function composedEffort({ states, runs, worlds, exhausted, bound }: Composed): string {
  const all = worlds === exhausted.length ? "all" : grouped(exhausted.length);
  return (
    `${counted(states, "state")} in ${counted(worlds, "setting")} (parallel sessions, and what ` +
    `is disclosed first) looked at in ${counted(runs, "run")}, up to ${grouped(bound.work)} ` +
    `events and operations; nothing was left to look at in ${all} of them`
  );
}

/**
 * What a run loses, and would not lose without what the attack discloses. Shared by the guarantees
 * that ask what session keys, random draws and states are worth to an attacker who gets them.
 */
import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import { declaredFromBytes } from "../../attacker/knowledge/lengths.ts";
import { isCorrupt, type Move, roleOf } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { simulate } from "../run/simulate.ts";
import { processOf } from "../trace/process-of.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf, placesOf } from "../trace/trace-index.ts";
import { knowledgeFromWire, knowledgeOf } from "../trace/trace-knowledge.ts";
import { isSharedWithHonest } from "./anonymous.ts";
import { exchangesOf, type Handover, quote } from "./exchanges.ts";
import type { Baseline, Judgement } from "./guarantee.ts";

/** Something that belongs to one end of a session, and where it stands among all events. */
export interface Place {
  readonly at: string;
  readonly session: string;
  readonly index: number;
}

/** Something that could be lost. */
export interface Stake extends Place {
  /** The same in runs of the same workload, so that losses can be compared. */
  readonly what: string;
  readonly isLost: boolean;
  /** One sentence, where it is lost. */
  readonly because: string;
}

/**
 * Finds what is at stake in a run, for an attacker with this knowledge.
 * @param told the position, among all events, of the last disclosure.
 */
export type StakesOf = (trace: Trace, knowledge: Knowledge, told: number) => readonly Stake[];

/**
 * Looks for a loss that the attack brings about only because of what it discloses: each loss of
 * the same attack without disclosures excuses one like it.
 */
export function judgeExposure(trace: Trace, stakesOf: StakesOf): Judgement {
  const told = placesOf(trace, "disclosed").at(-1);
  if (told === undefined) return { atStake: 0 };
  const stakes = stakesOf(trace, knowledgeOf(trace), told);
  const atStake = stakes.length;
  const lost = stakes.filter((s) => s.isLost);
  if (lost.length === 0) return { atStake };
  const without = withoutDisclosures(trace);
  // Packets take the same time with and without it, but other events may come between.
  const toldMs = trace.events[told]?.t ?? 0;
  const untold = without.events.findIndex((e) => e.t >= toldMs) - 1;
  const excuses = stakesOf(without, knowledgeFromWire(without), untold)
    .filter((s) => s.isLost)
    .map((s) => s.what);
  const { because } = lost.find(({ what }) => !takeOut(excuses, what)) ?? {};
  // What is lost anyway was not at stake here.
  if (because === undefined) return { atStake: atStake - lost.length };
  return { atStake, violation: { because } };
}

/** @returns whether it was there. */
function takeOut(list: string[], item: string): boolean {
  const place = list.indexOf(item);
  if (place >= 0) list.splice(place, 1);
  return place >= 0;
}

/** Whoever learns secrets sees the traffic as well: without them, that has to be said. */
function withoutDisclosure(move: Move): readonly Move[] {
  if (move.move === "disclose") return [];
  return [move.move === "puppet" ? { ...move, watching: true } : move];
}

/**
 * The same attack by an attacker to whom nothing is disclosed. Several judges ask for it; it is
 * kept with the trace, and not by plan: see memoPerTrace.
 */
const withoutDisclosures = memoPerTrace(({ plan }): Trace => {
  // In a run that is only looked at, ingredients are not held to what is known.
  const { probing: _, ...whole } = plan;
  return simulate({ ...whole, attack: plan.attack.flatMap(withoutDisclosure) });
});

const rolesThatFinish = memoPerTrace(
  (honest) => new Set(eventsOf(honest, "commit").map((e) => roleOf(e.at))),
);

/** Session keys that an honest end claims to share with an honest peer, once it has committed. */
export function keyStakes(trace: Trace, honest: Trace, knowledge: Knowledge): readonly Stake[] {
  const finishes = rolesThatFinish(honest);
  const commits = eventsOf(trace, "commit");
  const places = placesOf(trace, "secret");
  return eventsOf(trace, "secret").flatMap(({ at, session, peer, value }, nth) => {
    // An anonymous peer is honest where an honest end has the same key.
    if (peer === undefined && !isSharedWithHonest(trace, at, latin1(value))) return [];
    const holders = [peer ?? "", processOf(trace, at)?.principal ?? at];
    if (holders.some((p) => isCorrupt(p, trace.plan.attack))) return [];
    const done =
      peer === undefined ||
      commits.some((c) => c.at === at && c.session === session && c.peer === peer);
    if (!done && finishes.has(roleOf(at))) return [];
    const whom = peer ?? "its peer";
    const because = `the attacker knows the session key of ${at} with ${whom}`;
    const isLost = knowledge.derivable(value);
    const what = `key of ${at} with ${whom}`;
    return [{ at, session, index: places[nth] as number, what, isLost, because }];
  });
}

/** Messages that can be secret, and that listening alone does not give away. */
export function messageStakes(trace: Trace, honest: Trace, knowledge: Knowledge): readonly Stake[] {
  const readable = knowledgeFromWire(honest);
  const { attack } = trace.plan;
  const isHonest = (p: Principal | undefined): boolean => p === undefined || !isCorrupt(p, attack);
  const isSecret = ({ purpose, message, other, end }: Handover): boolean =>
    purpose === "message" &&
    message.length >= declaredFromBytes &&
    isHonest(other) &&
    isHonest(end.process.principal);
  return exchangesOf(trace).submissions.flatMap((s) => {
    if (!isSecret(s) || readable.derivable(s.message)) return [];
    const { process, session } = s.end;
    const because = `the attacker can read ${quote(s.message)}, which ${process.id} sent`;
    const isLost = knowledge.derivable(s.message);
    const what = `message ${s.content}`;
    return [{ at: process.id, session, index: s.index, what, isLost, because }];
  });
}

/** Why nobody has a secret that could be lost: then nothing is at stake in any run. */
export function nothingSecret({ honest }: Baseline): string | undefined {
  if (eventsOf(honest, "secret").length > 0) return undefined;
  const stakes = messageStakes(honest, honest, knowledgeFromWire(honest));
  return stakes.length > 0
    ? undefined
    : "no session key is ever claimed, and listening gives every message away";
}

const startOf = memoPerTrace((trace) => {
  const starts = new Map<string, number>();
  const places = placesOf(trace, "started");
  for (const [nth, e] of eventsOf(trace, "started").entries()) {
    starts.set(e.at, places[nth] as number);
  }
  return starts;
});

const firstEvents = memoPerTrace((trace) => {
  const first = new Map<string, number>();
  trace.events.forEach((e, index) => {
    if (!("session" in e)) return;
    const end = `${e.at}/${e.session}`;
    if (!first.has(end)) first.set(end, index);
  });
  return first;
});

/**
 * When a session begins for one end of it: the start of its process; for a service, its first
 * statement there, or the start of the process at the address that the session is named after.
 */
export function beginningOf(trace: Trace, { at, session, index }: Place): number {
  const process = processOf(trace, at);
  if (process?.service !== true) return startOf(trace).get(at) ?? index;
  const peer = trace.processes.find((p) => p.address === session && !p.service);
  const asked = peer === undefined ? index : startOf(trace).get(peer.id);
  return Math.min(firstEvents(trace).get(`${at}/${session}`) ?? index, asked ?? index);
}

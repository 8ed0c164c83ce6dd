/**
 * Grades commitments to a peer in Lowe's hierarchy. Shared by the guarantees about authentication.
 */

import { isAdversaryProcess, isCorrupt } from "../../attacker/move.ts";
import type { Principal, Protocol } from "../../protocol/endpoint.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { processOf } from "../trace/process-of.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf, placesOf } from "../trace/trace-index.ts";

/** From strongest to weakest (G. Lowe: A hierarchy of authentication specifications). */
export const grades = [
  "injective agreement",
  "non-injective agreement",
  "weak agreement",
  "aliveness",
  "nothing",
] as const;
type Grade = (typeof grades)[number];

interface Said {
  readonly index: number;
  readonly at: string;
  readonly role: string;
  readonly principal: Principal;
  readonly session: string;
  /** The values it wants agreement on; empty if it names none. */
  readonly agreed: ReadonlySet<string>;
}

interface Commit extends Said {
  readonly peer: Principal;
}

interface Running extends Said {
  /** Absent where it does not know the peer yet. */
  readonly peer: Principal | undefined;
  /** Index of the statement without a peer that this one adds the name to, or its own. */
  readonly run: number;
  /** The peer named later, and the position of that claim. */
  named?: { readonly peer: Principal; readonly index: number };
}

export interface Graded {
  readonly commit: Commit;
  readonly grade: Grade;
}

/** Is this role an initiator, and its peer a responder? Then it authenticates a server. */
export function asks(protocol: Protocol, role: string, peer: Principal): boolean {
  const spec = protocol.roles.find((r) => r.name === role);
  const answering = protocol.roles.find((r) => r.name === spec?.peer);
  if (answering === undefined) return false;
  const others = protocol.roles.filter((r) => r.name !== role);
  // The role talks to a relay, but the peer meant may be another of its clients.
  return (
    !others.some((r) => r.name !== answering.name && r.principals.includes(peer)) &&
    (answering.principals.includes(peer) || !spec?.principals.includes(peer))
  );
}

interface Claimed<P> {
  readonly at: string;
  readonly session: string;
  readonly peer: P;
  readonly agreed: Uint8Array | undefined;
}

/** @param places the positions of the events among all of the run. */
function statements<P>(
  trace: Trace,
  events: readonly Claimed<P>[],
  places: readonly number[],
): readonly (Said & { readonly peer: P })[] {
  return events.flatMap((e, nth) => {
    const process = processOf(trace, e.at);
    if (process === undefined) return [];
    const { at, session, peer } = e;
    const { role, principal } = process;
    const agreed = new Set(e.agreed === undefined ? [] : [latin1(e.agreed)]);
    return [{ index: places[nth] as number, at, role, principal, session, peer, agreed }];
  });
}

function runningsOf(trace: Trace): readonly Running[] {
  const keys = new Map<string, Set<string>>();
  for (const e of eventsOf(trace, "secret")) {
    const key = `${e.at}/${e.session}`;
    keys.set(key, (keys.get(key) ?? new Set()).add(latin1(e.value)));
  }
  /** Runs whose peer has no name yet, by session. */
  const nameless = new Map<string, Running>();
  const all = statements(trace, eventsOf(trace, "running"), placesOf(trace, "running"));
  return all.map((said) => {
    const { index, peer } = said;
    const end = `${said.at}/${said.session}`;
    if (peer === undefined) {
      const running: Running = { ...said, run: index };
      nameless.set(end, running);
      return running;
    }
    const before = nameless.get(end);
    nameless.delete(end);
    if (before !== undefined) before.named = { peer, index };
    // Running with a peer includes running with the key that results from it.
    const agreed = new Set([...said.agreed, ...(keys.get(end) ?? [])]);
    return { ...said, agreed, run: before?.run ?? index };
  });
}

/** Grades every commitment to an honest peer; several guarantees ask for it. */
export const gradeCommits = memoPerTrace((trace) =>
  eventsOf(trace, "commit").length === 0 ? [] : gradeAll(trace),
);

function gradeAll(trace: Trace): readonly Graded[] {
  const runnings = runningsOf(trace);
  /** Runs that a commitment rests on already: each counts for one. */
  const used = new Set<number>();
  const active = new Map<Principal, number>();
  const places = placesOf(trace, "sent");
  eventsOf(trace, "sent").forEach((e, nth) => {
    const principal = processOf(trace, e.at)?.principal;
    if (principal === undefined || active.has(principal)) return;
    active.set(principal, places[nth] as number);
  });
  return statements(trace, eventsOf(trace, "commit"), placesOf(trace, "commit"))
    .filter((c) => [c.peer, c.principal].every((p) => !isCorrupt(p, trace.plan.attack)))
    .filter((c) => !isAdversaryProcess(c.at))
    .map((commit) => ({ commit, grade: grade(commit, runnings, used, active) }));
}

function grade(
  commit: Commit,
  runnings: readonly Running[],
  used: Set<number>,
  active: ReadonlyMap<Principal, number>,
): Grade {
  const lives = (active.get(commit.peer) ?? Number.POSITIVE_INFINITY) < commit.index;
  if (!lives) return "nothing";
  const weak = runnings.filter(
    (r) => r.principal === commit.peer && r.index < commit.index && isWith(r, commit),
  );
  if (weak.length === 0) return "aliveness";
  const silent = (s: Said): boolean => s.agreed.size === 0;
  const matching = weak.filter((r) => silent(commit) || silent(r) || agree(r, commit));
  if (matching.length === 0) return "weak agreement";
  const fresh = matching.find((r) => !used.has(r.run));
  if (fresh === undefined) return "non-injective agreement";
  used.add(fresh.run);
  return "injective agreement";
}

const agree = (a: Said, b: Said): boolean => [...a.agreed].some((v) => b.agreed.has(v));

/**
 * Is this a run with the committing principal? Without a peer name, an agreed value must match; a
 * name that was added by then decides.
 */
function isWith(running: Running, commit: Commit): boolean {
  const { peer, named } = running;
  if (peer !== undefined) return peer === commit.principal;
  const isNamed = named !== undefined && named.index < commit.index;
  return agree(running, commit) && (!isNamed || named.peer === commit.principal);
}

/** One sentence about a commitment with too weak a grade. */
export function explainGrade({ commit, grade }: Graded): string {
  const who = `${commit.at} believes to have finished with ${commit.peer}`;
  switch (grade) {
    case "nothing":
      return `${who}, who was not there at all (not even aliveness)`;
    case "aliveness":
      return `${who}, who is alive but was not running with ${commit.principal} (aliveness only)`;
    case "weak agreement":
      return `${who}, who was running with ${commit.principal}, but they do not agree on the session (weak agreement only)`;
    default:
      return `${who} twice, for one run of ${commit.peer} (no injective agreement)`;
  }
}

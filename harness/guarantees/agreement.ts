/**
 * Lowe's hierarchy, judged: what a commitment to a peer is worth. Shared by the guarantees about
 * authentication.
 */

import { isAttacker, isEnemy } from "../../attacker/move.ts";
import type { Principal, Protocol } from "../../protocol/endpoint.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { eventsOf, placesOf } from "../events-of.ts";
import { perRun } from "../finished-run.ts";
import type { Trace } from "../trace.ts";

/** What is still true, strongest first (G. Lowe: A hierarchy of authentication specifications). */
export const grades = [
  "injective agreement",
  "non-injective agreement",
  "weak agreement",
  "aliveness",
  "nothing",
] as const;
export type Grade = (typeof grades)[number];

interface Statement {
  readonly index: number;
  readonly at: string;
  readonly role: string;
  readonly principal: Principal;
  readonly session: string;
  readonly peer: Principal;
  /** The values it wants agreement on; empty if it names none. */
  readonly agreed: ReadonlySet<string>;
}

export interface Graded {
  readonly commit: Statement;
  readonly grade: Grade;
}

/** Does this role ask, and its peer answer? Then its commitments authenticate a server. */
export function asks(protocol: Protocol, role: string, peer: Principal): boolean {
  const spec = protocol.roles.find((r) => r.name === role);
  const answering = protocol.roles.find((r) => r.name === spec?.peer);
  if (answering === undefined) return false;
  const others = protocol.roles.filter((r) => r.name !== role);
  // A relay is asked, but the peer meant may be another of its clients.
  return (
    !others.some((r) => r.name !== answering.name && r.principals.includes(peer)) &&
    (answering.principals.includes(peer) || !spec?.principals.includes(peer))
  );
}

function statements(trace: Trace, kind: "running" | "commit"): readonly Statement[] {
  const processes = new Map(trace.processes.map((p) => [p.id, p]));
  const keys = new Map<string, Set<string>>();
  for (const e of kind === "running" ? eventsOf(trace, "secret") : []) {
    const key = `${e.at}/${e.session}`;
    keys.set(key, (keys.get(key) ?? new Set()).add(latin1(e.value)));
  }
  const found: Statement[] = [];
  const places = placesOf(trace, kind);
  eventsOf(trace, kind).forEach((e, nth) => {
    const index = places[nth] as number;
    const process = processes.get(e.at);
    if (process === undefined) return;
    const agreed = new Set(e.agreed === undefined ? [] : [latin1(e.agreed)]);
    // Running with somebody includes running with the key that results from it.
    if (kind === "running") {
      for (const k of keys.get(`${e.at}/${e.session}`) ?? []) agreed.add(k);
    }
    const { at, session, peer } = e;
    const { role, principal } = process;
    found.push({ index, at, role, principal, session, peer, agreed });
  });
  return found;
}

/** Grades every commitment to an honest peer; several guarantees ask for it. */
export const gradeCommits = perRun((trace) =>
  eventsOf(trace, "commit").length === 0 ? [] : gradeAll(trace),
);

function gradeAll(trace: Trace): readonly Graded[] {
  const runnings = statements(trace, "running");
  /** Runs that a commitment rests on already: each is good for one. */
  const used = new Set<number>();
  const active = new Map<Principal, number>();
  const principalOf = new Map(trace.processes.map((p) => [p.id, p.principal]));
  const places = placesOf(trace, "sent");
  eventsOf(trace, "sent").forEach((e, nth) => {
    const principal = principalOf.get(e.at);
    if (principal === undefined || active.has(principal)) return;
    active.set(principal, places[nth] as number);
  });
  return statements(trace, "commit")
    .filter((c) => [c.peer, c.principal].every((p) => !isEnemy(p, trace.plan.attack)))
    .filter((c) => !isAttacker(c.at))
    .map((commit) => ({ commit, grade: grade(commit, runnings, used, active) }));
}

function grade(
  commit: Statement,
  runnings: readonly Statement[],
  used: Set<number>,
  active: ReadonlyMap<Principal, number>,
): Grade {
  const lives = (active.get(commit.peer) ?? Number.POSITIVE_INFINITY) < commit.index;
  if (!lives) return "nothing";
  const weak = runnings.filter(
    (r) => r.principal === commit.peer && r.peer === commit.principal && r.index < commit.index,
  );
  if (weak.length === 0) return "aliveness";
  const silent = (s: Statement): boolean => s.agreed.size === 0;
  const matching = weak.filter(
    (r) => silent(commit) || silent(r) || [...commit.agreed].some((v) => r.agreed.has(v)),
  );
  if (matching.length === 0) return "weak agreement";
  const fresh = matching.find((r) => !used.has(r.index));
  if (fresh === undefined) return "non-injective agreement";
  used.add(fresh.index);
  return "injective agreement";
}

/** One sentence about a commitment that is worth too little. */
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

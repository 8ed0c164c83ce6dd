/**
 * Grades commitments to a peer in Lowe's hierarchy. Shared by the guarantees about authentication.
 */

import { isAdversaryProcess, isCorrupt } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { processOf } from "../trace/process-of.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { ProcessInfo, Trace } from "../trace/trace.ts";
import { eventsOf, placesOf } from "../trace/trace-index.ts";
import { mayMeet } from "./roles.ts";

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
  readonly process: ProcessInfo;
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
  /** The role of the peer's run, where it runs in one that cannot be at the other end. */
  readonly wrongRole?: string;
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
    const { principal } = process;
    const agreed = new Set(e.agreed === undefined ? [] : [latin1(e.agreed)]);
    return [{ index: places[nth] as number, at, process, principal, session, peer, agreed }];
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
    .map((commit) => {
      const lives = (active.get(commit.peer) ?? Number.POSITIVE_INFINITY) < commit.index;
      return lives ? grade(trace, commit, runnings, used) : { commit, grade: "nothing" };
    });
}

const silent = (s: Said): boolean => s.agreed.size === 0;

/** @param used the runs that others rest on already; the one this rests on is added. */
function grade(
  trace: Trace,
  commit: Commit,
  runnings: readonly Running[],
  used: Set<number>,
): Graded {
  const weak = runnings.filter(
    (r) => r.principal === commit.peer && r.index < commit.index && isWith(r, commit),
  );
  if (weak.length === 0) return { commit, grade: "aliveness" };
  const agreeing = weak.filter((r) => silent(commit) || silent(r) || agree(r, commit));
  const matching = agreeing.filter((r) =>
    mayMeet(trace, commit, { process: r.process, peer: commit.principal }),
  );
  if (matching.length === 0) {
    const [other] = agreeing;
    const wrong = other === undefined ? {} : { wrongRole: other.process.role };
    return { commit, grade: "weak agreement", ...wrong };
  }
  const fresh = matching.find((r) => !used.has(r.run));
  if (fresh === undefined) return { commit, grade: "non-injective agreement" };
  used.add(fresh.run);
  return { commit, grade: "injective agreement" };
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
export function explainGrade({ commit, grade, wrongRole }: Graded): string {
  const who = `${commit.at} believes to have finished with ${commit.peer}`;
  switch (grade) {
    case "nothing":
      return `${who}, who was not there at all (not even aliveness)`;
    case "aliveness":
      return `${who}, who is alive but was not running with ${commit.principal} (aliveness only)`;
    case "weak agreement":
      if (wrongRole !== undefined) {
        return `${who}, who was running with ${commit.principal}, but as ${wrongRole}, as ${commit.at} was itself (weak agreement only: no agreement on the roles)`;
      }
      return `${who}, who was running with ${commit.principal}, but they do not agree on the session (weak agreement only)`;
    default:
      return `${who} twice, for one run of ${commit.peer} (no injective agreement)`;
  }
}

import { isCorrupt, roleOf } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { ProcessInfo, Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { type End, exchangesOf, isWithAddress } from "./exchanges.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";
import { calledBy, mayMeet } from "./roles.ts";

export const keyAgreement: Guarantee = {
  id: "key-agreement",
  statement:
    "Two ends that both finish hold the same key, and ends that hold the same key agree on who is who.",
  source: "S. Blake-Wilson, A. Menezes: Unknown key-share attacks on STS, 1999",
  twin: "preshared?confirmation=off",
  layered: false,
  secrecy: false,
  safety: true,
  vacuousBecause: "no two ends finish with each other, each with a key",
  counts: withoutDisclosure,
  notApplicable: ({ honest }) =>
    eventsOf(honest, "commit").length > 0 && eventsOf(honest, "secret").length > 0
      ? undefined
      : "nobody ever claims to have finished with a key",
  misstated: () => "both ends claim their keys in the same order, and the last ones are compared",
  judge(trace, { honest }) {
    const all = exchangesOf(trace).ends.flatMap((end) => finishedOf(trace, end));
    let atStake = 0;
    for (const [i, a] of all.entries()) {
      for (const b of all.slice(i + 1)) {
        const compared = compare(trace, a, b, all);
        if (compared === undefined) continue;
        atStake++;
        if (compared !== "agree") return { atStake, violation: { because: compared } };
      }
    }
    const silent = neverFinishing(honest);
    if (silent === undefined) return { atStake };
    return { atStake, doubt: `${silent} has a key and never says that it has finished (commit)` };
  },
};

/** An end that has finished with a key. */
interface Finished {
  readonly end: End;
  readonly process: ProcessInfo;
  readonly peer: Principal;
  /** Everybody that it has finished with. */
  readonly peers: ReadonlySet<Principal>;
  readonly key: string;
  /** The last key that it claims to share with the peer it finished with. */
  readonly keyWithPeer: string;
}

function finishedOf(trace: Trace, end: End): readonly Finished[] {
  const { process, session, keys, commits } = end;
  const key = keys.at(-1);
  const peer = commits.at(-1)?.peer;
  if (key === undefined || peer === undefined) return [];
  const own = eventsOf(trace, "secret").findLast(
    (e) => e.at === process.id && e.session === session && e.peer === peer,
  );
  const keyWithPeer = own === undefined ? key : latin1(own.value);
  const peers = new Set(commits.map((c) => c.peer));
  return [{ end, process, peer, peers, key, keyWithPeer }];
}

/** A role that has keys in the undisturbed run, and never commits: of it nothing is known. */
const neverFinishing = memoPerTrace((honest): string | undefined => {
  const finishing = new Set(eventsOf(honest, "commit").map((e) => roleOf(e.at)));
  return eventsOf(honest, "secret")
    .map((e) => roleOf(e.at))
    .find((role) => !finishing.has(role));
});

/** @returns what is wrong between the two; `undefined` if they are not the ends of a session. */
function compare(
  trace: Trace,
  a: Finished,
  b: Finished,
  all: readonly Finished[],
): string | undefined {
  if (a.process.id === b.process.id || !areOpposite(trace, a, b)) return undefined;
  if (a.key === b.key) {
    // Both know that the attacker is at the other end: it may give them what key it likes.
    if ([a.peer, b.peer].every((p) => isCorrupt(p, trace.plan.attack))) return undefined;
    return otherName(a, b) ?? otherName(b, a) ?? "agree";
  }
  if (a.peer !== b.process.principal || b.peer !== a.process.principal) return undefined;
  if (!areConnected(trace, a.end, b.end)) return undefined;
  if (a.keyWithPeer === b.keyWithPeer || isAhead(a, b) || isAhead(b, a)) return "agree";
  // Each may have found the other's principal at the other end of another connection.
  if (hasMatch(a, all) && hasMatch(b, all)) return undefined;
  return `${a.process.id} and ${b.process.id} have both finished with each other, with different keys`;
}

/** Two who play one role are opposite if neither of them means whom it calls, which is a relay. */
function areOpposite(trace: Trace, a: Finished, b: Finished): boolean {
  if (!mayMeet(trace, a, b)) return false;
  if (a.process.role !== b.process.role) return true;
  if (a.process.principal === b.process.principal || a.peer === b.peer) return false;
  return [a, b].every(({ process, peer }) => calledBy(trace, process) !== peer);
}

function otherName(a: Finished, b: Finished): string | undefined {
  if (a.peers.has(b.process.principal)) return undefined;
  return `${a.process.id} and ${b.process.id} share a key, but ${a.process.id} believes to share it with ${a.peer}, not with ${b.process.principal}`;
}

/** By their addresses; two processes that are started for one session are connected anyway. */
function areConnected(trace: Trace, a: End, b: End): boolean {
  const { plannedSession } = a.process;
  if (plannedSession !== undefined && plannedSession === b.process.plannedSession) return true;
  if (!isWithAddress(a, b.process.address) && !isWithAddress(b, a.process.address)) return false;
  // An address may be used for one session after another.
  const { isThere } = exchangesOf(trace);
  return isThere(a.process, b) && isThere(b.process, a);
}

/**
 * Members of one role may finish with the same peer again and again, and with who poses as it:
 * then the last keys are of different sessions, if one of the two has had that of the other.
 */
const isAhead = (a: Finished, b: Finished): boolean =>
  a.process.role === b.process.role && a.end.keys.includes(b.keyWithPeer);

/** Does the peer it finished with hold its key, and know whose it is? */
const hasMatch = ({ process, peer, key }: Finished, all: readonly Finished[]): boolean =>
  all.some((o) => o.process.principal === peer && o.key === key && o.peers.has(process.principal));

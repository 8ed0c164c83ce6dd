import type { Millis, Principal } from "../../protocol/endpoint.ts";
import type { ProcessInfo, Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { type End, type Exchanges, exchangesOf, type Handover, quote } from "./exchanges.ts";
import { type Guarantee, recordedOnly } from "./guarantee.ts";

export const replayAcrossSessions: Guarantee = {
  id: "replay-across-sessions",
  statement: "No session accepts, or logs anybody in by, what was sent in another session.",
  source: "P. Syverson: A taxonomy of replay attacks, 1994 (run-external replays)",
  twin: "preshared?freshness=off",
  layered: false,
  secrecy: false,
  safety: true,
  vacuousBecause: "nobody accepts a message, and nobody logs in",
  counts: recordedOnly,
  judge(trace, { honest }) {
    const exchanges = exchangesOf(trace);
    const { deliveries, ends } = exchanges;
    const atStake = deliveries.length + ends.filter((e) => e.commits.length > 0).length;
    for (const d of deliveries) {
      const violation = fromElsewhere(d, exchanges) ?? unsubmitted(d, trace, honest);
      if (violation !== undefined) return { atStake, violation };
    }
    for (const end of ends) {
      const violation = replayedLogin(end, exchanges, trace);
      if (violation !== undefined) return { atStake, violation };
    }
    return { atStake };
  },
};

/**
 * Sessions of one party under one key, or of one service without keys: the other party should have
 * equally many.
 */
const sameKey = (a: End, b: End): boolean =>
  isAtSameParty(a, b) && (a.keys.some((k) => b.keys.includes(k)) || (isKeyless(a) && isKeyless(b)));
const isAtSameParty = (a: End, b: End): boolean =>
  a.process.role === b.process.role && a.process.principal === b.process.principal;
const isKeyless = ({ process, keys }: End): boolean => process.service && keys.length === 0;

function fromElsewhere(d: Handover, { submissions, deliveries, partners }: Exchanges) {
  const same = submissions.filter((s) => s.index < d.index && s.content === d.content);
  const elsewhere = same.filter((s) => s.end.process.id !== d.end.process.id);
  if (elsewhere.length === 0) return undefined;
  const ends = partners(d.end);
  // What returns to its own sender is a reflection, which involves no other session.
  const own = same.filter((s) => ends.includes(s.end) || s.end === d.end);
  const again = deliveries.filter(
    (o) => o.index <= d.index && o.content === d.content && sameKey(o.end, d.end),
  );
  if (own.length > 0) {
    // Without keys sessions cannot be matched: everything sent counts.
    const [sent, where] = isKeyless(d.end)
      ? [same.length, "another session"]
      : [own.length, "another session with the same key"];
    if (again.length <= sent || again.every((o) => o.end === d.end)) return undefined;
    return {
      because: `${d.end.process.id} accepted ${quote(d.message)} again, in ${where}`,
    };
  }

  // The same text sent in two sessions is two messages: compare counts.
  const accepted = deliveries.filter((o) => o.index <= d.index && o.content === d.content).length;
  if (ends.length > 0 && accepted <= elsewhere.length && d.end.keys.length === 0) return undefined;
  return {
    because: `${d.end.process.id} accepted ${quote(d.message)} in a session in which nobody sent it; it comes from a session of ${elsewhere[0]?.end.process.id}`,
  };
}

/** Has a recorded packet come to this process by then? */
const isReplayedTo = (trace: Trace, { id }: ProcessInfo, t: Millis): boolean =>
  eventsOf(trace, "received").some(
    (e) => e.at === id && e.t <= t && trace.packets[e.packet]?.byAttacker === "replayed",
  );

/** What no user hands over, such as a login, is accepted as often as it is undisturbed. */
function unsubmitted(d: Handover, trace: Trace, honest: Trace) {
  const { submissions, deliveries } = exchangesOf(trace);
  if (submissions.some((s) => s.index < d.index && s.content === d.content)) return undefined;
  const isSame = (o: Handover): boolean =>
    o.content === d.content && o.other === d.other && isAtSameParty(o.end, d.end);
  const accepted = deliveries.filter((o) => o.index <= d.index && isSame(o));
  const usual = exchangesOf(honest).deliveries.filter(isSame).length;
  if (accepted.length <= usual || accepted.every((o) => o.end === d.end)) return undefined;
  if (!isReplayedTo(trace, d.end.process, d.t)) return undefined;
  return {
    because: `${d.end.process.id} accepted ${quote(d.message)} of ${d.other} again, in another session`,
  };
}

function replayedLogin(end: End, { ends, partners }: Exchanges, trace: Trace) {
  const commit = end.commits[0];
  if (commit === undefined || !end.process.service) return undefined;
  if (!isReplayedTo(trace, end.process, commit.t)) return undefined;
  // Each session with this peer needs a session of the peer's at its other end.
  const believed = ends.filter((o) => {
    const [first] = o.commits;
    const isEarlier = first !== undefined && first.t <= commit.t && first.peer === commit.peer;
    return isEarlier && isAtSameParty(o, end);
  });
  const alike = believed.filter((o) => o === end || sameKey(o, end));
  const others = alike.flatMap(partners).filter((p) => p.process.principal === commit.peer);
  const there = new Set(others).size;
  // Of a peer that claims nothing, only the packets show that it is there.
  const isEnough =
    there > 0 ? there >= alike.length : speakers(trace, commit, believed, ends) >= believed.length;
  if (isEnough) return undefined;
  return {
    because: `${end.process.id} believes ${commit.peer} is there, in a session made of recorded packets alone`,
  };
}

/** How many processes of a peer have sent something to these ends, if none of them says anything. */
function speakers(
  { packets, processes }: Trace,
  commit: { readonly peer: Principal; readonly t: Millis },
  believed: readonly End[],
  ends: readonly End[],
): number {
  const own = new Set(processes.filter((p) => p.principal === commit.peer).map((p) => p.id));
  if (ends.some((e) => own.has(e.process.id))) return 0;
  const to = new Set(believed.map((e) => e.process.id));
  const sent = packets.filter(
    (p) => p.byAttacker === undefined && p.sentMs <= commit.t && own.has(p.from) && to.has(p.to),
  );
  return new Set(sent.map((p) => p.from)).size;
}

import type { Trace } from "../trace/trace.ts";
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
  judge(trace) {
    const exchanges = exchangesOf(trace);
    const { deliveries, ends } = exchanges;
    const atStake = deliveries.length + ends.filter((e) => e.commits.length > 0).length;
    for (const d of deliveries) {
      const violation = fromElsewhere(d, exchanges);
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
  a.process.role === b.process.role &&
  a.process.principal === b.process.principal &&
  (a.keys.some((k) => b.keys.includes(k)) || (isKeyless(a) && isKeyless(b)));
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

function replayedLogin(end: End, { ends, partners }: Exchanges, trace: Trace) {
  const commit = end.commits[0];
  if (commit === undefined || !end.process.service) return undefined;
  const replayed = eventsOf(trace, "received").some(
    (e) =>
      e.at === end.process.id &&
      e.t <= commit.t &&
      trace.packets[e.packet]?.byAttacker === "replayed",
  );
  if (!replayed) return undefined;
  // Each session with this peer needs a session of the peer's at its other end.
  const believed = ends.filter((o) => {
    const [first] = o.commits;
    return (
      first !== undefined && first.t <= commit.t && first.peer === commit.peer && sameKey(o, end)
    );
  });
  const others = believed.flatMap(partners).filter((p) => p.process.principal === commit.peer);
  const there = new Set(others).size;
  if (there > 0 && there >= believed.length) return undefined;
  return {
    because: `${end.process.id} believes ${commit.peer} is there, in a session made of recorded packets alone`,
  };
}

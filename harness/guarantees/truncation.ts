import { isCorrupt } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import { processOf } from "../trace/process-of.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf, placesOf } from "../trace/trace-index.ts";
import { type End, exchangesOf, type Handover, quote } from "./exchanges.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

export const truncation: Guarantee = {
  id: "truncation",
  statement:
    "An application that is told of an orderly end has received everything that was sent to it.",
  source:
    "RFC 8446 §6.1 (truncation attacks); B. Smyth, A. Pironti: Truncating TLS connections, 2013",
  twin: "statement?ending=closed",
  layered: true,
  secrecy: false,
  safety: true,
  vacuousBecause: "no application is told of an orderly end",
  counts: withoutDisclosure,
  notApplicable: ({ honest }) =>
    endingsOf(honest).length > 0 ? undefined : "no application is ever told that its peer is done",
  judge(trace) {
    const endings = endingsOf(trace);
    for (const { end, from, index } of endings) {
      const missing = owedTo(trace, end, from, index);
      if (missing === undefined) continue;
      const because = `${end.process.id} was told that ${from ?? "its peer"} has said everything, but ${quote(missing.message)} had not arrived`;
      return { atStake: endings.length, violation: { because } };
    }
    return { atStake: endings.length };
  },
};

interface Ending {
  readonly end: End;
  /** Absent where the process names nobody. */
  readonly from: Principal | undefined;
  /** Position among all events of the run. */
  readonly index: number;
}

/** Where applications learn that all has been said. */
function endingsOf(trace: Trace): readonly Ending[] {
  const { ends } = exchangesOf(trace);
  const places = placesOf(trace, "ended");
  const told = eventsOf(trace, "ended").flatMap(({ at, session, from }, nth): readonly Ending[] => {
    const end = ends.find((e) => e.process.id === at && e.session === session);
    const index = places[nth] as number;
    return end === undefined || isCorrupt(from, trace.plan.attack) ? [] : [{ end, from, index }];
  });
  return [...told, ...contentExits(trace, ends)];
}

/** Processes that exit and are content, as soon as their connection is closed. */
function contentExits(trace: Trace, ends: readonly End[]): readonly Ending[] {
  const places = placesOf(trace, "exited");
  return eventsOf(trace, "exited").flatMap(({ at, ok, t }, nth): readonly Ending[] => {
    const index = places[nth] as number;
    const before = trace.events.slice(0, index).findLast((e) => e.at === at);
    if (!ok || before?.kind !== "closed" || before.t !== t) return [];
    const process = processOf(trace, at);
    const own = ends.filter((e) => e.process === process && !process?.service);
    return own.map((end) => ({ end, from: end.commits.at(-1)?.peer, index }));
  });
}

/**
 * @returns a message of the peer that was not delivered by then. It may come later, too: then the
 *   peer had not said everything.
 */
function owedTo(
  trace: Trace,
  end: End,
  from: Principal | undefined,
  index: number,
): Handover | undefined {
  const { submissions, deliveries, partners } = exchangesOf(trace);
  const peers = partners(end);
  const receiver = end.process.principal;
  const sent = submissions.filter(
    (s) =>
      s.purpose === "message" &&
      peers.includes(s.end) &&
      (from === undefined || s.end.process.principal === from) &&
      (s.other === undefined || s.other === receiver),
  );
  const received = deliveries.filter((d) => d.index < index && d.end === end);
  const left = received.map((d) => d.content);
  return sent.find((s) => {
    const at = left.indexOf(s.content);
    if (at < 0) return true;
    left.splice(at, 1);
    return false;
  });
}

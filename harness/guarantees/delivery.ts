import { capabilityOf, isCorrupt, roleOf } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { principalOf } from "../run/address-book.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { ProcessId, Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { exchangesOf, quote } from "./exchanges.ts";
import type { Baseline, Guarantee } from "./guarantee.ts";

export const delivery: Guarantee = {
  id: "delivery",
  statement:
    "After finitely many losses, delays and duplications everything that was sent is delivered, and confirmed where the protocol confirms.",
  source: "B. Alpern, F. Schneider: Defining liveness, 1985; RFC 9293 §3.8 (retransmission)",
  twin: "preshared?retransmission=off",
  layered: true,
  secrecy: false,
  safety: false,
  vacuousBecause: "nobody wants to send a message that is within the stated limit",
  // A connection that ends is another matter: see reconnection.ts.
  counts: (attack, transport) =>
    capabilityOf(attack, transport) === "none" && !attack.some((m) => m.move === "cut"),
  judge(trace, baseline) {
    const owed = owedMessages(trace, baseline);
    const delivered = countOf(exchangesOf(trace).deliveries.map((d) => d.content));
    const confirmed = countOf(eventsOf(trace, "confirm").map((e) => latin1(e.message)));
    const confirming = confirmingRoles(baseline.honest);
    const wantedOf = countOf(owed.map((o) => latin1(o.message)));
    const missed = missedBy(trace, owed);
    const sent = countOf(owed.flatMap((o) => (o.isCopy ? [] : [latin1(o.message)])));
    for (const { from, to, message } of owed) {
      const key = latin1(message);
      const missing =
        (delivered.get(key) ?? 0) < (wantedOf.get(key) ?? 0)
          ? "was never delivered"
          : missed(key, to)
            ? `was never delivered to ${to}`
            : confirming.has(roleOf(from)) && (confirmed.get(key) ?? 0) < (sent.get(key) ?? 0)
              ? "was delivered but never confirmed"
              : undefined;
      if (missing === undefined) continue;
      const because = `${quote(message)} of ${from} ${missing}${whatElse(trace)}`;
      return { atStake: owed.length, violation: { because } };
    }
    return { atStake: owed.length };
  },
};

/** Have others got what is meant for a principal that takes part? */
function missedBy(
  trace: Trace,
  owed: readonly { readonly to: Principal | undefined; readonly message: Uint8Array }[],
): (content: string, to: Principal | undefined) => boolean {
  const there = new Set(trace.processes.map((p) => p.principal));
  const { deliveries } = exchangesOf(trace);
  return (content, to) => {
    if (to === undefined || !there.has(to)) return false;
    const wanted = owed.filter((o) => o.to === to && latin1(o.message) === content).length;
    const got = deliveries.filter(
      (d) => d.end.process.principal === to && d.content === content,
    ).length;
    return got < wanted;
  };
}

/** Some confirm what one side sends and not what the other does, as requests and responses. */
const confirmingRoles = memoPerTrace(
  (honest) => new Set(eventsOf(honest, "confirm").map((e) => roleOf(e.at))),
);

function countOf(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** What the protocol guarantees to deliver: messages within its own stated limit. */
function owedMessages(trace: Trace, { protocol }: Baseline) {
  const limit = protocol.limits?.messageBytes ?? Number.POSITIVE_INFINITY;
  return trace.outcomes.flatMap(({ session, wanted }) =>
    wanted.filter((w) => w.message.length <= limit && isBetweenHonest(trace, session, w)),
  );
}

/** Nothing is owed to the attacker, nor by it: neither end of such a session need be there. */
function isBetweenHonest(
  { plan: { protocol, workload, attack } }: Trace,
  session: number,
  { from, to }: { readonly from: ProcessId; readonly to: Principal | undefined },
): boolean {
  const plan = workload.sessions[session];
  const speaking = protocol.roles.find((r) => r.name === roleOf(from));
  if (speaking === undefined) return true;
  const facing = protocol.roles.filter(
    (r) => r.name === speaking.peer || (to === undefined && r.peer === speaking.name),
  );
  const listeners = [...facing.map((r) => principalOf(r, plan)), ...(to === undefined ? [] : [to])];
  return [principalOf(speaking, plan), ...listeners].every((p) => !isCorrupt(p, attack));
}

function whatElse(trace: Trace): string {
  const end = trace.events.find((e) => e.kind === "crashed" || e.kind === "stopped");
  if (end === undefined) return "";
  return end.kind === "crashed" ? `; ${end.at} crashed (${end.because})` : `; ${end.because}`;
}

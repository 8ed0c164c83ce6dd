/** Who talks to the attacker knowingly, as to a registered user: such a user may be told things. */
import { attackerHost } from "../../attacker/move.ts";
import type { Address, Principal } from "../../protocol/endpoint.ts";
import { processOf } from "../trace/process-of.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { Packet, ProcessInfo, Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { calledBy } from "./roles.ts";

/** A process that names the attacker as its peer, and to which addresses; everywhere, if absent. */
interface Host {
  readonly process: ProcessInfo;
  readonly to?: ReadonlySet<Address>;
}

/** The ends of honest processes that name the attacker, as `mallory`, for their peer. */
export const hostsOf = memoPerTrace((trace): readonly Host[] => {
  const claims = [
    ...eventsOf(trace, "running"),
    ...eventsOf(trace, "commit"),
    ...eventsOf(trace, "secret"),
  ];
  const named = claims.flatMap(({ at, session, peer }): readonly Host[] => {
    const process = processOf(trace, at);
    if (peer !== attackerHost || process === undefined) return [];
    if (!process.service) return [{ process }];
    return [{ process, to: new Set([session, ...(process.places?.get(session) ?? [])]) }];
  });
  const called = trace.processes.filter((p) => calledBy(trace, p) === attackerHost);
  return [...named, ...called.map((process) => ({ process }))];
});

/** Does this principal play host to the attacker in some session? */
export const isHost = (trace: Trace, principal: Principal): boolean =>
  hostsOf(trace).some((h) => h.process.principal === principal);

/** Did one of these hosts send this to the attacker, as to a user like others? */
export const isForGuest = (hosts: readonly Host[], packet: Packet): boolean =>
  hosts.some(
    ({ process, to }) =>
      packet.from === process.id &&
      packet.byAttacker === undefined &&
      (to?.has(packet.destination) ?? true),
  );

/**
 * Who may be at the other end of whom, by the roles they play: part of what Lowe's agreement is
 * about. Names do not tell, for principals exchange their roles from session to session.
 */
import type { Principal, Protocol, RoleSpec } from "../../protocol/endpoint.ts";
import { principalOf } from "../run/address-book.ts";
import type { ProcessInfo, Trace } from "../trace/trace.ts";

/** One end of what two parties say of each other: a process, and whom it names. */
export interface Side {
  readonly process: Pick<ProcessInfo, "role" | "principal" | "plannedSession">;
  readonly peer: Principal;
}

const roleNamed = (protocol: Protocol, name: string | undefined): RoleSpec | undefined =>
  protocol.roles.find((r) => r.name === name);

/** Whom the plan has this process call; `undefined` where it only answers. */
export function calledBy(
  { plan: { protocol, workload } }: Trace,
  { role, plannedSession }: Side["process"],
): Principal | undefined {
  const spec = roleNamed(protocol, roleNamed(protocol, role)?.peer);
  if (spec === undefined) return undefined;
  const session = plannedSession === undefined ? undefined : workload.sessions[plannedSession];
  return principalOf(spec, session);
}

/**
 * Is this role an initiator, and its peer a responder? Then it authenticates a server.
 * @param called whom the process was started to talk to.
 */
export function asks(
  protocol: Protocol,
  role: string,
  peer: Principal,
  called?: Principal,
): boolean {
  const spec = roleNamed(protocol, role);
  const answering = roleNamed(protocol, spec?.peer);
  if (answering === undefined) return false;
  if (called === peer) return true;
  const others = protocol.roles.filter((r) => r.name !== role);
  // The role talks to a relay, but the peer meant may be another of its clients.
  return (
    !others.some((r) => r.name !== answering.name && r.principals.includes(peer)) &&
    (answering.principals.includes(peer) || !spec?.principals.includes(peer))
  );
}

/**
 * Can these two be the two ends of one session? Whoever asks has somebody who answers at the other
 * end. Two of one role meet behind a relay that both of them call, or where all play that role.
 * Of roles that are no neighbours, as there are where three take part, nothing is known.
 */
export function mayMeet(trace: Trace, a: Side, b: Side): boolean {
  const { role } = a.process;
  if (role !== b.process.role) return true;
  const { roles } = trace.plan.protocol;
  const spec = roles.find((r) => r.name === role);
  if (spec === undefined || spec.peer === role) return true;
  if (spec.peer === undefined) return !roles.some((r) => r.peer === role);
  if (spec.principals.length > 1) return true;
  const [relay, other] = [calledBy(trace, a.process), calledBy(trace, b.process)];
  return relay === other && relay !== a.peer && other !== b.peer;
}

/**
 * Workloads of few sessions that all begin at once, with as little said in each as there can be:
 * what an adversary needs that plays one session against another (R. Bird et al., "Systematic
 * design of a family of attack-resistant authentication protocols", 1993; G. Lowe, 1996).
 */
import { attackerHost } from "../attacker/move.ts";
import type {
  PlannedMessage,
  PlannedSession,
  Principal,
  Protocol,
  RoleSpec,
  Workload,
} from "../protocol/endpoint.ts";

/**
 * - `parallel-own`: the first two sessions of the protocol's own workload.
 * - `parallel-alone`: its first one.
 * - `parallel-same`: its first one twice.
 * - `parallel-exchanged`: its first one, and one in which the two ends have exchanged their roles.
 * - `parallel-mallory`: its first one, and one in which the initiator calls mallory.
 * - `parallel-later`: its first one to its end, and then again.
 */
export const parallelWorkloads = [
  "parallel-own",
  "parallel-alone",
  "parallel-same",
  "parallel-exchanged",
  "parallel-mallory",
  "parallel-later",
] as const;
export type ParallelWorkload = (typeof parallelWorkloads)[number];

export const isParallel = (name: string): name is ParallelWorkload =>
  (parallelWorkloads as readonly string[]).includes(name);

const mostOwn = 2;
/** By then a session in which nothing gets lost has come to rest. */
export const laterMs = 20_000;

/** The role that begins, and the one that it calls. */
export function endsOf(roles: readonly RoleSpec[]): readonly [RoleSpec, RoleSpec] | undefined {
  const first = roles.find((r) => r.process === "session" && r.peer !== undefined);
  const second = roles.find((r) => r.name === first?.peer);
  return first === undefined || second === undefined ? undefined : [first, second];
}

const playerOf = (spec: RoleSpec, session: PlannedSession | undefined): Principal | undefined =>
  session?.principals?.[spec.name] ??
  (spec.principals.length === 1 ? spec.principals[0] : undefined);

/** Each speaker says one thing. */
function brief(session: PlannedSession, start: number): PlannedSession {
  const said = new Set<string>();
  const messages = session.messages.filter(({ from }) => {
    const isFirst = !said.has(from);
    said.add(from);
    return isFirst;
  });
  const { restarts: _, ...same } = session;
  return { ...same, start, messages };
}

/** The same in other words, so that what is said in one session is told from the other. */
const reworded = ({ messages, ...session }: PlannedSession, first: PlannedSession) => ({
  ...session,
  messages: messages.map((m, i): PlannedMessage => {
    const same = first.messages[i]?.message;
    const isSame = same !== undefined && Buffer.compare(same, m.message) === 0;
    if (!isSame || m.isCommand === true || m.message.length === 0) return m;
    const message = m.message.slice();
    const last = message.length - 1;
    message[last] = (message[last] as number) === 0x7a ? 0x79 : 0x7a;
    return { ...m, message };
  }),
});

/** Does a principal play both roles in some session of the protocol's own workload? */
function exchanges(workload: Workload, [a, b]: readonly [RoleSpec, RoleSpec]): boolean {
  const askers = new Set(workload.sessions.map((s) => playerOf(a, s)));
  return workload.sessions.some((s) => {
    const player = playerOf(b, s);
    return player !== undefined && player !== attackerHost && askers.has(player);
  });
}

/** Do users call each other, so that one of them may be mallory? */
function callsUsers(protocol: Protocol, workload: Workload, roles: readonly [RoleSpec, RoleSpec]) {
  if (protocol.registration !== true) return false;
  const [, second] = roles;
  const isCalled = workload.sessions.some((s) => playerOf(second, s) === attackerHost);
  return isCalled || second.process === "session" || exchanges(workload, roles);
}

/**
 * @param own the protocol's own workload.
 * @returns `undefined` where the protocol has no such sessions.
 */
export function parallelWorkload(
  protocol: Protocol,
  own: Workload,
  name: ParallelWorkload,
): Workload | undefined {
  const sessions = sessionsOf(protocol, own, name);
  return sessions && { sessions };
}

/**
 * Why a protocol has no such sessions, as the end of a sentence.
 * @returns `undefined` if it has.
 */
export function whyNotParallel(
  protocol: Protocol,
  own: Workload,
  name: ParallelWorkload,
): string | undefined {
  if (sessionsOf(protocol, own, name) !== undefined) return undefined;
  switch (name) {
    case "parallel-own":
      if (own.sessions.length > 0) return "its own workload has a single session";
      break;
    case "parallel-exchanged":
      return "nobody plays both roles in its own workload";
    case "parallel-mallory":
      return "nobody in it may call a registered user";
  }
  return "its own workload has no session of honest principals only";
}

function sessionsOf(
  protocol: Protocol,
  own: Workload,
  name: ParallelWorkload,
): readonly PlannedSession[] | undefined {
  const honest = own.sessions.filter(
    (s) => !Object.values(s.principals ?? {}).includes(attackerHost),
  );
  const [session] = honest;
  if (session === undefined) return undefined;
  const first = brief(session, 0);
  switch (name) {
    case "parallel-own":
      return own.sessions.length < 2
        ? undefined
        : own.sessions.slice(0, mostOwn).map((s) => brief(s, 0));
    case "parallel-alone":
      return [first];
    case "parallel-same":
      return [first, reworded(first, first)];
    case "parallel-later":
      return [first, { ...reworded(first, first), start: laterMs }];
    default:
      return withPlayers(protocol, own, first, name);
  }
}

function withPlayers(
  protocol: Protocol,
  own: Workload,
  first: PlannedSession,
  name: "parallel-exchanged" | "parallel-mallory",
): readonly PlannedSession[] | undefined {
  const roles = endsOf(protocol.roles);
  if (roles === undefined) return undefined;
  const [a, b] = roles;
  const [asker, asked] = [playerOf(a, first), playerOf(b, first)];
  if (asker === undefined || asked === undefined) return undefined;
  const second = reworded(first, first);
  if (name === "parallel-mallory") {
    if (!callsUsers(protocol, own, roles)) return undefined;
    const players = { ...first.principals, [b.name]: attackerHost };
    return [first, { ...second, principals: players }];
  }
  if (!exchanges(own, roles)) return undefined;
  return [
    first,
    { ...second, principals: { ...first.principals, [a.name]: asked, [b.name]: asker } },
  ];
}

/** Which processes of a protocol the ends of the conversations of a capture are. */
import type { RoleSpec } from "../../protocol/endpoint.ts";
import { UserError } from "../input/user-error.ts";
import type { ProcessInfo, Trace } from "../trace/trace.ts";
import type { CapturedEnd, CapturedPayload } from "./captured.ts";
import { portInCapture } from "./ports.ts";

/** Nobody is a process of the protocol who is left out: the attacker in a capture of an attack. */
export interface Ends {
  readonly opener: string | undefined;
  readonly other: string | undefined;
}

interface Beginning {
  readonly conversation: number;
  readonly opener: CapturedEnd;
  readonly other: CapturedEnd;
}

/**
 * In a capture of a run of the same protocol, names and ports say who is who. Elsewhere ports do;
 * and the nth conversation is the nth session, as far as there are so many.
 * @throws UserError if no two roles talk to each other.
 */
export function endsOf(
  payloads: readonly CapturedPayload[],
  roles: readonly RoleSpec[],
  { processes }: Trace,
): ReadonlyMap<number, Ends> {
  const begun = beginnings(payloads);
  const named = ({ host, port }: CapturedEnd): ProcessInfo | undefined =>
    processes.find((p) => isAt(p, port) && (host === "*" || p.address.startsWith(`${host}:`)));
  if (begun.some(({ opener, other }) => opener.host !== "*" && named(opener) && named(other))) {
    return new Map(
      begun.map(({ conversation, opener, other }) => {
        return [conversation, { opener: named(opener)?.id, other: named(other)?.id }];
      }),
    );
  }
  return bySessions(begun, roles, processes);
}

function bySessions(
  begun: readonly Beginning[],
  roles: readonly RoleSpec[],
  processes: readonly ProcessInfo[],
): ReadonlyMap<number, Ends> {
  const talkers = roles.filter((r) => roles.some((other) => other.name === r.peer));
  const [first] = talkers;
  if (first === undefined) {
    throw new UserError("no role of this protocol talks to another one: nobody takes packets");
  }
  const ids = new Set(processes.map((p) => p.id));
  const process = (name: string, n: number): string =>
    ids.has(`${name}#${n}`) ? `${name}#${n}` : `${name}#0`;
  const counts = new Map<string, number>();
  return new Map(
    begun.map(({ conversation, opener, other }) => {
      const own = processes.find(
        (p) => talkers.some((r) => r.name === p.role) && isAt(p, opener.port),
      );
      const role =
        talkers.find((r) => r.name === own?.role) ??
        talkers.find((r) => roles.some((o) => o.name === r.peer && isPort(o.port, other.port))) ??
        first;
      const n = own === undefined ? (counts.get(role.name) ?? 0) : Number(own.id.split("#")[1]);
      counts.set(role.name, n + 1);
      const peer = roles.find((r) => r.name === role.peer) ?? role;
      const to = process(peer.name, peer.process === "service" ? 0 : n);
      return [conversation, { opener: process(role.name, n), other: to }];
    }),
  );
}

/** The first payload of each conversation says who its ends are. */
function beginnings(payloads: readonly CapturedPayload[]): readonly Beginning[] {
  const found = new Map<number, Beginning>();
  for (const { conversation, fromOpener, from, to } of payloads) {
    if (found.has(conversation)) continue;
    const [opener, other] = fromOpener ? [from, to] : [to, from];
    found.set(conversation, { conversation, opener, other });
  }
  return [...found.values()];
}

/** In captures of the lab's own some ports are others. */
const isPort = (own: number | undefined, port: number): boolean =>
  own !== undefined && (own === port || portInCapture(own) === port);

const isAt = ({ address }: ProcessInfo, port: number): boolean =>
  isPort(Number(address.slice(address.lastIndexOf(":") + 1)), port);

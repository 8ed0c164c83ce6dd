/** Attacks that need an honest principal to have called the adversary, knowingly, by its name. */
import { type Attack, attackerHost } from "../../attacker/move.ts";
import type { ProcessId, Trace } from "../trace/trace.ts";

/** Where moves and recipes name processes. */
const naming: ReadonlySet<string> = new Set([
  "from",
  "to",
  "by",
  "facing",
  "insteadOf",
  "process",
  "spoofs",
]);

/**
 * Do the moves use a process that an honest principal runs in order to talk with mallory: what it
 * says, computes or takes? Only a registered user is called by its name (G. Lowe, "An attack on the
 * Needham-Schroeder public-key authentication protocol", 1995: Alice calls the intruder first).
 * Services, which talk with everybody, do not count.
 */
export function usesSessionWithAdversary({ plan, processes }: Trace): boolean {
  const planned = plan.workload.sessions;
  const isWithAdversary = (n: number): boolean =>
    Object.values(planned[n]?.principals ?? {}).includes(attackerHost);
  if (!planned.some((_, n) => isWithAdversary(n))) return false;
  const own = new Set<ProcessId>();
  for (const { id, principal, plannedSession: n } of processes) {
    if (n !== undefined && principal !== attackerHost && isWithAdversary(n)) own.add(id);
  }
  return own.size > 0 && names(plan.attack, own);
}

function names(attack: Attack, processes: ReadonlySet<ProcessId>): boolean {
  const within = (value: unknown): boolean => {
    if (typeof value !== "object" || value === null) return false;
    return Object.entries(value).some(([key, inner]) =>
      typeof inner === "string" ? naming.has(key) && processes.has(inner) : within(inner),
    );
  };
  return within(attack);
}

/**
 * What users show each other out of band. It arrives as it was shown, a second later, at every
 * process of the other user that may be meant. Nobody alters it; the adversary reads what is
 * public, and what it is shown as a user like others.
 */
import { matchOf } from "../../attacker/matching.ts";
import { isCorrupt } from "../../attacker/move.ts";
import type { Output, Principal } from "../../protocol/endpoint.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import type { AdversarySession } from "./adversary/adversary-session.ts";
import type { Process } from "./processes.ts";
import type { World } from "./world.ts";

const showingMs = 1_000;

type Show = Extract<Output, { kind: "show" }>;

/** @param session which one, where the process is a service; its label may be an address. */
export function show(
  { run, adversary }: World,
  process: Process,
  output: Show,
  session: string,
): void {
  const { to, isPublic } = output;
  const value = output.value.slice();
  const { principal: from, id: by } = process;
  const { attack } = run.plan;
  const told = { kind: "shown", by, from, value } as const;
  if (isPublic === true || isCorrupt(to, attack)) adversary.learns(latin1(value));
  const there = run.listening.get(session);
  for (const other of there?.principal === to ? [there] : run.processes) {
    if (other !== process && isMeant(other, process, to)) {
      run.enqueue(showingMs, { ...told, to: other });
    }
  }
  for (const session of adversary.sessions) {
    const move = attack[session.move];
    const plays = move?.move === "puppet" && move.as === to && isCorrupt(to, attack);
    if (plays && session.facingId === by) run.enqueue(showingMs, { ...told, to: session });
  }
}

/** A process of that user, in the same session where both belong to one. */
function isMeant(other: Process, by: Process, to: Principal): boolean {
  if (other.end !== "alive" || other.principal !== to) return false;
  if (other.peer !== undefined && other.peer !== by.principal) return false;
  const [a, b] = [other.plannedSession, by.plannedSession];
  return a === undefined || b === undefined || a === b;
}

/** Does the puppet still wait for another one to show something? */
export const waitsForOther = (
  sessions: readonly AdversarySession[],
  { matches }: AdversarySession,
): boolean =>
  matches !== undefined && sessions.find((s) => s.puppet.id === matches)?.shown === undefined;

/** A puppet has shown this; perhaps it is to be the same as what another one has shown. */
export function noteShown(
  { run, adversary }: World,
  session: AdversarySession,
  value: Uint8Array,
): void {
  if (session.shown !== undefined) return;
  session.shown = value.slice();
  const other = adversary.sessions.find((s) => s.puppet.id === session.matches);
  if (other?.shown === undefined) return;
  const match = matchOf(
    adversary.knowledge(),
    [session.puppet, value],
    [other.puppet, other.shown],
  );
  if (match === undefined) return;
  session.matched = other;
  other.matched = session;
  run.events.push({ kind: "matched", t: run.now, at: session.facingId, ...match });
}

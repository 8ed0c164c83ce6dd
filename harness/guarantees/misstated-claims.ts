/** Where nobody attacks and a guarantee breaks, the author may have said the wrong thing: which? */
import type { Principal } from "../../protocol/endpoint.ts";
import { processOf } from "../trace/process-of.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf, placesOf } from "../trace/trace-index.ts";
import type { Graded } from "./agreement.ts";

/** A name that no process of the run has; roles are taken for principals easily. */
export function nobodysName(trace: Trace, name: Principal): string | undefined {
  if (trace.processes.some((p) => p.principal === name)) return undefined;
  const players = trace.processes.filter((p) => p.role === name).map((p) => p.principal);
  const meant = players.length === 0 ? "" : `; it is a role, which ${players[0]} plays`;
  return `“${name}” is no principal here${meant}`;
}

/** What a weak commitment of an undisturbed run lacks on the other side. */
export function misstatedCommit(trace: Trace, { commit, grade }: Graded): string {
  const { peer, principal, index, at } = commit;
  const stranger = nobodysName(trace, peer);
  if (stranger !== undefined) return stranger;
  if (grade === "nothing") return `${peer} sends nothing before ${at} says \`commit\``;
  const places = placesOf(trace, "running");
  const said = eventsOf(trace, "running")
    .map((e, nth) => ({ peer: e.peer, at: e.at, place: places[nth] as number }))
    .filter((e) => processOf(trace, e.at)?.principal === peer);
  if (said.length === 0) return `${peer} never says \`running\``;
  const meant = said.filter((e) => e.peer === undefined || e.peer === principal);
  const [other] = said;
  if (meant.length === 0) return `${other?.at} says \`running\` with ${other?.peer} instead`;
  if (meant.every((e) => e.place > index)) {
    return `${meant[0]?.at} says \`running\` too late for ${at}: it goes before the packet`;
  }
  if (grade === "non-injective agreement") return `${peer} says \`running\` once for several runs`;
  return "the two name different values, or roles that do not meet";
}

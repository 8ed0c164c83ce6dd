/** What was shown out of band is seen. */
import type { AdversarySession } from "./adversary/adversary-session.ts";
import type { AdversarySessions } from "./adversary/adversary-sessions.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Showing } from "./scheduled-event.ts";
import type { World } from "./world.ts";

export interface Seeing extends World {
  readonly endpoints: Endpoints;
  readonly adversarySessions: AdversarySessions;
}

export function seeShown(world: Seeing, { to, by, from, value }: Showing): void {
  if ("puppet" in to) {
    world.adversarySessions.feed(to, { kind: "shown", value: value.slice(), from });
    return;
  }
  const seen = matchedFor(world.adversary.sessions, to.id, by) ?? value;
  world.endpoints.handle(to, { kind: "shown", value: seen.slice(), from }, undefined);
}

/**
 * Two puppets in the middle have made their codes the same. Which draws do that is not computed:
 * the run goes on as it would with them, and each end sees the code that it has itself.
 */
const matchedFor = (
  sessions: readonly AdversarySession[],
  to: string,
  by: string,
): Uint8Array | undefined =>
  sessions.find((s) => s.facingId === to && s.matched?.facingId === by)?.shown;

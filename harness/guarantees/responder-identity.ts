/**
 * Can the responder be identified? A handshake that hides the initiator's identity from active
 * adversaries must reveal the responder's first (SIGMA), so it breaks this, which is worth knowing.
 */
import { isCorrupt } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import type { Trace } from "../trace/trace.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";
import { isHost } from "./guests.ts";
import { givenAway, type KeyOwner, knownBy, shown } from "./recognition.ts";

/** Honest responders with public keys. */
function respondersOf(trace: Trace): readonly KeyOwner[] {
  const { attack, protocol } = trace.plan;
  const waiting = protocol.roles.filter((r) => r.peer === undefined).map((r) => r.name);
  const processes = trace.processes.filter((p) => waiting.includes(p.role));
  const principals = [...new Set(processes.map((p) => p.principal))];
  // What answers a user whom it knows by name, as it does every user, is shown to no stranger.
  const exempt = (p: Principal): boolean => isCorrupt(p, attack) || isHost(trace, p);
  return principals.flatMap((p) => (exempt(p) ? [] : (knownBy(trace, p) ?? [])));
}

/** Does a puppet play an authorised user? To such users the responder means to reveal itself. */
function isGuest({ plan: { attack } }: Trace): boolean {
  const guests = attack.flatMap((m) => (m.move === "participate" ? [m.as] : []));
  return attack.some((m) => m.move === "puppet" && guests.includes(m.as));
}

export const responderIdentity: Guarantee = {
  id: "responder-identity",
  statement: "Neither listening nor connecting tells a stranger who answers.",
  source: "H. Krawczyk: SIGMA, 2003 (identity protection); RFC 9528 §9.1",
  twin: "chatsecure",
  layered: false,
  secrecy: true,
  safety: true,
  vacuousBecause: "whoever connects is let in as a user",
  counts: withoutDisclosure,
  notApplicable: ({ honest }) => {
    if ((honest.deployment.identities ?? []).length === 0) return "no identities are in use";
    return respondersOf(honest).length > 0 ? undefined : "nobody who answers has a public key";
  },
  judge(trace) {
    if (isGuest(trace)) return { atStake: 0 };
    const responders = respondersOf(trace);
    const atStake = responders.length;
    for (const responder of responders) {
      const because = givenAway(trace, responder) ?? shown(trace, responder);
      if (because !== undefined) return { atStake, violation: { because } };
    }
    return { atStake };
  },
};

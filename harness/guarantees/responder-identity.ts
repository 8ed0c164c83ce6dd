/**
 * Who answers, and whether that can be found out. Handshakes that hide from everybody who begins
 * must let the one who answers show herself first (SIGMA), so they break this: it is good to know.
 */
import { isCorrupt } from "../../attacker/move.ts";
import type { Trace } from "../trace/trace.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";
import { givenAway, type Known, knownBy, shown } from "./recognition.ts";

/** Those who wait for others, and have public keys. */
function respondersOf(trace: Trace): readonly Known[] {
  const { attack, protocol } = trace.plan;
  const waiting = protocol.roles.filter((r) => r.peer === undefined).map((r) => r.name);
  const processes = trace.processes.filter((p) => waiting.includes(p.role));
  const principals = [...new Set(processes.map((p) => p.principal))];
  return principals.flatMap((p) => (isCorrupt(p, attack) ? [] : (knownBy(trace, p) ?? [])));
}

/** Does a puppet play somebody who is let in? To those she means to show herself. */
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

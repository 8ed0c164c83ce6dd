import type { Principal } from "../../protocol/endpoint.ts";
import { type Latin1, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import type { Trace } from "../trace/trace.ts";
import { knowledgeFromPackets, knowledgeFromWire } from "../trace/trace-knowledge.ts";
import { quote } from "./exchanges.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";
import { hostsOf, isForGuest } from "./guests.ts";
import { knownBy } from "./recognition.ts";

/** Is this the name of a principal, or does it hold its name or a public key of its own? */
function isOf(trace: Trace, identity: Latin1, principal: Principal): boolean {
  const users = trace.deployment.credentials.flatMap((c) =>
    c.principal === principal ? [latin1(c.user)] : [],
  );
  const own = [latin1(utf8(principal)), ...users, ...(knownBy(trace, principal)?.publics ?? [])];
  return own.some((value) => value.length > 0 && identity.includes(value));
}

/** Is all that gives this away what its owner tells the attacker, as it tells every user? */
function isToldToGuest(trace: Trace, identity: Latin1): boolean {
  const hosts = hostsOf(trace).filter((h) => isOf(trace, identity, h.process.principal));
  if (hosts.length === 0) return false;
  return !knowledgeFromPackets(
    trace,
    (p) => p.byAttacker === undefined && !isForGuest(hosts, p),
  ).knows(identity);
}

export const identityHiding: Guarantee = {
  id: "identity-hiding",
  statement: "User names, certificates and static public keys do not become known.",
  source: "H. Krawczyk: SIGMA, 2003 (identity protection)",
  twin: "preshared",
  layered: false,
  secrecy: true,
  safety: true,
  counts: withoutDisclosure,
  notApplicable: ({ honest }) =>
    (honest.deployment.identities ?? []).length > 0 ? undefined : "no identities are in use",
  judge(trace) {
    const identities = trace.deployment.identities ?? [];
    const knowledge = knowledgeFromWire(trace);
    const seen = identities.find((i) => {
      const identity = latin1(i);
      return knowledge.knows(identity) && !isToldToGuest(trace, identity);
    });
    if (seen === undefined) return { atStake: identities.length };
    const because = `the attacker learns the identity ${quote(seen)}`;
    return { atStake: identities.length, violation: { because } };
  },
};

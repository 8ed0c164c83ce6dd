import { latin1 } from "../../protocol/kit/bytes.ts";
import { knowledgeFromWire } from "../trace/trace-knowledge.ts";
import { quote } from "./exchanges.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

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
    const seen = identities.find((i) => knowledge.knows(latin1(i)));
    if (seen === undefined) return { atStake: identities.length };
    const because = `the attacker learns the identity ${quote(seen)}`;
    return { atStake: identities.length, violation: { because } };
  },
};

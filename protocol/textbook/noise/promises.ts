/** What Noise promises of a pattern: §7.7 and §7.8, in the words of the lab's guarantees. */
import type { ProtocolClaim } from "../../endpoint.ts";
import { claimsOf } from "../party.ts";
import {
  bestSource,
  destination,
  type PayloadPlace,
  payloads,
  sentStatics,
  source,
} from "./grades.ts";
import type { HandshakePattern } from "./parse-pattern.ts";

/** Where a promise stands, if not in §7.7. */
const sections: Readonly<Record<string, string>> = {
  replay: "§11.4",
  ordering: "§11.4",
  "nonce-uniqueness": "§5.1",
  "identity-hiding": "§7.8",
};

/** The payloads that carry what applications say, without those of the handshake if asked. */
function carriers(pattern: HandshakePattern, sendsEarly: boolean): readonly PayloadPlace[] {
  const all = payloads(pattern);
  return sendsEarly ? all : all.slice(pattern.messages.length);
}

/**
 * @param sendsEarly whether messages travel in the handshake too: then the weakest payload of all
 *   decides.
 */
export function promisesOf(
  pattern: HandshakePattern,
  sendsEarly: boolean,
): readonly ProtocolClaim[] {
  const places = carriers(pattern, sendsEarly);
  const grades = places.map(destination);
  const [initiator, responder] = [
    bestSource(pattern, "initiator"),
    bestSource(pattern, "responder"),
  ];
  const areBoth = initiator === 2 && responder === 2;
  const isFrom = places.every((p) => source(p) > 0);
  const statics = sentStatics(pattern);
  const says: Readonly<Record<string, string | false>> = {
    confidentiality: grades.every((g) => g >= 2) && "All goes to the recipient's static key.",
    integrity: isFrom && "The sender of every payload is authenticated.",
    origin: isFrom && "The sender of every payload is authenticated.",
    replay: "Each nonce is taken once.",
    "replay-across-sessions":
      !sendsEarly && !pattern.oneWay && "Both ephemeral keys go into the keys of the transport.",
    ordering: "Nonces only grow.",
    "server-authentication": responder === 2 && "The responder proves its static key (es).",
    "client-authentication":
      initiator === 2 && !pattern.oneWay && "The initiator proves its static key (se).",
    "key-agreement": areBoth && "The keys depend on all that was sent and on both static keys.",
    "key-secrecy": areBoth && "The keys depend on secrets of both ends.",
    "forward-secrecy":
      grades.every((g) => g === 1 || g > 3) && "No message depends on static keys alone.",
    kci:
      areBoth &&
      places.every((p) => source(p) !== 1) &&
      "Each end proves itself against an ephemeral key of the other's.",
    "identity-hiding":
      statics.length > 0 &&
      statics.every((s) => destination(s) >= 2) &&
      "Static keys are sealed to the static key of the one who is to read them.",
    "nonce-uniqueness": "Nonces count up, under fresh keys.",
  };
  const kept = Object.entries(says).flatMap(([id, text]) => (text === false ? [] : [[id, text]]));
  return claimsOf(Object.fromEntries(kept)).map((claim) => ({
    ...claim,
    where: `Noise ${sections[claim.guarantee] ?? "§7.7"}`,
  }));
}

import { untracked } from "../../attacker/knowledge/provenance.ts";
import type { Attack } from "../../attacker/move.ts";
import type { Trace } from "../trace/trace.ts";
import { declaredSecrets } from "../trace/trace-knowledge.ts";

/** Does the adversary compute anything in such an attack, beside moving recorded bytes about? */
export const restsOnDeduction = (attack: Attack): boolean =>
  attack.some((m) => m.move === "puppet" || m.move === "hijack");

/** Is something disclosed, and nobody there to act on it? Then the run goes as without. */
export const disclosesInVain = (attack: Attack): boolean =>
  attack.some((m) => m.move === "disclose") && !restsOnDeduction(attack);

/** @returns what the lab cannot follow, a line each; from two undisturbed runs that differ in all
 *   randomness and in what is said. */
export const untrackedIn = (a: Trace, b: Trace): readonly string[] =>
  untracked(evidence(a), evidence(b));

function evidence(trace: Trace) {
  return {
    operations: trace.crypto,
    declared: [
      ...declaredSecrets(trace),
      ...(trace.deployment.identities ?? []),
      ...(trace.deployment.publicValues ?? []),
    ],
    packets: trace.packets.map((p) => ({
      name: `packet ${p.nth} from ${p.from} to ${p.to}`,
      bytes: p.bytes,
    })),
  };
}

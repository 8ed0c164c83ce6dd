import { nearlyKnown } from "../../attacker/knowledge/nearly-known.ts";
import { untracked } from "../../attacker/knowledge/provenance.ts";
import { type Attack, isComposed } from "../../attacker/move.ts";
import { fromLatin1 } from "../../protocol/kit/bytes.ts";
import { installationBeside } from "../run/adversary/near-keys.ts";
import type { Trace } from "../trace/trace.ts";
import { declaredSecrets, knowledgeFromWire } from "../trace/trace-knowledge.ts";

/** Does the adversary compute anything in such an attack, beside moving recorded bytes about? */
export const restsOnDeduction = (attack: Attack): boolean =>
  attack.some((m) => m.move === "puppet" || m.move === "hijack" || isComposed(m));

/** Is something disclosed, and nobody there to act on it? Then the run goes as without. */
export const disclosesInVain = (attack: Attack): boolean =>
  attack.some((m) => m.move === "disclose") &&
  !restsOnDeduction(attack) &&
  !attack.some((m) => m.move === "deliver");

/**
 * @returns what the lab cannot follow, a line each; from two undisturbed runs that differ in all
 *   randomness and in what is said.
 */
export function untrackedIn(a: Trace, b: Trace): readonly string[] {
  const found = untracked(evidence(a), evidence(b));
  if (found.length === 0) return found;
  // Bytes that are close to a key are understood: an adversary guesses the key from them.
  const [nearA, nearB] = [closeToKeys(a, b), closeToKeys(b, a)];
  if (nearA.length + nearB.length === 0) return found;
  return untracked(evidence(a, nearA), evidence(b, nearB));
}

const closeToKeys = (trace: Trace, other: Trace): readonly Uint8Array[] =>
  nearlyKnown(knowledgeFromWire(trace), () => installationBeside(trace, other)).flatMap((guess) =>
    guess.seen.map(fromLatin1),
  );

function evidence(trace: Trace, understood: readonly Uint8Array[] = []) {
  return {
    operations: trace.crypto,
    declared: [
      ...understood,
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

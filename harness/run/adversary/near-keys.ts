/**
 * Keys that are close to what is sent in an undisturbed run, and can be guessed. An adversary that
 * acts has them as soon as it has seen as much.
 */
import type { Guess } from "../../../attacker/knowledge/guess-of-key.ts";
import { nearlyKnown, type OtherInstallation } from "../../../attacker/knowledge/nearly-known.ts";
import type { Protocol } from "../../../protocol/endpoint.ts";
import type { RunPlan, Trace } from "../../trace/trace.ts";
import { knowledgeFromWire } from "../../trace/trace-knowledge.ts";
import { calmNetwork } from "../network/conditions.ts";

/** Makes a run. */
export type Simulate = (plan: RunPlan) => Trace;

/** The same course in another installation. */
export const otherInstallation = (trace: Trace, simulate: Simulate): OtherInstallation =>
  installationBeside(trace, simulate({ ...trace.plan, seed: `${trace.plan.seed}/installation` }));

/** What deduction needs of such a run, beside this one. */
export const installationBeside = (trace: Trace, other: Trace): OtherInstallation => ({
  operations: other.crypto,
  packets: trace.packets.flatMap((p, i) => {
    const twin = other.packets[i];
    return twin === undefined || twin.from !== p.from ? [] : [[p.bytes, twin.bytes] as const];
  }),
});

/** For each protocol, by what else decides an undisturbed run. */
const found = new WeakMap<Protocol, Map<string, readonly Guess[]>>();

export function nearKeys(plan: RunPlan, simulate: Simulate): readonly Guess[] {
  const { protocol, options, seed, workloadName } = plan;
  const known = found.get(protocol) ?? new Map<string, readonly Guess[]>();
  found.set(protocol, known);
  const name = JSON.stringify([options, seed, workloadName]);
  let guesses = known.get(name);
  if (guesses === undefined) {
    const honest = simulate({ ...plan, attack: [], network: calmNetwork });
    guesses = nearlyKnown(knowledgeFromWire(honest), () => otherInstallation(honest, simulate));
    known.set(name, guesses);
  }
  return guesses;
}

/**
 * Keys that are close to what is sent in an undisturbed run, and can be guessed. An adversary that
 * acts has them as soon as it has seen as much.
 */
import type { OtherInstallation } from "../../../attacker/knowledge/apart.ts";
import type { Guess } from "../../../attacker/knowledge/guess-of-key.ts";
import { nearlyKnown } from "../../../attacker/knowledge/nearly-known.ts";
import type { Protocol, Workload } from "../../../protocol/endpoint.ts";
import { latin1 } from "../../../protocol/kit/bytes.ts";
import type { RunPlan, Trace } from "../../trace/trace.ts";
import { knowledgeFromWire } from "../../trace/trace-knowledge.ts";
import { calmNetwork } from "../network/conditions.ts";

/** Makes a run. */
export type Simulate = (plan: RunPlan) => Trace;

/** What is found once for all runs of a protocol that differ in their attacks only. */
interface Undisturbed {
  /** The undisturbed run in another installation. */
  other?: Pick<Trace, "crypto" | "packets">;
  guesses?: readonly Guess[];
}

const remembered = new WeakMap<Protocol, Map<string, Undisturbed>>();

function undisturbed({ protocol, options, seed, workload }: RunPlan): Undisturbed {
  const known = remembered.get(protocol) ?? new Map<string, Undisturbed>();
  remembered.set(protocol, known);
  const name = JSON.stringify([options, seed, contentOf(workload)]);
  const found = known.get(name) ?? {};
  known.set(name, found);
  return found;
}

/** Workloads are made again and again, with the same content. */
const contents = new WeakMap<Workload, string>();
function contentOf(workload: Workload): string {
  const content =
    contents.get(workload) ??
    JSON.stringify(workload, (_, value: unknown) =>
      value instanceof Uint8Array ? latin1(value) : value,
    );
  contents.set(workload, content);
  return content;
}

/** Nobody watches it either. */
function withoutAttack(watched: RunPlan): RunPlan {
  const { witness: _, ...plan } = watched;
  return { ...plan, attack: [], network: calmNetwork };
}

/** @param trace of a run in which the adversary only listened, and was told things. */
export function otherInstallation(trace: Trace, simulate: Simulate): OtherInstallation {
  const found = undisturbed(trace.plan);
  if (found.other === undefined) {
    const seed = `${trace.plan.seed}/installation`;
    const { crypto, packets } = simulate({ ...withoutAttack(trace.plan), seed });
    found.other = { crypto, packets };
  }
  return installationBeside(trace, found.other);
}

/** What deduction needs of such a run, beside this one. */
export const installationBeside = (
  trace: Trace,
  other: Pick<Trace, "crypto" | "packets">,
): OtherInstallation => ({
  operations: other.crypto,
  packets: trace.packets.flatMap((p, i) => {
    const twin = other.packets[i];
    return twin === undefined || twin.from !== p.from ? [] : [[p.bytes, twin.bytes] as const];
  }),
});

/** @returns the keys that whoever sees an undisturbed run of this plan can guess. */
export function nearKeys(plan: RunPlan, simulate: Simulate): readonly Guess[] {
  const found = undisturbed(plan);
  if (found.guesses === undefined) {
    const honest = simulate(withoutAttack(plan));
    const other = () => otherInstallation(honest, simulate);
    found.guesses = nearlyKnown(knowledgeFromWire(honest), other);
  }
  return found.guesses;
}

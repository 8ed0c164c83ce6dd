/** When the adversary has come to know values, and how. */
import { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import type { Origin } from "../../attacker/knowledge/origin.ts";
import { type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import type { Trace } from "../trace/trace.ts";
import { declaredSecrets } from "../trace/trace-knowledge.ts";

export interface Learnt {
  /** Index of the packet after which it is known; `undefined`: from the start, or from what was
   * disclosed. */
  readonly packet: number | undefined;
  readonly isDisclosed: boolean;
  readonly origin: Origin | undefined;
}

/**
 * Replays what an adversary that sees everything sees, packet after packet.
 * @param values looked for.
 * @returns those that it gets to know; what it sends itself teaches it nothing.
 */
export function learning(trace: Trace, values: Iterable<Latin1>): ReadonlyMap<Latin1, Learnt> {
  const knowledge = new Knowledge(declaredSecrets(trace), trace.deployment.identities ?? []);
  for (const op of trace.crypto) knowledge.learnOperation(op);
  const open = new Set(values);
  const found = new Map<Latin1, Learnt>();
  const look = (packet: number | undefined, isDisclosed: boolean): void => {
    for (const value of open) {
      if (!knowledge.has(value)) continue;
      open.delete(value);
      found.set(value, { packet, isDisclosed, origin: knowledge.originOf(value) });
    }
  };
  const { publicValues = [] } = trace.deployment;
  for (const bytes of [...publicValues, ...trace.attackerKnows]) knowledge.observe(bytes);
  look(undefined, false);
  let isTold = false;
  for (const e of trace.events) {
    if (e.kind === "disclosed" && !isTold) {
      isTold = true;
      for (const bytes of trace.disclosed) knowledge.observe(bytes);
      look(undefined, true);
    }
    const packet = e.kind === "sent" ? trace.packets[e.packet] : undefined;
    if (packet === undefined || packet.byAttacker === "injected") continue;
    knowledge.observe(latin1(packet.bytes));
    look(packet.index, false);
  }
  return found;
}

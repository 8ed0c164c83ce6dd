/** What the adversary knows at the end of a run; computed on demand, once per trace. */

import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import { isAdversaryProcess } from "../../attacker/move.ts";
import type { Workload } from "../../protocol/endpoint.ts";
import { equalBytes } from "../../protocol/kit/bytes.ts";
import { knowledgeFrom } from "./evidence.ts";
import { memoPerTrace, RecordedTrace } from "./recorded-trace.ts";
import type { Packet, Trace } from "./trace.ts";
import { eventsOf } from "./trace-index.ts";

/** Secrets whose plain bytes the lab looks for: payloads, user names, passwords. */
export function declaredSecrets(
  trace: Pick<Trace, "plan"> & {
    deployment: Pick<Trace["deployment"], "credentials">;
  },
): readonly Uint8Array[] {
  const payloads = payloadsOf(trace.plan.workload);
  const { credentials } = trace.deployment;
  return credentials.length === 0
    ? payloads
    : [...payloads, ...credentials.flatMap((c) => [c.user, c.password])];
}

/** The same list for the same workload: what follows from it need not be looked up again. */
const payloads = new WeakMap<Workload, readonly Uint8Array[]>();
function payloadsOf(workload: Workload): readonly Uint8Array[] {
  let found = payloads.get(workload);
  if (found === undefined) {
    found = workload.sessions.flatMap((s) => s.messages.map((m) => m.message));
    payloads.set(workload, found);
  }
  return found;
}

const isAmong = (bytes: Uint8Array, list: readonly Uint8Array[]): boolean =>
  list.includes(bytes) || list.some((other) => equalBytes(other, bytes));

/** @param isHeard of which packets; of all, if absent. */
function build(
  trace: Trace,
  disclosures: boolean,
  isHeard?: (packet: Packet) => boolean,
): Knowledge {
  const declared = declaredSecrets(trace);
  // Messages that an endpoint submits by itself are secrets of its user as well.
  const more = eventsOf(trace, "submit").flatMap(({ purpose, at, message }) =>
    purpose === "message" && !isAdversaryProcess(at) && !isAmong(message, declared)
      ? [message]
      : [],
  );
  const isAll = !disclosures && more.length === 0 && isHeard === undefined;
  const workedOut = isAll ? RecordedTrace.workedOut(trace) : undefined;
  if (workedOut !== undefined) return workedOut;
  const { publicValues = [], identities = [] } = trace.deployment;
  // The adversary learns nothing from packets it injected itself.
  const others = trace.packets.filter((p) => p.byAttacker !== "injected");
  const heard = (isHeard === undefined ? others : others.filter(isHeard)).map((p) => p.bytes);
  const told = disclosures ? trace.disclosed : [];
  return knowledgeFrom({
    declared: more.length === 0 ? declared : [...declared, ...more],
    identities,
    operations: trace.crypto,
    observed: [...publicValues, ...trace.attackerKnows, ...heard, ...told],
  });
}

const withDisclosures = memoPerTrace((trace) => build(trace, true));

/** From all traffic, as if nothing had been disclosed. */
export const knowledgeFromWire = memoPerTrace((trace) => build(trace, false));

/** From part of the traffic. Not memoised: for a second look at what has been found. */
export const knowledgeFromPackets = (
  trace: Trace,
  isHeard: (packet: Packet) => boolean,
): Knowledge => build(trace, false, isHeard);

/** From all traffic and all disclosures. */
export const knowledgeOf = (trace: Trace): Knowledge =>
  trace.disclosed.length === 0 ? knowledgeFromWire(trace) : withDisclosures(trace);

/** What an attacker knows at the end of a run; computed when asked for, once per trace. */

import { Knowledge } from "../attacker/knowledge/knowledge.ts";
import { isAttacker } from "../attacker/move.ts";
import { equalBytes, latin1 } from "../protocol/kit/bytes.ts";
import type { OpRecord } from "../protocol/kit/recorder.ts";
import { eventsOf } from "./events-of.ts";
import { FinishedRun, perRun } from "./finished-run.ts";
import type { Trace } from "./trace.ts";

/** Secrets whose plain bytes the lab looks for: payloads, user names, passwords. */
export function declaredSecrets(
  trace: Pick<Trace, "plan"> & {
    deployment: Pick<Trace["deployment"], "credentials">;
  },
): readonly Uint8Array[] {
  const payloads = trace.plan.workload.sessions.flatMap((s) => s.messages.map((m) => m.message));
  const credentials = trace.deployment.credentials.flatMap((c) => [c.user, c.password]);
  return [...payloads, ...credentials];
}

/** All that knowledge follows from. */
interface Evidence {
  readonly declared: readonly Uint8Array[];
  readonly identities: readonly Uint8Array[];
  readonly operations: readonly OpRecord[];
  /** What was seen, or handed over, in order. */
  readonly observed: readonly Uint8Array[];
}

function build(trace: Trace, disclosures: boolean): Knowledge {
  // What an endpoint submits by itself was its user's as well.
  const said = eventsOf(trace, "submit").flatMap((e) =>
    e.purpose === "message" && !isAttacker(e.at) ? [e.message] : [],
  );
  const declared = declaredSecrets(trace);
  const workedOut = FinishedRun.workedOut(trace);
  const alike = (a: Uint8Array) => declared.some((b) => equalBytes(a, b));
  if (!disclosures && workedOut !== undefined && said.every(alike)) return workedOut;
  const { publicValues = [], identities = [] } = trace.deployment;
  // Nobody learns from what he says himself.
  const heard = trace.packets.flatMap((p) => (p.byAttacker === "injected" ? [] : [p.bytes]));
  const told = disclosures ? trace.disclosed : [];
  return knowledgeFrom({
    declared: [...declared, ...said],
    identities,
    operations: trace.crypto,
    observed: [...publicValues, ...trace.attackerKnows, ...heard, ...told],
  });
}

/** Characters of all keys together; the knowledge behind them takes ten to twenty times as much. */
const rememberedLimit = 2_000_000;
let rememberedSize = 0;
const remembered = new Map<string, Knowledge>();

/** Most attacks change nothing in what there is to know: what was worked out is worked out. */
function knowledgeFrom(evidence: Evidence): Knowledge {
  const key = keyOf(evidence);
  let knowledge = remembered.get(key);
  if (knowledge === undefined) {
    knowledge = new Knowledge(evidence.declared, evidence.identities);
    for (const op of evidence.operations) knowledge.learnOperation(op);
    for (const bytes of evidence.observed) knowledge.observe(bytes);
    if (rememberedSize > rememberedLimit) {
      remembered.clear();
      rememberedSize = 0;
    }
    rememberedSize += key.length;
    remembered.set(key, knowledge);
  }
  return knowledge;
}

/** Everything, and each string behind its length: equal keys are equal evidence. */
function keyOf({ declared, identities, operations, observed }: Evidence): string {
  let key = `${declared.length} ${identities.length} ${operations.length} `;
  for (const list of [declared, identities, observed]) {
    for (const bytes of list) key += `${bytes.length} ${latin1(bytes)}`;
  }
  for (const { op, algorithm, inputs, output, backwards } of operations) {
    key += `${op} ${algorithm} ${backwards} ${inputs.length} ${output.length} ${output}`;
    for (const input of inputs) key += `${input.length} ${input}`;
  }
  return key;
}

const withDisclosures = perRun((trace) => build(trace, true));

/** Everything seen on the wire, as if nothing had been disclosed. */
export const knowledgeFromWire = perRun((trace) => build(trace, false));

/** Everything seen on the wire, and whatever was disclosed. */
export const knowledgeOf = (trace: Trace): Knowledge =>
  trace.disclosed.length === 0 ? knowledgeFromWire(trace) : withDisclosures(trace);

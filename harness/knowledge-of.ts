/** What an attacker knows at the end of a run; computed when asked for, once per trace. */

import type { Knowledge } from "../attacker/knowledge/knowledge.ts";
import { isAttacker } from "../attacker/move.ts";
import { equalBytes } from "../protocol/kit/bytes.ts";
import { eventsOf } from "./events-of.ts";
import { knowledgeFrom } from "./evidence.ts";
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

function build(trace: Trace, disclosures: boolean): Knowledge {
  // What an endpoint submits by itself was its user's as well.
  const said = eventsOf(trace, "submit").flatMap((e) =>
    e.purpose === "message" && !isAttacker(e.at) ? [e.message] : [],
  );
  const declared = declaredSecrets(trace);
  const workedOut =
    !disclosures && said.every((a) => declared.some((b) => equalBytes(a, b)))
      ? FinishedRun.workedOut(trace)
      : undefined;
  if (workedOut !== undefined) return workedOut;
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

const withDisclosures = perRun((trace) => build(trace, true));

/** Everything seen on the wire, as if nothing had been disclosed. */
export const knowledgeFromWire = perRun((trace) => build(trace, false));

/** Everything seen on the wire, and whatever was disclosed. */
export const knowledgeOf = (trace: Trace): Knowledge =>
  trace.disclosed.length === 0 ? knowledgeFromWire(trace) : withDisclosures(trace);

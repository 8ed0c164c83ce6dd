import { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import { operations } from "../../protocol/kit/operations.ts";
import { processOf } from "../trace/process-of.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { quote } from "./exchanges.ts";
import type { Guarantee } from "./guarantee.ts";

export const nonRepudiation: Guarantee = {
  id: "non-repudiation",
  statement: "Evidence for a message cannot be made by whoever receives it.",
  source: "ISO/IEC 13888-1 (non-repudiation of origin)",
  twin: "mac-evidence",
  layered: false,
  secrecy: true,
  safety: true,
  counts: (attack) => attack.length === 0,
  notApplicable: ({ honest }) =>
    eventsOf(honest, "evidence").length > 0 ? undefined : "no evidence is offered",
  judge(trace) {
    const evidence = eventsOf(trace, "evidence");
    for (const e of evidence) {
      if (!receiversKnowledge(trace, e.at).derivable(e.bytes)) continue;
      const because = `${e.at} could have made the evidence for ${quote(e.message)} of ${e.peer} itself`;
      return { atStake: evidence.length, violation: { because } };
    }
    return { atStake: evidence.length };
  },
};

/**
 * What the receiver could compute without the sender's message: its own secrets and draws, public
 * values, the messages themselves, and the public keys of others.
 */
function receiversKnowledge(trace: Trace, at: string): Knowledge {
  const knowledge = new Knowledge([]);
  for (const op of trace.crypto) knowledge.learnOperation(op);
  const principal = processOf(trace, at)?.principal ?? at;
  const own = new Set(trace.processes.filter((p) => p.principal === principal).map((p) => p.id));
  for (const value of trace.deployment.publicValues ?? []) knowledge.observe(value);
  for (const secret of trace.deployment.longTermSecrets(principal)) knowledge.observe(secret);
  for (const op of trace.crypto) {
    const { keyPair, fresh } = operations[op.op];
    if (keyPair === true) knowledge.observe(op.output);
    // Others' random values, except private keys, count as received: only signatures are missing.
    if (fresh === true && (own.has(op.by) || !keepsSecret(trace, op.output))) {
      knowledge.observe(op.output);
    }
  }
  for (const e of trace.events) {
    if (e.kind === "secret" && own.has(e.at)) knowledge.observe(e.value);
    if (e.kind === "submit") knowledge.observe(e.message);
  }
  return knowledge;
}

/** Private keys and the like: drawn, and the input of a public key. */
const keepsSecret = (trace: Trace, value: string): boolean =>
  trace.crypto.some((op) => operations[op.op].keyPair === true && op.inputs[0] === value) ||
  trace.crypto.some(
    (op) => op.by === "deployment" && operations[op.op].fresh === true && op.output === value,
  );

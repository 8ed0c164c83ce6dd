/** What principals hold while sessions run: session keys, and everything in their memory. */
import type { Principal } from "../../protocol/endpoint.ts";
import { fromLatin1, type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { contentOf, isOpening, operations } from "../../protocol/kit/operations.ts";
import type { TraceEvent } from "../trace/trace.ts";
import { longTermSecretsOf } from "./dealt-secrets.ts";
import type { RunState } from "./run-state.ts";

/** Shorter values can be guessed anyway. */
const fromBytes = 8;

type SecretClaim = Extract<TraceEvent, { kind: "secret" }>;

const isSecretClaim = (e: TraceEvent): e is SecretClaim => e.kind === "secret";

/**
 * The session keys that a principal's processes have claimed, of sessions that are finished: the
 * other end has the key as well, or this one's process is gone, or nothing is on its way any more.
 */
export function finishedSessionKeys(run: RunState, principal: Principal): readonly Uint8Array[] {
  const claims = run.events.filter(isSecretClaim);
  const holders = new Map<Latin1, Set<string>>();
  for (const { at, value } of claims) {
    const key = latin1(value);
    holders.set(key, (holders.get(key) ?? new Set()).add(at));
  }
  const own = new Map(run.processes.flatMap((p) => (p.principal === principal ? [[p.id, p]] : [])));
  const keys = new Set<Latin1>();
  for (const { at, value } of claims) {
    const process = own.get(at);
    if (process === undefined) continue;
    const key = latin1(value);
    const isShared = (holders.get(key)?.size ?? 0) > 1;
    if (isShared || process.end !== "alive" || run.inFlight === 0) keys.add(key);
  }
  return [...keys].map(fromLatin1);
}

/**
 * Everything that a principal holds by now: its long-term secrets, its stores, and what its
 * processes have drawn, computed or opened. What code has dropped cannot be told apart from what it
 * keeps, and nothing that comes later should rest on either.
 */
export function stateOf(run: RunState, principal: Principal): readonly Uint8Array[] {
  const own = new Set(run.processes.filter((p) => p.principal === principal).map((p) => p.id));
  const computed = run.log.flatMap((op) => {
    if (!own.has(op.by)) return [];
    const opened = isOpening(op) ? contentOf(op) : op.output;
    return operations[op.op].hasOutput && opened.length >= fromBytes ? [opened] : [];
  });
  return [
    ...longTermSecretsOf(run, principal),
    ...run.stores.allOf(principal),
    ...[...new Set(computed)].map(fromLatin1),
  ];
}

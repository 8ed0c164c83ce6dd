/** What a run shows about a message: is it read, is another one accepted in its place? */
import { computeCost } from "../../attacker/knowledge/compute-cost.ts";
import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import { type Attack, isCorrupt, roleOf } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import { exchangesOf, type Handover, quote } from "../guarantees/exchanges.ts";
import { longTermSecretsOf } from "../run/dealt-secrets.ts";
import { knowledgeFrom } from "../trace/evidence.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { declaredSecrets, knowledgeOf } from "../trace/trace-knowledge.ts";
import { bestGrade } from "./message-grade.ts";
import { nthOf, type SeenMessage } from "./places.ts";

/** Whose long-term secrets the attacker gets, and does it do more than listen? */
export interface Means {
  readonly before: readonly Principal[];
  readonly after: readonly Principal[];
  readonly active: boolean;
}

export function meansOf(attack: Attack): Means {
  const told = attack.filter((m) => m.move === "disclose");
  const whose = (isAfter: boolean): readonly Principal[] => [
    ...new Set(told.filter((m) => (m.when === "end") === isAfter).map((m) => m.principal)),
  ];
  return {
    before: whose(false),
    after: whose(true),
    active: attack.some((m) => m.move !== "disclose"),
  };
}

/** The grade of the source that a forgery with such means leaves. */
export function sourceUnder({ before, after }: Means, { to }: SeenMessage): number {
  if (after.length > 0 || before.some((p) => p !== to)) return bestGrade.source;
  return before.length === 0 ? 0 : 1;
}

/** The grade of the destination that reading with such means leaves. */
export function destinationUnder({ before, after, active }: Means, { from }: SeenMessage): number {
  if (before.some((p) => p !== from)) return bestGrade.destination;
  if (before.length > 0) return 4;
  if (after.length === 0) return active ? 1 : 0;
  return active ? 3 : 2;
}

/** @returns in one sentence, what is accepted in place of the message that nobody sent so. */
export function forged(trace: Trace, message: SeenMessage): string | undefined {
  const { submissions, deliveries } = exchangesOf(trace);
  if (isCorrupt(message.from, trace.plan.attack)) return undefined;
  const found = deliveries.find(
    (d) =>
      d.purpose === "message" &&
      d.other === message.from &&
      isPlace(d, message) &&
      !isGenuine(d, submissions) &&
      nthOf(d, deliveries) === message.nth,
  );
  if (found === undefined) return undefined;
  return `${found.end.process.id} accepts ${quote(found.message)} from ${message.from}, who did not send it`;
}

/** At the process that the message arrives at, or the same service started again. */
function isPlace({ end: { process } }: Handover, { receiver, to }: SeenMessage): boolean {
  if (!process.service) return process.id === receiver;
  return process.principal === to && process.role === roleOf(receiver);
}

const isGenuine = (d: Handover, submissions: readonly Handover[]): boolean =>
  submissions.some(
    (s) =>
      s.index < d.index &&
      s.content === d.content &&
      s.end.process.principal === d.other &&
      s.end.process.id !== d.end.process.id &&
      (s.other === undefined || s.other === d.end.process.principal),
  );

/** @returns in one sentence, that the attacker can read the message, if it was sent at all. */
export function read(
  trace: Trace,
  message: SeenMessage,
  knowledge: Knowledge = knowledgeOf(trace),
): string | undefined {
  if (!isSent(trace, message) || !knowledge.derivable(message.message)) return undefined;
  const cost = computeCost(knowledge, message.content);
  const at = cost === null ? "" : `, after computing ${cost}`;
  return `the attacker can read ${quote(message.message)}, which ${message.sender} sent${at}`;
}

/** Does its sender send it, and not to a peer that it knows to be the attacker? */
const isSent = (trace: Trace, { content, sender, from }: SeenMessage): boolean =>
  exchangesOf(trace).submissions.some((s) => {
    const { process } = s.end;
    const isSender = process.service
      ? process.principal === from && process.role === roleOf(sender)
      : process.id === sender;
    if (!isSender || s.content !== content) return false;
    const peer = peerOf(trace, s);
    return peer === undefined || !isCorrupt(peer, trace.plan.attack);
  });

/** Whom this end takes for its peer by then: what it claims says more than whom it hears. */
function peerOf(trace: Trace, { end, index }: Handover): Principal | undefined {
  let claimed: Principal | undefined;
  let heard: Principal | undefined;
  for (const e of trace.events.slice(0, index)) {
    if (e.at !== end.process.id || !("session" in e) || e.session !== end.session) continue;
    if (e.kind === "running" || e.kind === "commit" || e.kind === "secret") {
      claimed = e.peer ?? claimed;
    }
    if (e.kind === "deliver") heard = e.from;
  }
  return claimed ?? heard;
}

/** What the attacker knows if the long-term secrets of these are disclosed after the end as well. */
export function knowledgeAfter(trace: Trace, principals: readonly Principal[]): Knowledge {
  const about = { deployment: trace.deployment, log: trace.crypto, processes: trace.processes };
  const told = principals.flatMap((p) => longTermSecretsOf(about, p));
  const { publicValues = [], identities = [] } = trace.deployment;
  const heard = trace.packets.flatMap((p) => (p.byAttacker === "injected" ? [] : [p.bytes]));
  return knowledgeFrom({
    declared: declaredOf(trace),
    identities,
    operations: trace.crypto,
    observed: [...publicValues, ...trace.attackerKnows, ...heard, ...trace.disclosed, ...told],
  });
}

/** What users say, and what endpoints submit by themselves. */
const declaredOf = memoPerTrace((trace): readonly Uint8Array[] => [
  ...declaredSecrets(trace),
  ...eventsOf(trace, "submit").flatMap((e) => (e.purpose === "message" ? [e.message] : [])),
]);

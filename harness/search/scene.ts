/** Looks at undisturbed runs from outside: what strategies may work with. */
import { fieldsOf, innerOf } from "../../attacker/fields.ts";
import { attackerHost, packetKey } from "../../attacker/move.ts";
import type { Scene, SeenPacket, SeenValue } from "../../attacker/strategies/strategy.ts";
import { equalBytes, latin1 } from "../../protocol/kit/bytes.ts";
import { operations } from "../../protocol/kit/operations.ts";
import { transportOf } from "../../protocol/transport.ts";
import { simulate } from "../run/simulate.ts";
import { secretsIn } from "../trace/long-term-secrets.ts";
import type { Packet, RunPlan, Trace } from "../trace/trace.ts";
import { reactionsOf } from "./reactions.ts";
import { repeatedSessions } from "./session-kinds.ts";

/** More would only repeat what is done to these. */
const mostKinds = 3;
const mostPackets = 80;

const linesOf = (trace: Trace): readonly string[] =>
  trace.events.flatMap((e) => (e.kind === "log" ? [e.line] : []));

/** The first session of each kind, and the first that repeats one. */
function attackedSessions(
  trace: Trace,
  repeated: ReadonlyMap<number, number>,
): ReadonlySet<number | undefined> {
  const first = trace.plan.workload.sessions.map((_, i) => i).filter((i) => !repeated.has(i));
  return new Set([...first.slice(0, mostKinds), ...[...repeated.keys()].slice(0, 1), undefined]);
}

/**
 * Whose session is planned with the attacker, and who sends it anything. Where nobody listens, a
 * stream is never opened, and the plan alone tells.
 */
function callersOf({ plan, processes, packets }: Trace): readonly string[] {
  const { protocol, workload } = plan;
  const asked = new Map(protocol.roles.map((r) => [r.name, r.peer]));
  const planned = processes.filter(({ role, plannedSession = -1 }) => {
    const principals = workload.sessions[plannedSession]?.principals;
    return principals?.[asked.get(role) ?? ""] === attackerHost;
  });
  const heard = packets.filter((p) => p.byAttacker === undefined && p.to === attackerHost);
  return [...new Set([...planned.map((p) => p.id), ...heard.map((p) => p.from)])];
}

/** Values under this length are counters and flags, not keys or nonces. */
const recognisedFromBytes = 4;

/** Public keys and random values, found by their bytes in packets and their fields. */
function recognised(trace: Trace, packets: readonly Packet[]): readonly SeenValue[] {
  const kinds = new Map<string, SeenValue["kind"]>();
  for (const op of trace.crypto) {
    if (op.output.length < recognisedFromBytes) continue;
    const { keyPair, fresh } = operations[op.op];
    if (keyPair === true) kinds.set(op.output, "public-key");
    else if (fresh === true) kinds.set(op.output, "random");
  }
  const found: SeenValue[] = [];
  for (const p of packets) {
    const packet = { from: p.from, to: p.to, nth: p.nth };
    const taken = new Set<string>();
    // Innermost fields first: a key in base64 has to be replaced before it is encoded.
    for (const path of [...fieldsOf(p.bytes)].reverse()) {
      const inner = latin1(innerOf(p.bytes, path));
      for (const [value, kind] of kinds) {
        const start = inner.indexOf(value);
        if (start < 0 || taken.has(value)) continue;
        taken.add(value);
        found.push({ packet, kind, path, start, length: value.length });
      }
    }
  }
  return found;
}

const groupMembers = ({ workload }: RunPlan): Scene["groupMembers"] => {
  const lists = workload.sessions.flatMap((s) => s.messages.map((m) => m.to));
  return [...new Set(lists.flatMap((to) => (Array.isArray(to) ? (to as readonly string[]) : [])))];
};

const otherSettings = ({ protocol, options }: RunPlan): Scene["otherSettings"] =>
  Object.entries(protocol.options ?? {}).flatMap(([option, { values }]) =>
    values.filter((value) => value !== options[option]).map((value) => ({ option, value })),
  );

const sessionsOf = ({ processes }: Trace): ((p: Packet) => number | undefined) => {
  const planned = new Map(processes.map((p) => [p.id, p.plannedSession]));
  return (p) => planned.get(p.from) ?? planned.get(p.to);
};

function attackedPackets(trace: Trace, other: Trace): readonly Packet[] {
  const sessions = attackedSessions(trace, repeatedSessions(other));
  const sessionOf = sessionsOf(trace);
  return trace.packets
    .filter((p) => p.byAttacker === undefined && sessions.has(sessionOf(p)))
    .slice(0, mostPackets);
}

function seenOf(
  trace: Trace,
  other: Trace,
  attacked = attackedPackets(trace, other),
): readonly SeenPacket[] {
  const elsewhere = new Map(other.packets.map((p) => [packetKey(p), p.bytes]));
  const sessionOf = sessionsOf(trace);
  return attacked.map((p) => {
    const twin = elsewhere.get(packetKey(p));
    return {
      ref: { from: p.from, to: p.to, nth: p.nth },
      bytes: p.bytes,
      sentMs: p.sentMs,
      destination: p.destination,
      session: sessionOf(p),
      constant: twin !== undefined && equalBytes(twin, p.bytes),
      elsewhere: twin,
    };
  });
}

/**
 * @param other the same workload with another seed, undisturbed: packets equal in both are
 *   constants that nobody has to see to know them, and sessions that begin alike in it are alike.
 * @param otherWords a run with other messages: what its logs have in common with these is not
 *   anybody's secret.
 */
export function sceneOf(trace: Trace, other: Trace, otherWords: Trace): Scene {
  const repeated = repeatedSessions(other);
  const sessions = attackedSessions(trace, repeated);
  const attacked = attackedPackets(trace, other);
  const common = new Set(linesOf(otherWords));
  const stores = new Map<string, { principal: string; name: string }>();
  for (const e of trace.events) {
    if (e.kind === "stored") stores.set(`${e.at}/${e.store}`, { principal: e.at, name: e.store });
  }
  const principals = [...new Set(trace.processes.map((p) => p.principal))];
  return {
    transport: transportOf(trace.plan.protocol),
    packets: seenOf(trace, other, attacked),
    values: recognised(trace, attacked),
    repeatedSessions: repeated,
    callers: callersOf(trace),
    processes: trace.processes
      .filter((p) => p.service || sessions.has(p.plannedSession))
      .map((p) => ({
        id: p.id,
        role: p.role,
        principal: p.principal,
        service: p.service,
        session: p.plannedSession,
      })),
    showsOutOfBand: trace.events.some((e) => e.kind === "shown"),
    groupMembers: groupMembers(trace.plan),
    principals,
    longTermSecrets: new Map(principals.map((p) => [p, secretsIn(trace, p).length])),
    stores: [...stores.values()],
    otherSettings: otherSettings(trace.plan),
    logLines: linesOf(trace).filter((line) => common.has(line)),
    reactions: reactionsOf(trace),
    packetsAfter(attack) {
      return seenOf(simulate({ ...trace.plan, attack }), other);
    },
  };
}

/** Sessions of one kind: what can be done to one of them can be done to the others. */
import { roleOf } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { Packet, Trace } from "../trace/trace.ts";

const printable = /^[\t\n\r\x20-\x7e]*$/;
/** Not within encodings, where digits stand for something else. */
const wholeNumbers = /(?<![\w+/=-])\d+(?![\w+/=-])/g;

/** Numbers of another length make no other packet. */
function lengthOf(bytes: Uint8Array): number {
  const chars = latin1(bytes);
  return printable.test(chars) ? chars.replace(wholeNumbers, "#").length : chars.length;
}

/**
 * How each session begins, before anybody has anything to say in it: who sends to whom, and how
 * long the first packet is. A session that goes on from an earlier one begins otherwise than that.
 */
function beginnings(trace: Trace): ReadonlyMap<number, readonly string[]> {
  const planned = new Map(trace.processes.map((p) => [p.id, p.plannedSession]));
  const begun = new Map<number, string[]>();
  const over = new Set<number>();
  for (const e of trace.events) {
    if (e.kind === "submit") {
      const session = planned.get(e.at);
      // Which of its sessions a service speaks in is its own affair.
      for (const s of session === undefined ? begun.keys() : [session]) over.add(s);
    }
    if (e.kind !== "sent") continue;
    const { from, to, bytes } = trace.packets[e.packet] as Packet;
    const session = planned.get(from) ?? planned.get(to);
    if (session === undefined || over.has(session)) continue;
    const way = `${roleOf(from)}>${roleOf(to)}`;
    const before = begun.get(session);
    if (before === undefined) begun.set(session, [`${lengthOf(bytes)} bytes`, way]);
    else before.push(way);
  }
  return begun;
}

/**
 * Sessions that repeat an earlier one, and which: later, between the same principals, begun alike.
 * @param trace an undisturbed run: what an attack disturbs is no other kind of session.
 */
export const repeatedSessions = memoPerTrace((trace): ReadonlyMap<number, number> => {
  const begun = beginnings(trace);
  const firsts = new Map<string, number>();
  const repeated = new Map<number, number>();
  for (const [i, { principals = {}, start }] of trace.plan.workload.sessions.entries()) {
    const kind = JSON.stringify([principals, begun.get(i)]);
    const first = firsts.get(kind);
    if (first === undefined) firsts.set(kind, i);
    else if (start === "after-previous") repeated.set(i, first);
  }
  return repeated;
});

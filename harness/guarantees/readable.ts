/**
 * Is a message that deduction yields really learned? Where its words were read in the clear, or put
 * together from pieces, they may be public words that it merely shares. Then the same run is made
 * with other words in its place: what is there although nobody says it tells nothing of what is
 * said (compare non-interference: J. Goguen, J. Meseguer, 1982).
 */
import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import { sourceOf } from "../../attacker/knowledge/origin.ts";
import type { Workload } from "../../protocol/endpoint.ts";
import { equalBytes, type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { simulate } from "../run/simulate.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";

/** What of a run's evidence counts: that of the wire, or disclosures as well. */
type KnowledgeOf = (trace: Trace) => Knowledge;

/** Several guarantees ask for the same. */
const answers = memoPerTrace(() => new Map<KnowledgeOf, Map<Latin1, boolean>>());

/** @returns whether the adversary learns `message` in this run. */
export function isLearned(trace: Trace, knowledgeOf: KnowledgeOf, message: Uint8Array): boolean {
  if (!knowledgeOf(trace).derivable(message)) return false;
  const all = answers(trace);
  const known = all.get(knowledgeOf) ?? new Map<Latin1, boolean>();
  all.set(knowledgeOf, known);
  const words = latin1(message);
  const answer = known.get(words) ?? isSaid(trace, knowledgeOf, message);
  known.set(words, answer);
  return answer;
}

/** Is it known because somebody says it? */
function isSaid(trace: Trace, knowledgeOf: KnowledgeOf, message: Uint8Array): boolean {
  const found = readingOf(knowledgeOf(trace), latin1(message));
  if (found === "deduced") return true;
  const words = otherWords(message);
  const workload = withInstead(trace.plan.workload, message, words);
  const { probing: _, witness: __, ...plan } = trace.plan;
  const other = simulate({ ...plan, workload });
  const isComparable = eventsOf(other, "submit").some((e) => equalBytes(e.message, words));
  const knowledge = knowledgeOf(other);
  if (!isComparable || knowledge.derivable(words)) return true;
  return found === "in the clear" && !knowledge.occurs(latin1(message));
}

/** How its words were come by. */
function readingOf(knowledge: Knowledge, message: Latin1): "in the clear" | "joined" | "deduced" {
  const seen = new Set<Latin1>();
  for (let value = message; ; ) {
    const origin = knowledge.originOf(value);
    if (origin?.kind === "seen") return "in the clear";
    if (origin?.kind === "joined") return "joined";
    const source = origin?.kind === "opened" || origin === undefined ? undefined : sourceOf(origin);
    if (source === undefined || seen.has(source)) return "deduced";
    seen.add(source);
    value = source;
  }
}

/** As long, of the same kind of characters, and not one letter or digit the same. */
function otherWords(message: Uint8Array): Uint8Array {
  const turned = (byte: number, first: number, count: number): number =>
    first + ((byte - first + Math.floor(count / 2)) % count);
  const other = message.map((byte) => {
    const character = String.fromCharCode(byte);
    if (/[a-z]/.test(character)) return turned(byte, 0x61, 26);
    if (/[A-Z]/.test(character)) return turned(byte, 0x41, 26);
    return /\d/.test(character) ? turned(byte, 0x30, 10) : byte;
  });
  return equalBytes(other, message) ? message.map((byte) => byte ^ 1) : other;
}

function withInstead(workload: Workload, old: Uint8Array, words: Uint8Array): Workload {
  return {
    ...workload,
    sessions: workload.sessions.map((session) => ({
      ...session,
      messages: session.messages.map((m) =>
        equalBytes(m.message, old) ? { ...m, message: words } : m,
      ),
    })),
  };
}

/**
 * Is a message that deduction yields really learned? Where it was put together from pieces, the
 * pieces may be public words that it merely shares. Then the same run is made with other words in
 * its place: the adversary learns a message if it would have learned another one just so
 * (compare non-interference: J. Goguen, J. Meseguer, 1982).
 */
import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import type { Workload } from "../../protocol/endpoint.ts";
import { equalBytes, latin1 } from "../../protocol/kit/bytes.ts";
import { simulate } from "../run/simulate.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";

/**
 * @param knowledgeOf what of a run's evidence counts: that of the wire, or disclosures as well.
 * @returns whether the adversary learns `message` in this run.
 */
export function isLearned(
  trace: Trace,
  knowledgeOf: (trace: Trace) => Knowledge,
  message: Uint8Array,
): boolean {
  const knowledge = knowledgeOf(trace);
  if (!knowledge.derivable(message)) return false;
  if (knowledge.originOf(latin1(message))?.kind !== "joined") return true;
  const words = otherWords(message);
  const workload = withInstead(trace.plan.workload, message, words);
  const other = simulate({ ...trace.plan, workload });
  const isSaid = eventsOf(other, "submit").some((e) => equalBytes(e.message, words));
  return !isSaid || knowledgeOf(other).derivable(words);
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

function withInstead({ sessions }: Workload, old: Uint8Array, words: Uint8Array): Workload {
  return {
    sessions: sessions.map((session) => ({
      ...session,
      messages: session.messages.map((m) =>
        equalBytes(m.message, old) ? { ...m, message: words } : m,
      ),
    })),
  };
}

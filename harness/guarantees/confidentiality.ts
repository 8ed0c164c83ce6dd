import { computeCost } from "../../attacker/knowledge/compute-cost.ts";
import { declaredFromBytes } from "../../attacker/knowledge/lengths.ts";
import { isCorrupt } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import type { Trace } from "../trace/trace.ts";
import { knowledgeFromWire } from "../trace/trace-knowledge.ts";
import { anonymousPeer, facesAnonymous } from "./anonymous.ts";
import { exchangesOf, type Handover, quote } from "./exchanges.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";
import { guessedFromWire } from "./guessed-knowledge.ts";
import { isLearned } from "./readable.ts";

/** The adversary may know its own messages, and those sent to it, as a user or a nameless peer. */
function isSecret(item: Handover, trace: Trace): boolean {
  const { addressees = [], purpose, message, end } = item;
  if (purpose !== "message" || message.length < declaredFromBytes) return false;
  if (isCorrupt(end.process.principal, trace.plan.attack)) return false;
  if (addressees.length > 0) return !addressees.some((p) => isCorrupt(p, trace.plan.attack));
  return !facesAnonymous(trace, item) || anonymousPeer(trace, item) !== undefined;
}

export const confidentiality: Guarantee = {
  id: "confidentiality",
  statement: "No message that an honest user sends becomes known to the attacker.",
  source: "D. Dolev, A. Yao: On the security of public key protocols, 1983",
  twin: "preshared?encryption=off",
  layered: true,
  secrecy: true,
  safety: true,
  vacuousBecause: `no honest user sends another a message of ${declaredFromBytes} bytes or more`,
  counts: withoutDisclosure,
  judge(trace) {
    const messages = exchangesOf(trace).submissions.filter((item) => isSecret(item, trace));
    const atStake = messages.length;
    const lost = messages.find(({ message }) => isLearned(trace, knowledgeFromWire, message));
    const knowledge = lost === undefined ? guessedFromWire(trace) : knowledgeFromWire(trace);
    const read = lost ?? messages.find(({ message }) => knowledge?.derivable(message));
    if (read === undefined || knowledge === undefined) return { atStake };
    const compute = computeCost(knowledge, latin1(read.message));
    return {
      atStake,
      violation: {
        because: `the attacker can read ${quote(read.message)}, which ${read.end.process.id} sent`,
        ...(compute === null ? {} : { compute }),
      },
    };
  },
};

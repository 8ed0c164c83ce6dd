import { outlastsSessions } from "../../attacker/disclosure.ts";
import { computeCost } from "../../attacker/knowledge/compute-cost.ts";
import { declaredFromBytes } from "../../attacker/knowledge/lengths.ts";
import { isCorrupt } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { knowledgeFromWire, knowledgeOf } from "../trace/trace-knowledge.ts";
import { exchangesOf, quote } from "./exchanges.ts";
import type { Guarantee } from "./guarantee.ts";
import { guessedFromAll, guessedFromWire } from "./guessed-knowledge.ts";
import { isLearned } from "./readable.ts";

export const forwardSecrecy: Guarantee = {
  id: "forward-secrecy",
  statement:
    "Messages stay secret when, after the end, all long-term secrets and stores become known.",
  source:
    "W. Diffie, P. van Oorschot, M. Wiener: Authentication and authenticated key exchanges, 1992",
  twin: "preshared",
  layered: false,
  secrecy: true,
  safety: true,
  vacuousBecause: `every message of ${declaredFromBytes} bytes or more is readable without what is disclosed`,
  counts: (attack) =>
    attack.some((m) => m.move === "disclose") &&
    attack.every((m) => m.move !== "disclose" || (m.when === "end" && outlastsSessions(m.what))),
  judge(trace, baseline) {
    // What is readable in an undisturbed run already is judged by confidentiality.
    const guessed = guessedFromWire(baseline.honest);
    const messages = exchangesOf(trace).submissions.filter(
      ({ end, purpose, message }) =>
        purpose === "message" &&
        message.length >= declaredFromBytes &&
        !isCorrupt(end.process.principal, trace.plan.attack) &&
        !isLearned(baseline.honest, knowledgeFromWire, message) &&
        !isLearned(trace, knowledgeFromWire, message) &&
        guessed?.derivable(message) !== true,
    );
    const lost =
      messages.find(({ message }) => isLearned(trace, knowledgeOf, message)) ??
      messages.find(({ message }) => guessedFromAll(trace)?.derivable(message));
    if (lost === undefined) return { atStake: messages.length };
    const active = trace.plan.attack.some((m) => m.move !== "disclose");
    const grade = active ? "strong forward secrecy fails" : "not even weak forward secrecy";
    const because = `with what is disclosed afterwards, the recorded traffic yields ${quote(lost.message)} (${grade})`;
    if (knowledgeOf(trace).derivable(lost.message)) {
      return { atStake: messages.length, violation: { because } };
    }
    const knowledge = guessedFromAll(trace);
    const compute = knowledge && computeCost(knowledge, latin1(lost.message));
    const cost = compute === undefined || compute === null ? {} : { compute };
    return { atStake: messages.length, violation: { because, ...cost } };
  },
};

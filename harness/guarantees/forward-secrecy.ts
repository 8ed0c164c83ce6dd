import { outlastsSessions } from "../../attacker/disclosure.ts";
import { declaredFromBytes } from "../../attacker/knowledge/lengths.ts";
import { knowledgeFromWire, knowledgeOf } from "../trace/trace-knowledge.ts";
import { exchangesOf, quote } from "./exchanges.ts";
import type { Guarantee } from "./guarantee.ts";

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
    const readable = knowledgeFromWire(baseline.honest);
    const before = knowledgeFromWire(trace);
    const after = knowledgeOf(trace);
    const messages = exchangesOf(trace).submissions.filter(
      (s) =>
        s.purpose === "message" &&
        s.message.length >= declaredFromBytes &&
        !before.derivable(s.message) &&
        !readable.derivable(s.message),
    );
    const lost = messages.find((s) => after.derivable(s.message));
    if (lost === undefined) return { atStake: messages.length };
    const active = trace.plan.attack.some((m) => m.move !== "disclose");
    const grade = active ? "strong forward secrecy fails" : "not even weak forward secrecy";
    const because = `with what is disclosed afterwards, the recorded traffic yields ${quote(lost.message)} (${grade})`;
    return { atStake: messages.length, violation: { because } };
  },
};

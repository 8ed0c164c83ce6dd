import { computeCost } from "../../attacker/knowledge/compute-cost.ts";
import { declaredFromBytes } from "../../attacker/knowledge/lengths.ts";
import { type Attack, isCorrupt } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { knowledgeFromWire } from "../trace/trace-knowledge.ts";
import { exchangesOf, type Handover, quote } from "./exchanges.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

/** The adversary may know messages sent to itself, as a registered user. */
const isSecret = ({ other, purpose, message }: Handover, attack: Attack): boolean =>
  purpose === "message" &&
  message.length >= declaredFromBytes &&
  (other === undefined || !isCorrupt(other, attack));

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
    const knowledge = knowledgeFromWire(trace);
    const { attack } = trace.plan;
    const messages = exchangesOf(trace).submissions.filter((item) => isSecret(item, attack));
    for (const { message, end } of messages) {
      if (!knowledge.derivable(message)) continue;
      const compute = computeCost(knowledge, latin1(message));
      return {
        atStake: messages.length,
        violation: {
          because: `the attacker can read ${quote(message)}, which ${end.process.id} sent`,
          ...(compute === null ? {} : { compute }),
        },
      };
    }
    return { atStake: messages.length };
  },
};

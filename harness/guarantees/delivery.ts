import { capabilityOf } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import type { Trace } from "../trace.ts";
import { quote } from "./exchanges.ts";
import type { Guarantee, Profile } from "./guarantee.ts";

export const delivery: Guarantee = {
  id: "delivery",
  statement:
    "After finitely many losses, delays and duplications everything that was sent is delivered, and confirmed where the protocol confirms.",
  source: "B. Alpern, F. Schneider: Defining liveness, 1985; RFC 9293 §3.8 (retransmission)",
  twin: "preshared?retransmission=off",
  layered: true,
  secrecy: false,
  safety: false,
  counts: (attack, transport) => capabilityOf(attack, transport) === "none",
  judge(trace, profile) {
    const owed = owedMessages(trace, profile);
    for (const { from, message } of owed) {
      const key = latin1(message);
      const wanted = owed.filter((o) => latin1(o.message) === key).length;
      const count = (kind: "deliver" | "confirm"): number =>
        trace.events.filter((e) => e.kind === kind && latin1(e.message) === key).length;
      const missing =
        count("deliver") < wanted
          ? "was never delivered"
          : profile.confirms && count("confirm") < wanted
            ? "was delivered but never confirmed"
            : undefined;
      if (missing === undefined) continue;
      const because = `${quote(message)} of ${from} ${missing}${whatElse(trace)}`;
      return { atStake: owed.length, violation: { because } };
    }
    return { atStake: owed.length };
  },
};

/** What the protocol undertakes to deliver: not what exceeds its own stated limit. */
function owedMessages(trace: Trace, { protocol }: Profile) {
  const limit = protocol.limits?.messageBytes ?? Number.POSITIVE_INFINITY;
  return trace.outcomes.flatMap((o) => o.wanted).filter((w) => w.message.length <= limit);
}

function whatElse(trace: Trace): string {
  const end = trace.events.find((e) => e.kind === "crashed" || e.kind === "stopped");
  if (end === undefined) return "";
  return end.kind === "crashed" ? `; ${end.at} crashed (${end.because})` : `; ${end.because}`;
}

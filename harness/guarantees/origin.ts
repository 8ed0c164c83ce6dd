import { isCorrupt } from "../../attacker/move.ts";
import { exchangesOf, isMeantFor, quote } from "./exchanges.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

export const origin: Guarantee = {
  id: "origin",
  statement: "Whatever is delivered as coming from somebody was sent by them, to this receiver.",
  source: "ISO 7498-2:1989 §5.2.1 (data origin authentication)",
  twin: "preshared?directions=off",
  layered: true,
  secrecy: false,
  safety: true,
  vacuousBecause: "nobody accepts anything as coming from somebody",
  counts: withoutDisclosure,
  judge(trace) {
    const { submissions, deliveries: all } = exchangesOf(trace);
    // What an anonymous peer says is attributed to nobody.
    const deliveries = all.filter((d) => d.other !== undefined);
    for (const d of deliveries) {
      const receiver = d.end.process.principal;
      const same = submissions.filter((s) => s.index < d.index && s.content === d.content);
      const genuine = same.some(
        (s) =>
          s.end.process.principal === d.other &&
          s.end.process.id !== d.end.process.id &&
          isMeantFor(s, receiver),
      );
      if (genuine) continue;
      // Messages of corrupt principals are exempt, unless an honest one was meant for the receiver.
      const own = d.other !== undefined && isCorrupt(d.other, trace.plan.attack);
      if (own && !same.some((s) => s.addressees?.includes(receiver) === true)) continue;
      const author = same[0]?.end.process;
      const truth =
        author === undefined
          ? "nobody sent it"
          : `it was ${author.principal} (${author.id}) who sent it, to ${same[0]?.addressees?.join(" and ") ?? "somebody"}`;
      const because = `${d.end.process.id} accepted ${quote(d.message)} as coming from ${d.other}, but ${truth}`;
      return { atStake: deliveries.length, violation: { because } };
    }
    return { atStake: deliveries.length };
  },
};

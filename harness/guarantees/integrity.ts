import { anonymousPeer } from "./anonymous.ts";
import { exchangesOf, fromHonest, type Handover, quote } from "./exchanges.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

export const integrity: Guarantee = {
  id: "integrity",
  statement: "Whatever is delivered was submitted, whole and unchanged.",
  source: "ISO 7498-2:1989 §5.2.4 (connection integrity)",
  twin: "preshared?authentication=off",
  layered: true,
  secrecy: false,
  safety: true,
  vacuousBecause: "nobody accepts anything from honest people",
  counts: withoutDisclosure,
  judge(trace) {
    const { submissions, deliveries: all } = exchangesOf(trace);
    // Of an anonymous peer only its own words are accepted; those of the adversary do not count.
    const isFromPeer = new Map(
      all.flatMap((d) => (d.other === undefined ? [[d, anonymousPeer(trace, d)] as const] : [])),
    );
    const deliveries = fromHonest(trace, all).filter(
      (d) => d.other !== undefined || isFromPeer.get(d) !== undefined,
    );
    for (const d of deliveries) {
      const isPeer = isFromPeer.get(d);
      const earlier = submissions.filter((s) => s.index < d.index && (isPeer?.(s.end) ?? true));
      if (earlier.some((s) => s.content === d.content)) continue;
      return { atStake: deliveries.length, violation: { because: explain(d, earlier) } };
    }
    return { atStake: deliveries.length };
  },
};

function explain(d: Handover, earlier: readonly Handover[]): string {
  const who = `${d.end.process.id} accepted ${quote(d.message)}`;
  const cut = earlier.find((s) => d.content !== "" && s.content.startsWith(d.content));
  if (cut !== undefined) {
    return `${who}, the first ${d.message.length} bytes of the ${cut.message.length} that were sent, as a whole message`;
  }
  const inside = earlier.find((s) => d.content !== "" && s.content.includes(d.content));
  if (inside !== undefined) return `${who}, a piece of what was sent, as a whole message`;
  return `${who}, which nobody sent`;
}

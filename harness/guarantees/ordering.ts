import { type End, type Exchanges, exchangesOf, type Handover, quote } from "./exchanges.ts";
import { type Guarantee, recordedOnly } from "./guarantee.ts";

export const ordering: Guarantee = {
  id: "ordering",
  statement:
    "What a session delivers is delivered in the order in which it was sent; what is left out altogether is the business of delivery.",
  source: "ISO 7498-2:1989 §5.2.4.1 (sequence integrity)",
  twin: "preshared?order=off",
  layered: true,
  secrecy: false,
  safety: true,
  vacuousBecause: "nobody accepts two messages in one session",
  counts: recordedOnly,
  judge(trace) {
    const exchanges = exchangesOf(trace);
    const ends = new Set(exchanges.deliveries.map((d) => d.end));
    let atStake = 0;
    for (const end of ends) {
      const delivered = exchanges.deliveries.filter((d) => d.end === end);
      atStake += Math.max(0, delivered.length - 1);
      const violation = outOfOrder(end, delivered, exchanges);
      if (violation !== undefined) return { atStake: Math.max(1, atStake), violation };
    }
    return { atStake };
  },
};

/** Can this submission be the source of that delivery? */
const isSource = (sent: Handover, delivered: Handover): boolean =>
  sent.index < delivered.index && sent.content === delivered.content;

function outOfOrder(
  end: End,
  delivered: readonly Handover[],
  { submissions, partners }: Exchanges,
) {
  for (const partner of partners(end)) {
    const sent = submissions.filter((s) => s.end === partner);
    let last = -1;
    let lastItem: Handover | undefined;
    for (const d of delivered) {
      const next = sent.findIndex((s, i) => i > last && isSource(s, d));
      if (next >= 0) {
        last = next;
        lastItem = d;
        continue;
      }
      const earlier = sent.findIndex((s) => isSource(s, d));
      // An immediate repetition is a replay and does not affect the order.
      if (earlier < 0 || sent[last]?.content === d.content || lastItem === undefined) continue;
      return {
        because: `${end.process.id} accepted ${quote(d.message)} after ${quote(lastItem.message)}, though it was sent before`,
      };
    }
  }
  return undefined;
}

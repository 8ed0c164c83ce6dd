import { type Exchanges, exchangesOf, type Handover, quote } from "./exchanges.ts";
import { type Guarantee, recordedOnly } from "./guarantee.ts";

export const replay: Guarantee = {
  id: "replay",
  statement: "Within a session, nothing that was sent once is accepted twice.",
  source: "RFC 4949, “replay attack”; P. Syverson: A taxonomy of replay attacks, 1994",
  twin: "preshared?window=off",
  layered: true,
  secrecy: false,
  safety: true,
  vacuousBecause: "nobody accepts anything",
  counts: recordedOnly,
  judge(trace) {
    const exchanges = exchangesOf(trace);
    const { deliveries } = exchanges;
    for (const d of deliveries) {
      const violation = repeated(d, exchanges);
      if (violation !== undefined) return { atStake: deliveries.length, violation };
    }
    return { atStake: deliveries.length };
  },
};

function repeated(d: Handover, { submissions, deliveries, partners }: Exchanges) {
  const before = deliveries.filter(
    (o) => o.index <= d.index && o.end === d.end && o.content === d.content,
  );
  if (before.length < 2) return undefined;
  const ends = partners(d.end);
  const sent = submissions.filter(
    (s) => s.index < d.index && s.content === d.content && ends.includes(s.end),
  ).length;
  if (sent === 0 || before.length <= sent) return undefined;
  const times = sent === 1 ? "once" : `${sent} times`;
  return {
    because: `${d.end.process.id} accepted ${quote(d.message)} ${before.length} times in one session, though it was sent ${times}`,
  };
}

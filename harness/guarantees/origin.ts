import { isCorrupt } from "../../attacker/move.ts";
import type { Trace } from "../trace/trace.ts";
import { exchangesOf, type Handover, isMeantFor, quote } from "./exchanges.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";
import { nobodysName } from "./misstated-claims.ts";

/** What was submitted by then with the content of a delivery. */
const sourcesOf = (trace: Trace, d: Handover): readonly Handover[] =>
  exchangesOf(trace).submissions.filter((s) => s.index < d.index && s.content === d.content);

/** Did the one that this is attributed to send it, to this receiver? */
function isGenuine(d: Handover, sources: readonly Handover[]): boolean {
  const { principal, id } = d.end.process;
  return sources.some(
    (s) =>
      s.end.process.principal === d.other && s.end.process.id !== id && isMeantFor(s, principal),
  );
}

/** @returns what is wrong with the origin of a delivery; `undefined` if nothing is. */
export function falseOrigin(trace: Trace, d: Handover): string | undefined {
  if (d.other === undefined) return undefined;
  const sources = sourcesOf(trace, d);
  if (isGenuine(d, sources)) return undefined;
  // Messages of corrupt principals are exempt, unless an honest one was meant for the receiver.
  const own = isCorrupt(d.other, trace.plan.attack);
  if (own && !sources.some((s) => s.addressees?.includes(d.end.process.principal) === true))
    return undefined;
  const [first] = sources;
  const author = first?.end.process;
  const truth =
    author === undefined
      ? "nobody sent it"
      : `it was ${author.principal} (${author.id}) who sent it, to ${first?.addressees?.join(" and ") ?? "somebody"}`;
  return `${d.end.process.id} accepted ${quote(d.message)} as coming from ${d.other}, but ${truth}`;
}

/** What an undisturbed run shows to be wrong with `from` in what is delivered. */
function misstatedSender(honest: Trace): string {
  const wrong = exchangesOf(honest).deliveries.find((d) => falseOrigin(honest, d) !== undefined);
  const stranger = wrong?.other === undefined ? undefined : nobodysName(honest, wrong.other);
  return stranger ?? "`from` names the principal whose user has sent it, in the same bytes";
}

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
  misstated: misstatedSender,
  judge(trace) {
    // What an anonymous peer says is attributed to nobody.
    const deliveries = exchangesOf(trace).deliveries.filter((d) => d.other !== undefined);
    for (const d of deliveries) {
      const because = falseOrigin(trace, d);
      if (because !== undefined) return { atStake: deliveries.length, violation: { because } };
    }
    return { atStake: deliveries.length };
  },
};

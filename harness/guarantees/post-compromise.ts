import { disclosesOnly } from "../../attacker/disclosure.ts";
import { roleOf } from "../../attacker/move.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { Packet, Trace } from "../trace/trace.ts";
import { eventsOf, placesOf } from "../trace/trace-index.ts";
import { type End, exchangesOf } from "./exchanges.ts";
import {
  beginningOf,
  judgeExposure,
  keyStakes,
  messageStakes,
  nothingSecret,
  type Place,
} from "./exposure.ts";
import type { Guarantee } from "./guarantee.ts";

/** Roles that get something back for what they send. */
const answeredRoles = memoPerTrace((honest): ReadonlySet<string> => {
  const answered = honest.processes.filter(({ id }) =>
    hasExchanged(honest, { at: id, session: "", index: honest.events.length }),
  );
  return new Set(answered.map((p) => p.role));
});

/**
 * Has a session begun since then, and gone there and back at this end, by the time that something
 * was said in it? Before that, nothing new can have come from both ends. Where nothing ever comes
 * back, its beginning is all the exchange there is.
 */
function isHealed(trace: Trace, honest: Trace, place: Place, told: number): boolean {
  if (beginningOf(trace, place) <= told) return false;
  const isAnswered = answeredRoles(honest).has(roleOf(place.at));
  const isDone = (...others: ReadonlySet<string>[]): boolean =>
    !isAnswered || hasExchanged(trace, place, ...others);
  const { ends, partners } = exchangesOf(trace);
  const own = ends.find((e) => e.process.id === place.at && e.session === place.session);
  if (own === undefined) return false;
  if (!own.process.service) return isDone();
  // A service may say nothing of a session at first: then its partners tell when it began.
  const asking = partners(own).filter((e) => !e.process.service);
  return (
    asking.length > 0 &&
    asking.every((e) => beginningOf(trace, startOf(e)) > told) &&
    isDone(new Set([own.session, ...asking.map((e) => e.process.address)]))
  );
}

const startOf = ({ process, session }: End): Place => ({ at: process.id, session, index: 0 });

/** @param addresses of the other end; left out, any. */
function hasExchanged(
  trace: Trace,
  { at, index }: Place,
  addresses?: ReadonlySet<string>,
): boolean {
  const isWith = (address: string): boolean => addresses?.has(address) ?? true;
  const packetOf = (packet: number): Packet => trace.packets[packet] as Packet;
  const [sentAt, receivedAt] = [placesOf(trace, "sent"), placesOf(trace, "received")];
  const first = eventsOf(trace, "sent").findIndex(
    (e) => e.at === at && isWith(packetOf(e.packet).destination),
  );
  const sent = sentAt[first] ?? Number.POSITIVE_INFINITY;
  return eventsOf(trace, "received").some((e, nth) => {
    const received = receivedAt[nth] as number;
    const isAnswer = received > sent && received < index;
    return isAnswer && e.at === at && isWith(packetOf(e.packet).source);
  });
}

export const postCompromise: Guarantee = {
  id: "post-compromise",
  statement:
    "When all that one end holds has become known, sessions that begin later, undisturbed, are secret again.",
  source: "K. Cohn-Gordon, C. Cremers, L. Garratt: On post-compromise security, 2016",
  twin: "preshared",
  layered: false,
  secrecy: true,
  safety: true,
  vacuousBecause:
    "no session that would be secret otherwise begins, and goes there and back, after another one",
  counts: (attack) =>
    disclosesOnly(attack, "state") &&
    attack.every((m) => m.move === "disclose" && m.when !== "end"),
  notApplicable: nothingSecret,
  judge(trace, { honest }) {
    const { atStake, violation } = judgeExposure(trace, (run, knowledge, told) =>
      [...keyStakes(run, honest, knowledge), ...messageStakes(run, honest, knowledge)].filter((s) =>
        isHealed(run, honest, s, told),
      ),
    );
    if (violation === undefined) return { atStake };
    const because = `after all that one end held had become known, in a session begun later, ${violation.because}`;
    return { atStake, violation: { because } };
  },
};

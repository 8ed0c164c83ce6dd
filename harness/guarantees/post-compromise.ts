import { disclosesOnly } from "../../attacker/disclosure.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf, placesOf } from "../trace/trace-index.ts";
import { exchangesOf } from "./exchanges.ts";
import {
  beginningOf,
  judgeExposure,
  keyStakes,
  messageStakes,
  nothingSecret,
  type Place,
} from "./exposure.ts";
import type { Guarantee } from "./guarantee.ts";

/** A key may be half agreed when the state is out; the next one is agreed afterwards, whole. */
const healedBy = 2;

/** Has this end agreed keys anew since then, from beginning to end? */
function isHealed(trace: Trace, place: Place, told: number): boolean {
  const { at, session, index } = place;
  const places = placesOf(trace, "secret");
  const since = eventsOf(trace, "secret").filter((e, nth) => {
    const claimed = places[nth] as number;
    return e.at === at && e.session === session && claimed > told && claimed <= index;
  });
  return since.length >= healedBy || beganAfter(trace, place, told);
}

/** A service may say nothing of a session at first: then its partner tells when it began. */
function beganAfter(trace: Trace, place: Place, told: number): boolean {
  if (beginningOf(trace, place) <= told) return false;
  const { ends, partners } = exchangesOf(trace);
  const own = ends.find((e) => e.process.id === place.at && e.session === place.session);
  if (own?.process.service !== true) return true;
  const asking = partners(own).filter((e) => !e.process.service);
  return (
    asking.length > 0 &&
    asking.every(
      (e) => beginningOf(trace, { at: e.process.id, session: e.session, index: 0 }) > told,
    )
  );
}

export const postCompromise: Guarantee = {
  id: "post-compromise",
  statement:
    "When all that one end holds has become known, what is said under keys agreed anew, undisturbed, is secret again.",
  source: "K. Cohn-Gordon, C. Cremers, L. Garratt: On post-compromise security, 2016",
  twin: "preshared",
  layered: false,
  secrecy: true,
  safety: true,
  vacuousBecause: "no keys are agreed anew after another session has begun",
  counts: (attack) =>
    disclosesOnly(attack, "state") &&
    attack.every((m) => m.move === "disclose" && m.when !== "end"),
  notApplicable: nothingSecret,
  judge(trace, { honest }) {
    const { atStake, violation } = judgeExposure(trace, (run, knowledge, told) =>
      [...keyStakes(run, honest, knowledge), ...messageStakes(run, honest, knowledge)].filter((s) =>
        isHealed(run, s, told),
      ),
    );
    if (violation === undefined) return { atStake };
    const because = `after all that one end held had become known, and keys had been agreed anew, ${violation.because}`;
    return { atStake, violation: { because } };
  },
};

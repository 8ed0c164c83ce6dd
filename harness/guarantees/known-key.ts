import { disclosesOnly } from "../../attacker/disclosure.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { explainGrade, gradeCommits } from "./agreement.ts";
import { beginningOf, judgeExposure, keyStakes, messageStakes, type Stake } from "./exposure.ts";
import type { Guarantee } from "./guarantee.ts";

/** Commitments to honest peers; lost are those that nobody's run answers to. */
const commitStakes = (trace: Trace): readonly Stake[] =>
  gradeCommits(trace).map((graded) => {
    const { at, session, index, peer } = graded.commit;
    const isLost = graded.grade !== "injective agreement";
    const what = `commitment of ${at} to ${peer}`;
    return { at, session, index, what, isLost, because: explainGrade(graded) };
  });

export const knownKey: Guarantee = {
  id: "known-key",
  statement: "The session keys of finished sessions are of no use against later ones.",
  source: "D. Denning, G. Sacco: Timestamps in key distribution protocols, 1981",
  twin: "needham-schroeder-symmetric",
  layered: false,
  secrecy: true,
  safety: true,
  vacuousBecause: "no session that would be safe otherwise begins after another one is finished",
  counts: (attack) => disclosesOnly(attack, "session-keys"),
  notApplicable: ({ honest }) =>
    eventsOf(honest, "secret").length > 0 ? undefined : "no session key is ever claimed",
  judge(trace, { honest }) {
    const { atStake, violation } = judgeExposure(trace, (run, knowledge, told) =>
      [
        ...commitStakes(run),
        ...keyStakes(run, honest, knowledge),
        ...messageStakes(run, honest, knowledge),
      ].filter((s) => beginningOf(run, s) > told),
    );
    if (violation === undefined) return { atStake };
    const because = `with the session keys of finished sessions, ${violation.because}`;
    return { atStake, violation: { because } };
  },
};

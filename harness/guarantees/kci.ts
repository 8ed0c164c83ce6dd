import { isLongTerm } from "../../attacker/disclosure.ts";
import { type Attack, isCorrupt } from "../../attacker/move.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { explainGrade, type Graded, gradeCommits, grades } from "./agreement.ts";
import { exchangesOf, type Handover } from "./exchanges.ts";
import type { Guarantee } from "./guarantee.ts";
import { falseOrigin } from "./origin.ts";

/** The one principal whose long-term secrets the adversary has from the start, if exactly one. */
function victimOf(attack: Attack): string | undefined {
  const told = attack.filter((m) => m.move === "disclose");
  const [only] = told;
  if (told.length !== 1 || only?.when !== "start") return undefined;
  return isLongTerm(only.what) ? only.principal : undefined;
}

const weakness = ({ grade }: Graded): number => grades.indexOf(grade);
const isWeak = (graded: Graded): boolean => weakness(graded) > 0;

/**
 * Selects, in order, the commitments that are weaker than in the undisturbed run: only these are
 * effects of the attack. Each weak one of the undisturbed run excuses one of the same process to
 * the same peer, so an additional session, with an impersonator, has no excuse.
 */
function unexcusedBy(honest: Trace): (graded: Graded) => boolean {
  const excuses = gradeCommits(honest)
    .filter(isWeak)
    .sort((a, b) => weakness(a) - weakness(b));
  return (graded) => {
    if (!isWeak(graded)) return true;
    const { at, peer } = graded.commit;
    const excuse = excuses.findIndex(
      (e) => e.commit.at === at && e.commit.peer === peer && weakness(e) >= weakness(graded),
    );
    if (excuse < 0) return true;
    excuses.splice(excuse, 1);
    return false;
  };
}

/** What the victim accepts as coming from others that take part. */
function acceptedFrom(trace: Trace, victim: string | undefined): readonly Handover[] {
  const others = new Set(trace.processes.map((p) => p.principal));
  return exchangesOf(trace).deliveries.filter(
    ({ end, other }) =>
      end.process.principal === victim &&
      other !== undefined &&
      other !== victim &&
      others.has(other) &&
      !isCorrupt(other, trace.plan.attack),
  );
}

/**
 * Says of a delivery, in order, what is wrong with its origin. Each that is wrong in the
 * undisturbed run excuses one that the same process takes for the same sender's.
 */
function unexcusedOrigin(
  trace: Trace,
  honest: Trace,
  victim: string | undefined,
): (d: Handover) => string | undefined {
  const nameOf = (d: Handover): string => `${d.end.process.id} ${d.other}`;
  const excuses = acceptedFrom(honest, victim)
    .filter((d) => falseOrigin(honest, d) !== undefined)
    .map(nameOf);
  return (d) => {
    const because = falseOrigin(trace, d);
    const excuse = because === undefined ? -1 : excuses.indexOf(nameOf(d));
    if (excuse < 0) return because;
    excuses.splice(excuse, 1);
    return undefined;
  };
}

/**
 * Of what is believed about others, and of what is accepted as theirs, nothing may be wrong that is
 * right in the undisturbed run. What anybody can do without the victim's secrets counts as well:
 * who can be posed as by all the world resists nothing.
 */
export const kci: Guarantee = {
  id: "kci",
  statement: "Whoever knows a party's own secrets can still not pose as others to it.",
  source: "S. Blake-Wilson, D. Johnson, A. Menezes: Key agreement protocols, 1997",
  twin: "preshared",
  layered: false,
  secrecy: false,
  safety: true,
  vacuousBecause:
    "nobody whose secrets are known finishes with anybody, or accepts anything from others",
  counts: (attack) => victimOf(attack) !== undefined,
  notApplicable({ honest }) {
    const principals = new Set(honest.processes.map((p) => p.principal));
    const secrets = [...principals].some((p) => honest.deployment.longTermSecrets(p).length > 0);
    if (!secrets) return "nobody has a long-term secret";
    const isAnything =
      eventsOf(honest, "commit").length > 0 ||
      [...principals].some((p) => acceptedFrom(honest, p).length > 0);
    return isAnything
      ? undefined
      : "nobody ever claims to have finished with anybody, or accepts anything from others";
  },
  judge(trace, { honest }) {
    const victim = victimOf(trace.plan.attack);
    const own = gradeCommits(trace).filter(({ commit }) => commit.principal === victim);
    const graded = own.filter(unexcusedBy(honest));
    const accepted = acceptedFrom(trace, victim);
    const atStake = graded.length + accepted.length;
    const told = `with ${victim}'s own secrets in the attacker's hands,`;
    const fooled = graded.find(isWeak);
    if (fooled !== undefined) {
      return { atStake, violation: { because: `${told} ${explainGrade(fooled)}` } };
    }
    const wrongWith = unexcusedOrigin(trace, honest, victim);
    for (const d of accepted) {
      const because = wrongWith(d);
      if (because !== undefined) return { atStake, violation: { because: `${told} ${because}` } };
    }
    return { atStake };
  },
};

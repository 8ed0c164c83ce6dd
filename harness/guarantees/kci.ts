import { disclosureOf } from "../../attacker/disclosure.ts";
import type { Attack } from "../../attacker/move.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { explainGrade, type Graded, gradeCommits, grades } from "./agreement.ts";
import type { Guarantee } from "./guarantee.ts";

/** The one principal whose long-term secrets the adversary has from the start, if exactly one. */
function victimOf(attack: Attack): string | undefined {
  const told = attack.filter((m) => m.move === "disclose");
  const [only] = told;
  if (told.length !== 1 || only?.when !== "start") return undefined;
  return disclosureOf(only.what).kind === "long-term" ? only.principal : undefined;
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

export const kci: Guarantee = {
  id: "kci",
  statement: "Whoever knows a party's own secrets can still not pose as others to it.",
  source: "S. Blake-Wilson, D. Johnson, A. Menezes: Key agreement protocols, 1997",
  twin: "preshared",
  layered: false,
  secrecy: false,
  safety: true,
  vacuousBecause: "nobody whose secrets are known finishes with anybody",
  counts: (attack) => victimOf(attack) !== undefined,
  notApplicable({ honest }) {
    const principals = new Set(honest.processes.map((p) => p.principal));
    const secrets = [...principals].some((p) => honest.deployment.longTermSecrets(p).length > 0);
    if (!secrets) return "nobody has a long-term secret";
    return eventsOf(honest, "commit").length > 0
      ? undefined
      : "nobody ever claims to have finished with anybody";
  },
  judge(trace, { honest }) {
    const victim = victimOf(trace.plan.attack);
    const own = gradeCommits(trace).filter(({ commit }) => commit.principal === victim);
    const graded = own.filter(unexcusedBy(honest));
    const fooled = graded.find(isWeak);
    if (fooled === undefined) return { atStake: graded.length };
    const because = `with ${victim}'s own secrets in the attacker's hands, ${explainGrade(fooled)}`;
    return { atStake: graded.length, violation: { because } };
  },
};

import type { Attack } from "../../attacker/move.ts";
import { eventsOf } from "../events-of.ts";
import { explainGrade, gradeCommits } from "./agreement.ts";
import type { Guarantee } from "./guarantee.ts";

/** Whose long-term secrets the attacker holds from the start; only attacks on one count. */
function victimOf(attack: Attack): string | undefined {
  const told = attack.filter((m) => m.move === "disclose");
  const [only] = told;
  if (told.length !== 1 || only?.when !== "start" || only.what !== "long-term") return undefined;
  return only.principal;
}

export const kci: Guarantee = {
  id: "kci",
  statement: "Whoever knows a party's own secrets can still not pose as others to it.",
  source: "S. Blake-Wilson, D. Johnson, A. Menezes: Key agreement protocols, 1997",
  twin: "preshared",
  layered: false,
  secrecy: false,
  safety: true,
  counts: (attack) => victimOf(attack) !== undefined,
  notApplicable({ honest }) {
    const principals = new Set(honest.processes.map((p) => p.principal));
    const secrets = [...principals].some((p) => honest.deployment.longTermSecrets(p).length > 0);
    if (!secrets) return "nobody has a long-term secret";
    return eventsOf(honest, "commit").length > 0
      ? undefined
      : "nobody ever claims to have finished with anybody";
  },
  judge(trace) {
    const victim = victimOf(trace.plan.attack);
    const graded = gradeCommits(trace).filter(({ commit }) => commit.principal === victim);
    const fooled = graded.find((g) => g.grade !== "injective agreement");
    if (fooled === undefined) return { atStake: graded.length };
    const because = `with ${victim}'s own secrets in the attacker's hands, ${explainGrade(fooled)}`;
    return { atStake: graded.length, violation: { because } };
  },
};

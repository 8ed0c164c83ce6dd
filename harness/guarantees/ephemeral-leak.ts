import { disclosesOnly } from "../../attacker/disclosure.ts";
import { isAdversaryProcess } from "../../attacker/move.ts";
import { operations } from "../../protocol/kit/operations.ts";
import { judgeExposure, keyStakes, messageStakes, nothingSecret } from "./exposure.ts";
import type { Baseline, Guarantee } from "./guarantee.ts";

const drawsNothing = ({ honest }: Baseline): string | undefined => {
  const draws = honest.crypto.some(
    ({ op, by }) => operations[op].fresh === true && by !== "deployment" && !isAdversaryProcess(by),
  );
  return draws ? undefined : "nobody draws anything at random";
};

export const ephemeralLeak: Guarantee = {
  id: "ephemeral-leak",
  statement: "Keys and messages stay secret when what the ends of a session draw becomes known.",
  source:
    "B. LaMacchia, K. Lauter, A. Mityagin: Stronger security of authenticated key exchange, 2007",
  twin: "signed-dh",
  layered: false,
  secrecy: true,
  safety: true,
  vacuousBecause: "nothing would be secret even if all draws were",
  counts: (attack) => disclosesOnly(attack, "randomness"),
  notApplicable: (baseline) => drawsNothing(baseline) ?? nothingSecret(baseline),
  judge(trace, { honest }) {
    const { atStake, violation } = judgeExposure(trace, (run, knowledge) => [
      ...keyStakes(run, honest, knowledge),
      ...messageStakes(run, honest, knowledge),
    ]);
    if (violation === undefined) return { atStake };
    const because = `with what is drawn at random, but no long-term secret, ${violation.because}`;
    return { atStake, violation: { because } };
  },
};

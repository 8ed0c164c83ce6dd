/** What an end asks in one session, it or the other one may be asked in another. */
import { expect, test } from "vitest";
import { askingBack, askingTheOther } from "../../attacker/strategies/parallel-sessions.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import { bundledSubject } from "../input/bundled-protocols.ts";
import { parseProtocolName } from "../input/protocol-reference.ts";
import { threePasses } from "../testing/three-passes.ts";
import { subjectFor } from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

const bundled = (name: string) => bundledSubject(parseProtocolName(name));

test.each([
  [askingBack, "reflection", bundled("reflection"), "off-path"],
  [askingBack, "its repair", bundled("reflection?direction=named"), null],
  [askingTheOther, "three passes", subjectFor(threePasses("new")), "off-path"],
  [askingTheOther, "the standard's", subjectFor(threePasses("kept")), null],
] as const)("$id: %s", (strategy, _, subject, capability) => {
  const campaign = new Campaign(subject, { seed: "finds", guarantees: ["client-authentication"] });
  for (const candidate of strategy.attacks(firstOfTheirKind(campaign.scene()))) {
    campaign.try(strategy.id, candidate);
  }
  const verdict = capability === null ? "holds" : "broken";
  expect(campaign.finish(null).verdicts).toMatchObject([{ verdict, capability }]);
});

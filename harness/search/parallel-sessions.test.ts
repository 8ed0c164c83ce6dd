/** What an end asks in one session it may be asked itself in another: found off the path. */
import { expect, test } from "vitest";
import { askingBack } from "../../attacker/strategies/parallel-sessions.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import { bundledSubject } from "../input/bundled-protocols.ts";
import { parseProtocolName } from "../input/protocol-reference.ts";
import { Campaign } from "./campaign.ts";

test.each([
  ["reflection", "broken", "off-path"],
  ["reflection?direction=named", "holds", null],
] as const)("%s: client-authentication %s", (name, verdict, capability) => {
  const guarantees = ["client-authentication"];
  const campaign = new Campaign(bundledSubject(parseProtocolName(name)), {
    seed: "finds",
    guarantees,
  });
  for (const candidate of askingBack.attacks(firstOfTheirKind(campaign.scene()))) {
    campaign.try(askingBack.id, candidate);
  }
  expect(campaign.finish(null).verdicts).toMatchObject([{ verdict, capability }]);
});

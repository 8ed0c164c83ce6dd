/** What is put in makes room for what is taken away, where both ends count and nobody checks. */
import { expect, test } from "vitest";
import { insertingFiller } from "../../attacker/strategies/filler.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Protocol } from "../../protocol/endpoint.ts";
import { counting } from "../testing/counting.ts";
import { subjectFor } from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

function found(protocol: Protocol): readonly string[] {
  const about = { seed: "filler", guarantees: ["downgrade"] };
  const campaign = new Campaign(subjectFor(protocol), about);
  campaign.try("undisturbed", { moves: [] });
  for (const candidate of insertingFiller.attacks(firstOfTheirKind(campaign.scene()))) {
    campaign.try(insertingFiller.id, candidate);
  }
  return campaign.finish(null).verdicts.map((v) => `${v.verdict} ${v.capability}`);
}

test.each(["messages", "stream"] as const)("over %s: an offer vanishes", (transport) => {
  expect(found(counting(transport, false))).toEqual(["broken on-path"]);
  expect(found(counting(transport, false, 1))).toEqual(["broken on-path"]);
});

test.each(["messages", "stream"] as const)("over %s: its twin does not lose it", (transport) => {
  expect(found(counting(transport, true))).toEqual(["holds null"]);
});

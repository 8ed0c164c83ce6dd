/**
 * Assesses one protocol: every guarantee under every generic strategy, then every single move. A
 * pure function of its settings; runs are counted, not timed, so the result is the same on every
 * machine.
 */

import { strategies } from "../../attacker/strategies/catalog.ts";
import { firstOfTheirKind } from "../../attacker/strategies/leading.ts";
import type { Subject } from "../subject.ts";
import type { ProtocolReport } from "../verdict.ts";
import { Campaign, type SearchSettings, type Watch } from "./campaign.ts";
import { exhaust } from "./explore.ts";

export type { SearchSettings as AssessSettings, Watch } from "./campaign.ts";

/** How deep the search of the matrix is exhaustive; `mallory explore` goes deeper. */
const matrixDepth = 1;

export function assess(
  subject: Subject,
  settings: SearchSettings,
  watch: Watch = {},
): ProtocolReport {
  const campaign = new Campaign(subject, settings, watch);
  const scene = campaign.scene();
  const leading = firstOfTheirKind(scene);
  for (const [i, strategy] of strategies.entries()) {
    if (campaign.over) break;
    campaign.step(strategy.title, i, strategies.length + 1);
    for (const candidate of strategy.attacks(strategy.acrossSessions ? scene : leading)) {
      campaign.try(strategy.id, candidate);
      if (campaign.over) break;
    }
  }
  campaign.step("every attack of one move", strategies.length, strategies.length + 1);
  exhaust(campaign, matrixDepth);
  return campaign.finish(matrixDepth);
}

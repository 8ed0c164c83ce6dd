/**
 * Assesses one protocol: every guarantee under every generic strategy, then every single move. A
 * pure function of its settings; runs are counted, not timed, so the result is the same on every
 * machine.
 */

import { strategies } from "../../attacker/strategies/catalog.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Subject } from "../subject.ts";
import type { ProtocolReport } from "../verdict.ts";
import { Campaign } from "./campaign.ts";
import type { SearchSettings, Watch } from "./campaign-settings.ts";
import { compose } from "./composing/compose.ts";
import { exhaustWithin } from "./explore.ts";
import { tellApart } from "./two-worlds.ts";

export type { SearchSettings as AssessSettings, Watch } from "./campaign-settings.ts";

/** The matrix tries all pairs of moves where they are this few; `mallory explore` tries more. */
const mostPairs = 12_000;

/** For attacks in which the adversary composes what it sends: less than ten seconds. */
const composedWork = 240_000;

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
  campaign.step("messages that the adversary composes", strategies.length, strategies.length + 1);
  if (!campaign.over) compose(campaign, { work: composedWork });
  tellApart(campaign);
  campaign.step("every attack of one move, or of two", strategies.length, strategies.length + 1);
  return campaign.finish(campaign.over ? null : exhaustWithin(campaign, mostPairs));
}

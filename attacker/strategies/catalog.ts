/** All generic strategies, in the order in which they are tried. A new one is one line here. */
import { carryingOver, compromising, disclosingAfterAttack } from "./compromising.ts";
import { degenerating } from "./degenerate-values.ts";
import { disclosing } from "./disclosing.ts";
import { everyValue } from "./every-value.ts";
import { exposingState, leakingRandomness, oldKeys } from "./exposing.ts";
import { shifting } from "./field-boundaries.ts";
import { insertingFiller } from "./filler.ts";
import { forgedAnswers } from "./forged-answers.ts";
import { betraying, forwarding } from "./forwarding.ts";
import { groupInsiders } from "./group-insiders.ts";
import { guessing } from "./guessing.ts";
import { continuing } from "./hijack-then-send.ts";
import { hijacking, impersonating, otherwiseSet, splicing } from "./impersonating.ts";
import { flooding, injecting, injectingPairs } from "./injecting.ts";
import { matchingCodes } from "./matching-codes.ts";
import { misbinding, renaming } from "./misbinding.ts";
import { flipping, overwriting, resizing, sweeping, transplanting } from "./modifying.ts";
import {
  cutting,
  delaying,
  dropping,
  duplicating,
  lossy,
  otherwiseCalm,
  undisturbed,
} from "./network.ts";
import { ownKeys } from "./own-keys.ts";
import { askingBack, askingTheOther } from "./parallel-sessions.ts";
import { pressingOn } from "./pressing-on.ts";
import { relaying } from "./relaying.ts";
import {
  redirecting,
  reflecting,
  replacing,
  replaying,
  replayingAcross,
  spoofingBystander,
} from "./replaying.ts";
import { rerouting } from "./rerouting.ts";
import { resizingRuns } from "./resizing-runs.ts";
import { runningCode } from "./running-code.ts";
import { oldAnswers } from "./stale-answers.ts";
import type { Strategy } from "./strategy.ts";
import { substitutingKeys, substitutingNames, substitutingNonces } from "./substituting.ts";
import { withSums } from "./sums-made-right.ts";
import { unusedTypes } from "./unused-types.ts";
import { withholding } from "./withholding.ts";

const all: readonly Strategy[] = [
  undisturbed,
  otherwiseCalm,
  lossy,
  dropping,
  duplicating,
  cutting,
  impersonating,
  ownKeys,
  guessing,
  pressingOn,
  splicing,
  matchingCodes,
  otherwiseSet,
  substitutingKeys,
  substitutingNonces,
  degenerating,
  substitutingNames,
  misbinding,
  askingBack,
  askingTheOther,
  forwarding,
  betraying,
  renaming,
  relaying,
  groupInsiders,
  disclosing,
  disclosingAfterAttack,
  leakingRandomness,
  exposingState,
  oldKeys,
  compromising,
  carryingOver,
  reflecting,
  redirecting,
  rerouting,
  spoofingBystander,
  replaying,
  hijacking,
  delaying,
  withholding,
  flooding,
  injecting,
  unusedTypes,
  runningCode,
  resizing,
  resizingRuns,
  flipping,
  overwriting,
  everyValue,
  insertingFiller,
  replacing,
  transplanting,
  shifting,
  injectingPairs,
  continuing,
  oldAnswers,
  forgedAnswers,
  replayingAcross,
  sweeping,
];

export const strategies: readonly Strategy[] = all.map(withSums);

/** All generic strategies, in the order in which they are tried. A new one is one line here. */
import { disclosing } from "./disclosing.ts";
import { flooding, injecting, injectingPairs } from "./injecting.ts";
import { flipping, overwriting, resizing, transplanting } from "./modifying.ts";
import { cutting, delaying, dropping, duplicating, lossy, undisturbed } from "./network.ts";
import {
  redirecting,
  reflecting,
  replacing,
  replaying,
  replayingAcross,
  spoofingBystander,
} from "./replaying.ts";
import type { Strategy } from "./strategy.ts";

export const strategies: readonly Strategy[] = [
  undisturbed,
  lossy,
  dropping,
  duplicating,
  delaying,
  cutting,
  injecting,
  flooding,
  injectingPairs,
  replaying,
  replayingAcross,
  reflecting,
  redirecting,
  spoofingBystander,
  flipping,
  resizing,
  overwriting,
  transplanting,
  replacing,
  disclosing,
];

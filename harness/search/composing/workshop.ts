/** What all ways of making messages share. */
import type { Recipe } from "../../../attacker/recipe/recipe.ts";
import type { Recorded, Term, Terms } from "../../../attacker/recipe/terms.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";
import type { OpRecord } from "../../../protocol/kit/operations.ts";
import type { Alternative, Binding } from "./alternative.ts";
import type { Constants } from "./constants.ts";
import type { Secrets } from "./mapping.ts";
import type { Remaking } from "./remake.ts";
import type { Scene } from "./scene.ts";
import type { Slots } from "./slots.ts";

/** What a search keeps for all its makers. */
export interface Workshop {
  /** The honest messages that are made again. */
  readonly honest: Terms;
  /** Names that occur in messages. */
  readonly spoken: readonly string[];
  readonly secrets: Secrets;
  readonly slots: Slots;
  readonly constants: Constants;
  /** Only what would be said here, and what is missing made up. */
  readonly skeleton: boolean;
}

/** Makes messages in one scene, with whose values standing for whose. */
export interface Making {
  readonly scene: Scene;
  readonly shop: Workshop;
  readonly remaking: Remaking;
  /** Are names other than in the honest message, so that what was dealt about them does not fit? */
  readonly renames: boolean;
  /** Is it made of something that is something else now? */
  isTouched(record: OpRecord, bound: Binding): boolean;
  alternatives(term: Term, bound?: Binding, most?: number): readonly Alternative[];
  /** What stands here for bytes of the honest run; `undefined` if it has not come up yet. */
  mapped(value: Latin1): Latin1 | undefined;
  /** A value of the adversary's own, the same one wherever this value of the message stands. */
  fresh(inPlaceOf: Recorded): Recipe;
}

/** From bytes to a recipe: how the adversary makes just these, if it can. */

import { attackerHost } from "../../../attacker/move.ts";
import { joined, type Recipe } from "../../../attacker/recipe/recipe.ts";
import { isDerived, type Recorded, type Term } from "../../../attacker/recipe/terms.ts";
import { fromLatin1, hex, type Latin1, utf8 } from "../../../protocol/kit/bytes.ts";
import { canCarryOut, carriedInputs, fromTheOtherEnd } from "../../../protocol/kit/carry-out.ts";
import type { OpRecord } from "../../../protocol/kit/operations.ts";
import type { Constants } from "./constants.ts";
import { recipeOfTerm } from "./recipe-of-term.ts";
import type { Scene } from "./scene.ts";

export const constant = (bytes: Latin1): Recipe => ({ hex: hex(fromLatin1(bytes)) });
export const ofRecorded = ({ name }: Recorded): Recipe => ({ value: name });

const mostDeep = 6;
const telling = 8;

export class Remaking {
  readonly #scene: Scene;
  readonly #constants: Constants;
  /** What a process has computed after the scene: no constants, though nobody had them before. */
  readonly #later = new Map<Latin1, OpRecord>();

  constructor(scene: Scene, constants: Constants, later: readonly OpRecord[] = []) {
    this.#scene = scene;
    this.#constants = constants;
    for (const op of later) {
      const isNew = op.output.length >= telling && !scene.terms.byValue.has(op.output);
      if (isNew && !op.backwards && !this.#later.has(op.output)) this.#later.set(op.output, op);
    }
  }

  /** @returns `undefined` if the adversary cannot make these bytes by now. */
  recipeOf(bytes: Latin1, depth = 0): Recipe | undefined {
    const scene = this.#scene;
    const own = scene.ownRecipe(bytes);
    if (own !== undefined) return own;
    const recorded = scene.terms.byValue.get(bytes);
    if (recorded !== undefined && recorded.record.by !== attackerHost) {
      return scene.has(bytes) ? ofRecorded(recorded) : undefined;
    }
    const cut = this.#cutOfLater(bytes, depth);
    if (cut !== undefined) return cut;
    const later = this.#later.get(bytes);
    if (later !== undefined) return depth > mostDeep ? undefined : this.#made(later, depth);
    if (recorded !== undefined) {
      return depth > mostDeep ? undefined : this.#made(recorded.record, depth);
    }
    return this.#read(bytes, depth);
  }

  /** Of a MAC that a process has just computed, it may look at a part. */
  #cutOfLater(bytes: Latin1, depth: number): Recipe | undefined {
    if (bytes.length < telling || depth > mostDeep) return undefined;
    for (const [output, op] of this.#later) {
      const from = output.length > bytes.length && isDerived(op) ? output.indexOf(bytes) : -1;
      if (from < 0) continue;
      const part = this.#made(op, depth);
      if (part !== undefined) return { part, from, to: from + bytes.length };
    }
    return undefined;
  }

  #read(bytes: Latin1, depth: number): Recipe | undefined {
    if (bytes === "") return constant("");
    const term = this.#scene.terms.read(bytes);
    if (term.is === "constant" || term.is === "said") return this.#constant(term.bytes);
    return this.#term(term, depth);
  }

  #constant(bytes: Latin1): Recipe | undefined {
    const own = this.#scene.ownRecipe(bytes) ?? this.#aroundOwn(bytes);
    if (own !== undefined) return own;
    for (const later of this.#later.keys()) if (bytes.includes(later)) return undefined;
    return this.#constants.has(bytes) && this.#scene.has(bytes) ? constant(bytes) : undefined;
  }

  /** A value of the adversary's own, and what stands before it and behind it. */
  #aroundOwn(bytes: Latin1): Recipe | undefined {
    if (bytes.length <= telling) return undefined;
    const [value, recipe] = this.#scene.ownWithin(bytes, telling) ?? [];
    if (value === undefined || recipe === undefined) return undefined;
    const at = bytes.indexOf(value);
    const around = [bytes.slice(0, at), bytes.slice(at + value.length)];
    const [before, after] = around.map((b) => (b === "" ? { join: [] } : this.#read(b, mostDeep)));
    return before && after && joined([before, recipe, after]);
  }

  #term(term: Term, depth: number): Recipe | undefined {
    return recipeOfTerm(term, {
      constant: (bytes) => this.#constant(bytes),
      name({ name, filled }) {
        const fill = filled?.with.repeat(filled.bytes - utf8(name).length);
        return fill === undefined ? { name } : { join: [{ name }, constant(fill)] };
      },
      value: ({ value }) => this.recipeOf(value, depth + 1),
    });
  }

  /** By the operation itself, out of its inputs. */
  #made(record: OpRecord, depth: number): Recipe | undefined {
    if (!canCarryOut(record.op)) return undefined;
    const { knows } = this.#scene;
    const ways = [record.inputs, fromTheOtherEnd(record, knows)];
    for (const inputs of ways) {
      if (inputs === undefined) continue;
      const needed = inputs.slice(0, carriedInputs(record.op));
      const from = needed.map((i) => this.recipeOf(i, depth + 1));
      if (from.includes(undefined)) continue;
      return { make: record.op, algorithm: record.algorithm, from: from as readonly Recipe[] };
    }
    return undefined;
  }
}

/**
 * Turns what an honest message is made of into ways to make such a message now: as it would be said
 * here, with values from elsewhere, with values of the adversary's own, built anew under keys that
 * it has.
 */
import { attackerHost } from "../../../attacker/move.ts";
import { joined, type Recipe } from "../../../attacker/recipe/recipe.ts";
import type { Filled, Piece, Recorded, Term } from "../../../attacker/recipe/terms.ts";
import { type Latin1, utf8 } from "../../../protocol/kit/bytes.ts";
import { operations } from "../../../protocol/kit/operations.ts";
import { type Alternative, type Binding, binding, merged, nothing } from "./alternative.ts";
import { type Building, builtAnew, isMadeOf } from "./building.ts";
import { degenerateKeys } from "./degenerate.ts";
import type { Mapping } from "./mapping.ts";
import { constant, ofRecorded, Remaking } from "./remake.ts";
import type { Scene } from "./scene.ts";
import type { Making, Workshop } from "./workshop.ts";

const costs = { name: 0.25, own: 0.3, other: 0.4, degenerate: 0.4, nameForNumber: 0.5 } as const;
/** Of a part of a message; of a whole one, as many as are asked for. */
const mostInside = 10;
const most = { inPairs: 30, others: 4, ofOne: 24, perFirst: 4, perSecond: 6 } as const;
const dearest = 1.2;
const deepest = 10;

/** Another value in the place of this one, wherever it stands. */
const inPlaceOf =
  ({ value }: Recorded) =>
  (recipe: Recipe, cost: number): Alternative => ({ recipe, cost, binds: binding(value, recipe) });

export class Maker implements Making {
  readonly scene: Scene;
  readonly shop: Workshop;
  readonly remaking: Remaking;
  readonly #mapping: Mapping;
  readonly #firstFresh: number;
  readonly #fresh = new Map<Latin1, number>();
  /** Values that are being made. */
  readonly #within = new Set<Latin1>();
  readonly #memo = new Map<Term, readonly Alternative[]>();
  readonly #boundMemo = new Map<string, Map<Term, Alternative>>();

  /** @param firstFresh the number of the first value of the adversary's own that it makes up. */
  constructor(shop: Workshop, scene: Scene, mapping: Mapping, firstFresh: number) {
    this.shop = shop;
    this.scene = scene;
    this.remaking = new Remaking(scene, shop.constants);
    this.#mapping = mapping;
    this.#firstFresh = firstFresh;
  }

  /** The cheapest first, and there is at least one. */
  alternatives(
    term: Term,
    bound: Binding = nothing,
    most: number = mostInside,
  ): readonly Alternative[] {
    // With something otherwise already, the rest is as usual.
    if (bound.values.size > 0) return [this.#best(term, bound)];
    let found = this.#memo.get(term);
    if (found === undefined) {
      found = this.#alternatives(term, bound, most);
      this.#memo.set(term, found);
    }
    return found;
  }

  /** The cheapest, with these values for others. */
  #best(term: Term, bound: Binding): Alternative {
    let memo = this.#boundMemo.get(bound.key);
    if (memo === undefined) {
      memo = new Map();
      this.#boundMemo.set(bound.key, memo);
    }
    let found = memo.get(term);
    if (found === undefined) {
      const isTouched = touches(term, bound);
      const all = isTouched ? this.#alternatives(term, bound, 1) : this.alternatives(term);
      found = all[0] as Alternative;
      memo.set(term, found);
    }
    return found;
  }

  #alternatives(term: Term, bound: Binding, most: number): readonly Alternative[] {
    switch (term.is) {
      case "constant":
        return [{ recipe: this.#constant(term.bytes), cost: 0, binds: nothing }];
      case "name":
        return this.#names(term.name, term.filled);
      case "said":
        return [{ recipe: this.#otherWords(term.bytes), cost: 0, binds: nothing }];
      case "value":
        return this.ofValue(term.of, bound);
      case "piece":
        return this.#piece(term.of, bound);
      case "near":
        return this.ofValue(term.of, bound).map((a) => ({
          ...a,
          recipe: { plus: term.plus, to: a.recipe },
        }));
      case "join":
        return this.#join(term.parts, bound, most);
      case "counted": {
        const { width, lowFirst } = term;
        const order = lowFirst ? ({ order: "low-first" } as const) : {};
        return this.alternatives(term.inner, bound).map((a) => ({
          ...a,
          recipe: { counted: a.recipe, width, ...order },
        }));
      }
      case "summed":
        return this.alternatives(term.inner, bound, most).map((a) => ({
          ...a,
          recipe: { summed: a.recipe, ...term.place },
        }));
      case "text":
        return this.alternatives(term.inner, bound).map((a) => ({
          ...a,
          recipe: { make: "encode", algorithm: term.encoding, from: [a.recipe] },
        }));
    }
  }

  /** Where the rest of the value stands beside it, it is the rest of the same one. */
  #piece({ of, from, to }: Piece, bound: Binding): readonly Alternative[] {
    const end = to === undefined ? {} : { to };
    const all = this.ofValue(of, bound).map(({ recipe, cost, binds }, i) => ({
      recipe: { part: recipe, from, ...end },
      cost,
      binds: i === 0 ? binds : merged(binding(of.value, recipe), [binds]),
    }));
    return from === 0 ? all : all.slice(0, 1);
  }

  /** Something else of the same length; where it was text, it is text. */
  #otherWords(said: Latin1): Recipe {
    if (!/^[\x20-\x7e]*$/.test(said)) return this.#freshFor(said);
    const half = this.#freshFor(said, Math.ceil(said.length / 2));
    const digits: Recipe = { make: "encode", algorithm: "hex", from: [half] };
    return said.length % 2 === 0 ? digits : { part: digits, from: 0, to: said.length };
  }

  /** What is otherwise in other runs is no constant, whatever it is. */
  #constant(bytes: Latin1): Recipe {
    return this.shop.constants.has(bytes) ? constant(bytes) : this.#freshFor(bytes);
  }

  #names(honest: string, filled: Filled | undefined): readonly Alternative[] {
    const usual = this.#mapping.names.get(honest) ?? honest;
    const others = this.shop.skeleton ? [] : this.shop.spoken.filter((n) => n !== usual);
    return [usual, ...others].map((name, i) => ({
      recipe: filledUp(name, filled),
      cost: i === 0 ? 0 : costs.name,
      binds: nothing,
    }));
  }

  /** What stands for a value of the honest run here. */
  here(of: Recorded): Recorded | undefined {
    const { terms } = this.scene;
    if (of.name.by === "deployment") {
      return terms.byValue.get(this.#mapping.values.get(of.value) ?? of.value);
    }
    const by = this.#mapping.processes.get(of.name.by) ?? of.name.by;
    const there = terms.find({ ...of.name, by });
    return there && (terms.byValue.get(there.value) ?? there);
  }

  /** The same for bytes; `undefined` if what they were has not come up here. */
  mapped(value: Latin1): Latin1 | undefined {
    const dealt = this.#mapping.values.get(value);
    if (dealt !== undefined) return dealt;
    const of = this.shop.honest.byValue.get(value);
    if (of === undefined) return this.#mappedPiece(value);
    return of.name.by === "deployment" ? value : this.here(of)?.value;
  }

  #mappedPiece(value: Latin1): Latin1 | undefined {
    const piece = this.shop.honest.pieceOf(value);
    return piece === undefined ? value : this.mapped(piece.of.value)?.slice(piece.from, piece.to);
  }

  /** Are names other than in the honest message, so that what was dealt about them does not fit? */
  get renames(): boolean {
    return this.#mapping.names.size > 0;
  }

  /** A value of the adversary's own, the same one wherever this value of the message stands. */
  fresh(inPlaceOf: Recorded): Recipe {
    return this.#freshFor(inPlaceOf.value);
  }

  #freshFor(value: Latin1, length = value.length): Recipe {
    let id = this.#fresh.get(value);
    if (id === undefined) {
      id = this.#firstFresh + this.#fresh.size;
      this.#fresh.set(value, id);
    }
    return { fresh: id, length };
  }

  ofValue(of: Recorded, bound: Binding): readonly Alternative[] {
    const given = bound.values.get(of.value);
    if (given !== undefined) return [{ recipe: given, cost: 0, binds: nothing }];
    const { fresh, keyPair } = operations[of.record.op];
    // XOR and its like make a value from another one, and that from the first.
    if (this.#within.has(of.value) || this.#within.size > deepest) {
      return [{ recipe: this.fresh(of), cost: 0, binds: nothing }];
    }
    this.#within.add(of.value);
    const found =
      fresh === true
        ? this.#drawn(of)
        : keyPair === true
          ? this.#publicKeys(of)
          : builtAnew(this.#building(of, bound));
    this.#within.delete(of.value);
    if (bound.values.size === 0) for (const { recipe } of found) this.shop.slots.note(recipe, of);
    return found.slice(0, most.ofOne);
  }

  #building(of: Recorded, bound: Binding): Building {
    return { maker: this, of, bound, here: this.#usable(of) };
  }

  /** What stands here for it, if the adversary has it. */
  #usable(of: Recorded): Recorded | undefined {
    const here = this.here(of);
    return here !== undefined && this.scene.has(here.value) ? here : undefined;
  }

  #drawn(of: Recorded): readonly Alternative[] {
    const here = this.#usable(of);
    const as = inPlaceOf(of);
    const made = as(this.fresh(of), here === undefined ? 0 : costs.own);
    // A name may pass for a number, where that may have any length.
    const named = this.shop.skeleton
      ? []
      : this.shop.spoken
          .filter((n) => n === attackerHost)
          .map((name) => as({ name }, costs.nameForNumber));
    const others = [...this.#othersLike(of, here, as), ...named];
    if (here === undefined) return [made, ...others];
    const usual: Alternative = { recipe: ofRecorded(here), cost: 0, binds: nothing };
    return [usual, made, ...others];
  }

  /** Values of the same kind and length that have been seen elsewhere, the latest first. */
  #othersLike(
    of: Recorded,
    here: Recorded | undefined,
    as: (recipe: Recipe, cost: number) => Alternative,
  ): readonly Alternative[] {
    if (this.shop.skeleton) return [];
    const { op, algorithm } = of.record;
    const { keyPair } = operations[op];
    const { terms } = this.scene;
    const fitting = [...terms.byValue.values()].filter(
      ({ record, value }) =>
        record.op === op &&
        value.length === of.value.length &&
        value !== here?.value &&
        record.by !== attackerHost &&
        (keyPair === true ? record.algorithm === algorithm : record.by !== "deployment") &&
        this.scene.has(value),
    );
    return fitting
      .slice(-most.others)
      .reverse()
      .map((other) => as(ofRecorded(other), costs.other));
  }

  #publicKeys(of: Recorded): readonly Alternative[] {
    const here = this.#usable(of);
    const as = inPlaceOf(of);
    const kind = of.record.algorithm;
    const inside = binding(of.record.inputs[0] ?? "", { own: "private", kind });
    const pair = as({ own: "public", kind }, here === undefined ? 0 : costs.own);
    // What is computed with the private one is computed with that of the same pair.
    const own = { ...pair, binds: merged(pair.binds, [inside]) };
    const degenerate = this.shop.skeleton ? [] : degenerateKeys(of.record);
    const others = [
      ...degenerate.map((recipe) => as(recipe, costs.degenerate)),
      ...this.#othersLike(of, here, as),
    ];
    if (here === undefined) return [own, ...others];
    return [{ recipe: ofRecorded(here), cost: 0, binds: nothing }, own, ...others];
  }

  #join(parts: readonly Term[], bound: Binding, limit: number): readonly Alternative[] {
    const lists = parts.map((p) => this.alternatives(p, bound));
    const base = lists.map((l) => l[0] as Alternative);
    if (limit === 1) return [combined(base)];
    return [base, ...deviations(lists, limit)].map((chosen) => {
      const binds = merged(
        bound,
        chosen.flatMap((a) => (a === undefined ? [] : [a.binds])),
      );
      const isBinding = binds !== bound;
      const row = chosen.map((a, i) => {
        if (a !== undefined && a !== base[i]) return a;
        const part = parts[i] as Term;
        return isBinding ? this.#best(part, binds) : base[i];
      });
      return combined(row as readonly Alternative[]);
    });
  }
}

/** Is anything in it for which there is another value? */
function touches(term: Term, bound: Binding): boolean {
  switch (term.is) {
    case "value":
    case "near":
      return isBound(term.of, bound);
    case "piece":
      return isBound(term.of.of, bound);
    case "join":
      return term.parts.some((p) => touches(p, bound));
    case "counted":
    case "summed":
    case "text":
      return touches(term.inner, bound);
    default:
      return false;
  }
}

const isBound = ({ value, record }: Recorded, bound: Binding): boolean =>
  bound.values.has(value) || isMadeOf(record, bound);

/** The name in a place of as many bytes. */
function filledUp(name: string, filled: Filled | undefined): Recipe {
  const missing = (filled?.bytes ?? 0) - utf8(name).length;
  if (filled === undefined || missing <= 0) return { name };
  return { join: [{ name }, constant(filled.with.repeat(missing))] };
}

/** One or two places otherwise, the cheapest first; `undefined` where it is as usual. */
function deviations(lists: readonly (readonly Alternative[])[], limit: number) {
  const found: {
    readonly at: readonly (readonly [number, Alternative])[];
    readonly cost: number;
  }[] = lists.flatMap((list, i) =>
    list.slice(1).map((a) => ({ at: [[i, a] as const], cost: a.cost })),
  );
  const pairs = lists.length > most.inPairs ? [] : lists;
  for (const [i, first] of pairs.entries()) {
    for (const [j, second] of lists.entries()) {
      if (j <= i) continue;
      for (const a of first.slice(1, 1 + most.perFirst)) {
        for (const b of second.slice(1, 1 + most.perSecond)) {
          const cost = a.cost + b.cost;
          if (cost <= dearest)
            found.push({
              at: [
                [i, a],
                [j, b],
              ],
              cost,
            });
        }
      }
    }
  }
  return found
    .toSorted((a, b) => a.cost - b.cost)
    .slice(0, limit - 1)
    .map(({ at }) => {
      const chosen = new Map(at);
      return lists.map((_, i) => chosen.get(i));
    });
}

const combined = (chosen: readonly Alternative[]): Alternative => ({
  recipe: joined(chosen.map((a) => a.recipe)),
  cost: chosen.reduce((sum, a) => sum + a.cost, 0),
  binds: merged(
    nothing,
    chosen.map((a) => a.binds),
  ),
});

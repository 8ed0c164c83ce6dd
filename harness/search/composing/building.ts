/** Ways to have the output of an operation in a message: as it was made, from elsewhere, or anew. */
import { attackerHost } from "../../../attacker/move.ts";
import type { Recipe } from "../../../attacker/recipe/recipe.ts";
import type { Recorded } from "../../../attacker/recipe/terms.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";
import { canCarryOut, carriedInputs } from "../../../protocol/kit/carry-out.ts";
import { contentOf, type OpRecord, operations } from "../../../protocol/kit/operations.ts";
import { type Alternative, type Binding, binding, merged, nothing as none } from "./alternative.ts";
import { derivedHere } from "./derived-here.ts";
import { ofRecorded } from "./remake.ts";
import type { Scene } from "./scene.ts";
import type { Making } from "./workshop.ts";

export interface Building {
  readonly maker: Making;
  /** The output in the honest message. */
  readonly of: Recorded;
  readonly bound: Binding;
  /** What stands for it here, and the adversary has. */
  readonly here: Recorded | undefined;
}

const cost = { anew: 0.3, elsewhere: 0.3, underOwnKey: 0.4 } as const;
const most = { contents: 8, elsewhere: 10, wholeContents: 6 } as const;
const leastContent = 8;

export function builtAnew(building: Building): readonly Alternative[] {
  const { maker, of, bound, here } = building;
  const touched = here !== undefined && maker.isTouched(of.record, bound);
  const out: Alternative[] = [];
  const dealtForOthers = maker.renames && of.name.by === "deployment";
  const there = dealtForOthers ? dealtAlike(building) : here;
  const usual: Alternative[] =
    there === undefined || there.record.backwards
      ? []
      : [{ recipe: ofRecorded(there), cost: 0, binds: none }];
  if (!touched) out.push(...usual);
  out.push(...rebuilt(building, out.length === 0 ? 0 : cost.anew));
  if (touched) out.push(...usual.map((a) => ({ ...a, cost: out.length === 0 ? 0 : cost.anew })));
  const isEnough = maker.shop.skeleton || bound.values.size > 0;
  if (isEnough && out.length > 0) return out;
  out.push(...fromElsewhere(building));
  out.push({ recipe: maker.fresh(of), cost: out.length === 0 ? 0 : cost.anew, binds: none });
  return out;
}

/** What was dealt about one is dealt about another, such as a certificate, under other names. */
function dealtAlike({ maker, of }: Building): Recorded | undefined {
  const { op, algorithm, inputs } = of.record;
  const { scene, shop } = maker;
  const wanted = inputs.slice(0, carriedInputs(op)).map((input, i) => {
    if (i === operations[op].key) return maker.mapped(input);
    const [usual] = maker.alternatives(shop.honest.read(input));
    return usual && scene.bytesOf(usual.recipe);
  });
  return scene.terms.all.find(({ record, value }) => {
    if (record.by !== of.name.by || record.op !== op || record.algorithm !== algorithm)
      return false;
    return wanted.every((w, i) => w === record.inputs[i]) && scene.has(value);
  });
}

/** Out of its inputs, under a key that the adversary has. */
function rebuilt(building: Building, dearer: number): readonly Alternative[] {
  const { maker, of } = building;
  const { op } = of.record;
  if (!canCarryOut(op)) return [];
  const keys = keysFor(building);
  const out: Alternative[] = [];
  for (const { key, more } of keys) {
    for (const a of contents(building)) {
      out.push({ ...withKey(of.record, key, a), cost: dearer + more + a.cost, binds: a.binds });
    }
    if (building.bound.values.size > 0) continue;
    out.push(...withWholeContents(maker, of.record, key, more));
  }
  return out;
}

interface Contents extends Omit<Alternative, "recipe"> {
  /** By input. */
  readonly from: readonly Recipe[];
}

const withKey = ({ op, algorithm }: OpRecord, key: Recipe | undefined, { from }: Contents) => {
  const at = operations[op].key;
  const inputs = from.map((r, i) => (i === at && key !== undefined ? key : r));
  return { recipe: { make: op, algorithm, from: inputs } as Recipe };
};

/** Keys that it could be made with: the fitting one, or else one of the adversary's own. */
function keysFor({ maker, of, bound }: Building) {
  const { op, inputs } = of.record;
  const at = operations[op].key;
  if (at === undefined) return [{ key: undefined, more: 0 }];
  const { scene, shop } = maker;
  const honest = inputs[at] ?? "";
  const given = bound.values.get(honest);
  const value = maker.mapped(honest);
  const fitting =
    given ?? (value !== undefined && scene.has(value) ? maker.remaking.recipeOf(value) : undefined);
  if (fitting !== undefined) return [{ key: fitting, more: 0 }];
  const derived = derivedHere(maker, honest, bound);
  if (derived !== undefined) return [{ key: derived, more: 0 }];
  if (shop.skeleton) return [];
  const own = (shop.secrets.get(attackerHost) ?? []).filter(
    (s) => s.length === honest.length && scene.has(s),
  );
  return own.flatMap((secret) => {
    const key = maker.remaking.recipeOf(secret);
    return key === undefined ? [] : [{ key, more: cost.underOwnKey }];
  });
}

/** All inputs but the key: as they would be here, then with one of them otherwise. */
function contents({ maker, of, bound }: Building): readonly Contents[] {
  const { op, inputs } = of.record;
  const { key, nonce } = operations[op];
  const needed = inputs.slice(0, carriedInputs(op));
  const lists = needed.map((input, i): readonly Alternative[] => {
    if (i === key) return [{ recipe: { hex: "" }, cost: 0, binds: none }];
    const all = maker.alternatives(maker.shop.honest.read(input), bound);
    return i === nonce ? all.slice(0, 1) : all;
  });
  const base = lists.map((l) => l[0] as Alternative);
  const rows: Alternative[][] = [base];
  for (const [i, list] of lists.entries()) {
    for (const a of list.slice(1)) rows.push(base.map((b, k) => (k === i ? a : b)));
  }
  return rows
    .map((row) => ({
      from: row.map((a) => a.recipe),
      cost: row.reduce((sum, a) => sum + a.cost, 0),
      binds: merged(
        none,
        row.map((a) => a.binds),
      ),
    }))
    .toSorted((a, b) => a.cost - b.cost)
    .slice(0, most.contents);
}

/** What was found in other boxes, carried on as it is. */
function withWholeContents(
  maker: Making,
  record: OpRecord,
  key: Recipe | undefined,
  soFar: number,
): readonly Alternative[] {
  const at = operations[record.op].content;
  if (at === undefined || key === undefined || maker.shop.skeleton) return [];
  const { scene, shop } = maker;
  const from = record.inputs.slice(0, carriedInputs(record.op)).map((input, i): Recipe => {
    if (i === operations[record.op].key) return key;
    return (maker.alternatives(shop.honest.read(input))[0] as Alternative).recipe;
  });
  return wholeContents(scene, most.wholeContents).map((inside) => {
    const inputs = from.map((r, i) => (i === at ? inside : r));
    const recipe: Recipe = { make: record.op, algorithm: record.algorithm, from: inputs };
    return { recipe, cost: soFar + cost.elsewhere, binds: none };
  });
}

/** What the adversary has found in boxes of others, the latest last. */
export function wholeContents(scene: Scene, most: number): readonly Recipe[] {
  const boxes = scene.terms.all.filter(({ record }) => {
    const holds = operations[record.op].content !== undefined && !record.backwards;
    const content = holds ? contentOf(record) : "";
    return record.by !== attackerHost && content.length >= leastContent && scene.has(content);
  });
  return boxes.slice(-most).map(({ name, record }): Recipe => {
    return { value: { ...name, input: operations[record.op].content as number } };
  });
}

/** Outputs of the same operation under the same key, with the nonce that belongs to them. */
function fromElsewhere({ maker, of, here }: Building): readonly Alternative[] {
  const { op, algorithm, inputs } = of.record;
  const { key, nonce } = operations[op];
  const { scene } = maker;
  const under = key === undefined ? undefined : maker.mapped(inputs[key] ?? "");
  const fitting = scene.terms.all.filter(({ record, value }) => {
    if (record.op !== op || record.algorithm !== algorithm || record.backwards) return false;
    if (record.by === attackerHost || value === here?.value) return false;
    return (key === undefined || record.inputs[key] === under) && scene.has(value);
  });
  return fitting.slice(-most.elsewhere).map((other) => {
    const recipe = ofRecorded(other);
    // Where it stands twice, as beside a signature over it, it is the other one in both places.
    const binds = merged(binding(of.value, recipe), [
      withNonce(maker, of.record, other.record, nonce),
    ]);
    return { recipe, cost: cost.elsewhere, binds };
  });
}

function withNonce(
  maker: Making,
  honest: OpRecord,
  other: OpRecord,
  nonce: number | undefined,
): Binding {
  if (nonce === undefined) return none;
  const value: Latin1 = other.inputs[nonce] ?? "";
  const recipe = maker.scene.has(value) ? maker.remaking.recipeOf(value) : undefined;
  return recipe === undefined ? none : binding(honest.inputs[nonce] ?? "", recipe);
}

/**
 * Recipes: how an adversary makes a message out of what it has by then. Plain data, so that an
 * attack prints, is saved, shrinks and replays. Every value is named by its meaning ("what
 * responder#0 drew second"), never by its bytes, so that a recipe gives other bytes in another run,
 * and fitting ones.
 */
import { z } from "zod";
import type { OpName } from "../../protocol/kit/operations.ts";
import { type ChecksumPlace, placeOfChecksum } from "../checksums.ts";

const count = z.number().int().min(0);
const whichProcess = z.string().max(200);

/** The `nth` operation (from 1) of that kind that a process has recorded. */
const valueSchema = z.strictObject({
  by: whichProcess,
  op: z.string().max(40),
  nth: z.number().int().min(1).max(100_000),
  /** One of its inputs (from 0) in the place of its output. */
  input: count.max(8).optional(),
});
/** Names a recorded value. */
export type ValueName = z.infer<typeof valueSchema>;

const packetSchema = z.strictObject({
  from: whichProcess,
  to: whichProcess,
  nth: z.number().int().min(1),
});

/** How bytes are made. One key each says what it is. */
export type Recipe =
  /** Constants. Scenario files may write them as `text`. */
  | { readonly hex: string }
  /** The name of a principal. */
  | { readonly name: string }
  /** The adversary's own fresh value of that number: one number, one value, wherever it stands. */
  | { readonly fresh: number; readonly length: number }
  /** A key of the adversary's own pair of that kind, such as `x25519`. */
  | { readonly own: "public" | "private"; readonly kind: string }
  /** What a process has drawn, computed or opened. */
  | { readonly value: ValueName }
  /** A whole packet. */
  | { readonly packet: z.infer<typeof packetSchema> }
  /** Bytes `from` up to, but not including, `to`, or to the end; negative ones count from there. */
  | { readonly part: Recipe; readonly from: number; readonly to?: number | undefined }
  /** The number that the bytes are, the highest first, and so much more, in as many bytes. */
  | { readonly plus: number; readonly to: Recipe }
  | { readonly join: readonly Recipe[] }
  /** Behind its length in so many bytes, the first one the highest; or the lowest. */
  | { readonly counted: Recipe; readonly width: number; readonly order?: "low-first" | undefined }
  /** With the sum for errors made right that stands in it. */
  | ({ readonly summed: Recipe } & ChecksumPlace)
  /** The result of an operation, whose inputs are in the order that operations.ts lists them in. */
  | { readonly make: string; readonly algorithm: string; readonly from: readonly Recipe[] };

const mostDeep = 24;
const hexString = z.string().regex(/^([0-9a-fA-F]{2})*$/, "must be an even number of hex digits");

const node: z.ZodType<Recipe> = z.lazy(() =>
  z.union([
    z.strictObject({ hex: hexString }),
    z.strictObject({ name: z.string().max(200) }),
    z.strictObject({ fresh: z.number().int().min(1).max(10_000_000), length: count.max(65_536) }),
    z.strictObject({ own: z.enum(["public", "private"]), kind: z.string().max(20_000) }),
    z.strictObject({ value: valueSchema }),
    z.strictObject({ packet: packetSchema }),
    z.strictObject({ part: node, from: z.number().int(), to: z.number().int().optional() }),
    z.strictObject({ plus: z.number().int().min(-65_536).max(65_536), to: node }),
    z.strictObject({ join: z.array(node).max(200) }),
    z.strictObject({
      counted: node,
      width: z.number().int().min(1).max(8),
      order: z.literal("low-first").optional(),
    }),
    z.strictObject({ summed: node, ...placeOfChecksum }),
    z.strictObject({
      make: z.string().max(40),
      algorithm: z.string().max(20_000),
      from: z.array(node).max(8),
    }),
  ]),
);

/** What a scenario may write; deeper than {@link mostDeep} is no message. */
export const recipeSchema = node.refine(
  (recipe) => depthOf(recipe) <= mostDeep,
  `is nested more than ${mostDeep} deep`,
);

const depthOf = (recipe: Recipe): number =>
  1 + Math.max(0, ...partsOf(recipe).map((inner) => depthOf(inner)));

/** The recipes that a recipe is made of, in order. */
export function partsOf(recipe: Recipe): readonly Recipe[] {
  if ("join" in recipe) return recipe.join;
  if ("counted" in recipe) return [recipe.counted];
  if ("summed" in recipe) return [recipe.summed];
  if ("part" in recipe) return [recipe.part];
  if ("plus" in recipe) return [recipe.to];
  return "make" in recipe ? recipe.from : [];
}

/** The same recipe with other parts, as many as it has. */
export function withParts(recipe: Recipe, parts: readonly Recipe[]): Recipe {
  if ("join" in recipe) return { join: parts };
  if ("make" in recipe) return { ...recipe, from: parts };
  const [first] = parts;
  if (first === undefined) return recipe;
  if ("counted" in recipe) return { ...recipe, counted: first };
  if ("summed" in recipe) return { ...recipe, summed: first };
  if ("plus" in recipe) return { ...recipe, to: first };
  return "part" in recipe ? { ...recipe, part: first } : recipe;
}

/** Every recipe within a recipe, itself first, with the positions that lead to it. */
export function* within(
  recipe: Recipe,
  path: readonly number[] = [],
): Generator<{ readonly recipe: Recipe; readonly path: readonly number[] }> {
  yield { recipe, path };
  for (const [i, part] of partsOf(recipe).entries()) yield* within(part, [...path, i]);
}

/** The recipe with another one at a place. */
export function replacedAt(recipe: Recipe, path: readonly number[], by: Recipe): Recipe {
  const [head, ...rest] = path;
  if (head === undefined) return by;
  const parts = partsOf(recipe).map((p, i) => (i === head ? replacedAt(p, rest, by) : p));
  return withParts(recipe, parts);
}

/** Recipes are plain data that nobody changes, and are asked for their texts again and again. */
const keys = new WeakMap<Recipe, string>();

/** The same text for the same recipe. */
export function recipeKey(recipe: Recipe): string {
  let key = keys.get(recipe);
  if (key === undefined) {
    key = keyOf(recipe);
    keys.set(recipe, key);
  }
  return key;
}

function keyOf(recipe: Recipe): string {
  if ("value" in recipe) {
    const { by, op, nth, input } = recipe.value;
    return `${by}|${op}|${nth}${input === undefined ? "" : `|${input}`}`;
  }
  if ("join" in recipe) return `[${recipe.join.map(recipeKey).join(",")}]`;
  if ("make" in recipe) {
    return `${recipe.make} ${recipe.algorithm}(${recipe.from.map(recipeKey).join(",")})`;
  }
  if ("hex" in recipe) return `x${recipe.hex}`;
  if ("fresh" in recipe) return `f${recipe.fresh}/${recipe.length}`;
  if ("counted" in recipe) {
    return `#${recipe.width}${recipe.order ?? ""}(${recipeKey(recipe.counted)})`;
  }
  if ("summed" in recipe) {
    const { sum, at, length, over, reversed = false } = recipe;
    return `${sum}@${at}/${length}${over}${reversed}(${recipeKey(recipe.summed)})`;
  }
  if ("plus" in recipe) return `+${recipe.plus}(${recipeKey(recipe.to)})`;
  if ("part" in recipe) return `${recipe.from}:${recipe.to ?? ""}(${recipeKey(recipe.part)})`;
  return JSON.stringify(recipe);
}

/** The recipe with another one wherever `what` stands: what stands in two places is one choice. */
export function replacedEverywhere(recipe: Recipe, what: string, by: Recipe): Recipe {
  if (recipeKey(recipe) === what) return by;
  const parts = partsOf(recipe);
  if (parts.length === 0) return recipe;
  const changed = parts.map((p) => replacedEverywhere(p, what, by));
  return changed.every((p, i) => p === parts[i]) ? recipe : withParts(recipe, changed);
}

/** One after the other; joins within joins are taken apart. */
export function joined(recipes: readonly Recipe[]): Recipe {
  const flat = recipes.flatMap((r) => ("join" in r ? r.join : [r]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { join: flat };
}

/** The name of a value, as text for maps. */
export const valueKey = ({ by, op, nth }: Pick<ValueName, "by" | "op" | "nth">): string =>
  `${by}|${op}|${nth}`;

/** Of one kind, for looking records up by it. */
export const recordedAs = (op: string): OpName => op as OpName;

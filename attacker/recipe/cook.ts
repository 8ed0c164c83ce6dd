/** From a recipe to bytes, with what is there at a moment of a run. */
import { concat, fromHex, fromLatin1, uintBytes, utf8 } from "../../protocol/kit/bytes.ts";
import { canCarryOut, carryOut } from "../../protocol/kit/carry-out.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { withChecksum } from "../checksums.ts";
import type { PacketRef } from "../move.ts";
import { partsOf, type Recipe, recipeKey, recordedAs, type ValueName } from "./recipe.ts";

/** Where the ingredients come from. */
export interface Kitchen {
  /** Computes as the adversary; whatever coins it takes for a recipe are those of that recipe. */
  kit(recipe: string): CryptoKit;
  /** A recorded value, by now. */
  value(name: ValueName): Uint8Array | undefined;
  /** A packet that was sent by now. */
  packet(ref: PacketRef): Uint8Array | undefined;
  /** The adversary's own value of that number. */
  fresh(id: number, length: number): Uint8Array;
  /** A key of the adversary's own pair of that kind. */
  own(which: "public" | "private", kind: string): Uint8Array | undefined;
  /** Can the adversary produce these bytes by now? */
  derivable(bytes: Uint8Array): boolean;
}

/**
 * @returns the bytes; `undefined` if an ingredient is not there yet, is not the adversary's to use,
 *   or does not fit the operation.
 */
export function cook(recipe: Recipe, kitchen: Kitchen): Uint8Array | undefined {
  const parts = partsOf(recipe).map((part) => cook(part, kitchen));
  if (parts.includes(undefined)) return undefined;
  return made(recipe, parts as readonly Uint8Array[], kitchen);
}

function made(
  recipe: Recipe,
  parts: readonly Uint8Array[],
  kitchen: Kitchen,
): Uint8Array | undefined {
  const allowed = (bytes: Uint8Array | undefined): Uint8Array | undefined =>
    bytes !== undefined && kitchen.derivable(bytes) ? bytes : undefined;
  if ("join" in recipe) return concat(...parts);
  if ("make" in recipe) {
    const op = recordedAs(recipe.make);
    if (!canCarryOut(op)) return undefined;
    return carryOut(kitchen.kit(recipeKey(recipe)), { op, algorithm: recipe.algorithm }, parts);
  }
  const [inner] = parts;
  if ("counted" in recipe) return inner && counted(inner, recipe.width, recipe.order);
  if ("summed" in recipe) return inner && withChecksum(inner, recipe);
  if ("plus" in recipe) return inner && plus(inner, recipe.plus);
  if ("part" in recipe) return inner?.slice(recipe.from, recipe.to);
  if ("hex" in recipe) return allowed(fromHex(recipe.hex));
  if ("name" in recipe) return utf8(recipe.name);
  if ("fresh" in recipe) return kitchen.fresh(recipe.fresh, recipe.length);
  if ("own" in recipe) return kitchen.own(recipe.own, recipe.kind);
  if ("value" in recipe) return allowed(kitchen.value(recipe.value));
  return allowed(kitchen.packet(recipe.packet));
}

/** Modulo what as many bytes can hold. */
export function plus(bytes: Uint8Array, more: number): Uint8Array {
  const out = bytes.slice();
  let carry = more;
  for (let i = out.length - 1; i >= 0 && carry !== 0; i--) {
    const sum = (out[i] as number) + carry;
    out[i] = sum & 0xff;
    carry = Math.floor(sum / 256);
  }
  return out;
}

function counted(bytes: Uint8Array, width: number, order: string | undefined) {
  if (bytes.length >= 256 ** width) return undefined;
  const length = uintBytes(bytes.length, width);
  return concat(order === undefined ? length : length.reverse(), bytes);
}

/** The bytes of a value, as records have it. */
export const bytesOfValue = (value: string | undefined): Uint8Array | undefined =>
  value === undefined ? undefined : fromLatin1(value);

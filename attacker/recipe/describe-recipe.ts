/** Recipes in words: one line that a person reads from left to right. */
import { fromHex } from "../../protocol/kit/bytes.ts";
import type { OpName } from "../../protocol/kit/operations.ts";
import { type Recipe, recordedAs, type ValueName } from "./recipe.ts";

/** What the output of an operation is called, and where its secret and its content stand. */
interface Words {
  readonly result: string;
  /** How one makes it, with the inputs as they are called in between. */
  made(of: readonly string[], algorithm: string): string;
}

const plain =
  (what: string) =>
  (of: readonly string[]): string =>
    `${what} of ${of.join(" and ")}`;
const under =
  (what: string, content: number) =>
  (of: readonly string[]): string =>
    `${what} of ${of[content] ?? ""} under ${of[0] ?? ""}`;

const words: Readonly<Partial<Record<OpName, Words>>> = {
  random: { result: "random value", made: plain("a random value") },
  hash: { result: "hash", made: plain("the hash") },
  hmac: { result: "MAC", made: under("a MAC", 1) },
  mac: { result: "MAC", made: under("a MAC", 1) },
  kdf: { result: "derived key", made: (of) => `the key derived from ${of[0]}` },
  "public-key": { result: "public key", made: plain("the public key") },
  "shared-secret": { result: "shared secret", made: plain("the shared secret") },
  "point-sum": { result: "masked point", made: plain("a masked point") },
  reduce: { result: "number", made: plain("the number") },
  sign: { result: "signature", made: (of) => `a signature of ${of[1]} with ${of[0]}` },
  verify: { result: "check", made: plain("a check") },
  aead: { result: "sealed text", made: under("a sealed text", 3) },
  cipher: { result: "ciphertext", made: under("a ciphertext", 2) },
  "pk-encrypt": { result: "ciphertext", made: (of) => `${of[1]} encrypted to ${of[0]}` },
  "kem-ciphertext": { result: "encapsulation", made: plain("an encapsulation") },
  "kem-secret": { result: "encapsulated key", made: plain("an encapsulated key") },
  "password-hash": { result: "password hash", made: plain("the password hash") },
  xor: { result: "XOR", made: (of) => of.join(" XOR ") },
  encode: { result: "text", made: (of, algorithm) => `${of[0]} in ${algorithm}` },
  compare: { result: "comparison", made: plain("a comparison") },
};

/** What the output of such an operation is called. */
export const resultOf = (op: OpName): string => words[op]?.result ?? op;

export function ordinal(n: number): string {
  const tens = n % 100;
  if (tens >= 11 && tens <= 13) return `${n}th`;
  return `${n}${["th", "st", "nd", "rd"][n % 10] ?? "th"}`;
}

function describeValueName({ by, op, nth, input }: ValueName): string {
  const what = words[recordedAs(op)]?.result ?? op;
  const owner = by === "deployment" ? "the dealt keys" : by;
  const whole = `the ${ordinal(nth)} ${what} of ${owner}`;
  return input === undefined ? whole : `what ${whole} was made of (${ordinal(input + 1)} input)`;
}

const shownHexDigits = 24;
function describeConstant(hex: string): string {
  const bytes = fromHex(hex) ?? new Uint8Array(0);
  if (bytes.length === 0) return "nothing";
  const text = Buffer.from(bytes).toString("latin1");
  if (/^[\x20-\x7e]+$/.test(text)) return `“${text}”`;
  return hex.length > shownHexDigits ? `${hex.slice(0, shownHexDigits)}…` : hex;
}

function describeStretch({
  from,
  to,
}: {
  readonly from: number;
  readonly to?: number | undefined;
}) {
  if (from < 0 && to === undefined) return `the last ${-from} bytes`;
  if (from === 0 && to !== undefined) {
    return to < 0 ? `all but the last ${-to} bytes` : `the first ${to} bytes`;
  }
  const end = to === undefined ? "the end" : to < 0 ? `the last ${-to + 1}` : String(to - 1);
  return `bytes ${from} to ${end}`;
}

/** @returns a noun phrase. Bytes are shown in hex unless they are printable. */
export function describeRecipe(recipe: Recipe): string {
  if ("hex" in recipe) return describeConstant(recipe.hex);
  if ("name" in recipe) return `the name ${recipe.name.replace(/[^\x20-\x7e]/g, "�")}`;
  if ("fresh" in recipe) return `its own value ${recipe.fresh}`;
  if ("own" in recipe) return `its own ${recipe.own} key`;
  if ("value" in recipe) return describeValueName(recipe.value);
  if ("packet" in recipe) {
    const { nth, from, to } = recipe.packet;
    return `the ${ordinal(nth)} packet from ${from} to ${to}`;
  }
  if ("part" in recipe) {
    return `${describeStretch(recipe)} of ${describeRecipe(recipe.part)}`;
  }
  if ("plus" in recipe) {
    const sign = recipe.plus < 0 ? "−" : "+";
    return `(${describeRecipe(recipe.to)}) ${sign} ${Math.abs(recipe.plus)}`;
  }
  if ("counted" in recipe) return describeRecipe(recipe.counted);
  if ("summed" in recipe) return `${describeRecipe(recipe.summed)}, with its ${recipe.sum} right`;
  if ("join" in recipe) return recipe.join.map(describeRecipe).join(" ‖ ") || "nothing";
  const of = recipe.from.map((r) => ("join" in r ? `(${describeRecipe(r)})` : describeRecipe(r)));
  return words[recordedAs(recipe.make)]?.made(of, recipe.algorithm) ?? recipe.make;
}

/**
 * Takes what foreign code has made apart. A value of its own may be a proxy, have getters that
 * answer otherwise each time, or a class that copies in its own way; so everything is read once,
 * by the language's own means, into values that are the lab's alone. To be called inside the guard.
 */
import { types } from "node:util";

const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);
const getterOf = (name: string | symbol): ((this: unknown) => unknown) =>
  Object.getOwnPropertyDescriptor(typedArray, name)?.get as (this: unknown) => unknown;
// Kept from the beginning: whatever runs later may replace them.
const nameOf = getterOf(Symbol.toStringTag);
const lengthOf = getterOf("length");
const Bytes = Uint8Array;

/** How many bytes it holds; `undefined` if it is no Uint8Array (a Buffer is one, a proxy none). */
export function byteCount(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return nameOf.call(value) === "Uint8Array" ? (lengthOf.call(value) as number) : undefined;
}

/** A plain copy, whatever class the bytes are of; `undefined` if they are no Uint8Array. */
export const copyOfBytes = (value: unknown): Uint8Array | undefined =>
  byteCount(value) === undefined ? undefined : new Bytes(value as Uint8Array);

/** Exceptions are told in one line; nothing looks further into them than this. */
const longestText = 2_000;
const longestStack = 20_000;

const shortText = (read: () => unknown, length: number): string => {
  try {
    const text = read();
    return typeof text === "string" ? beginningOf(text, length) : "";
  } catch {
    return "";
  }
};

/** A slice would keep the whole of a long text in memory. */
function beginningOf(text: string, length: number): string {
  if (text.length <= length) return text;
  return Buffer.from(text.slice(0, length), "utf16le").toString("utf16le");
}

/** Its places alone: before them stands the message, which may be long. */
function shortStack(given: Partial<Error>, messageLength: number): string {
  return shortText(() => {
    const stack: unknown = given.stack;
    if (typeof stack !== "string") return undefined;
    const places = stack.indexOf("\n    at ", messageLength);
    return places < 0 ? stack : stack.slice(places);
  }, longestStack);
}

/** Has an error a short text, and no property that the language did not give it? */
function isPlain(error: Error): boolean {
  for (const key of Object.getOwnPropertyNames(error)) {
    // A stack is not looked at: it is made when it is first read, which takes long.
    if (key === "stack") continue;
    if (key !== "message" && key !== "name") return false;
    const value: unknown = Object.getOwnPropertyDescriptor(error, key)?.value;
    if (typeof value !== "string" || value.length > longestText) return false;
  }
  return true;
}

/**
 * What was thrown, as something that can be looked at without running foreign code: the same
 * object where it is an ordinary error.
 */
export function ownThrown(thrown: unknown): unknown {
  if (typeof thrown === "string") return beginningOf(thrown, longestText);
  if ((typeof thrown !== "object" || thrown === null) && typeof thrown !== "function") {
    return thrown;
  }
  try {
    const native = types.isNativeError(thrown);
    if (native && isPlain(thrown)) return thrown;
    const given = thrown as Partial<Error>;
    const message = shortText(() => given.message, longestText);
    const words = native || message !== "" ? message : shortText(() => String(thrown), longestText);
    const own = new Error(words);
    own.name = shortText(() => given.name, longestText) || "Error";
    own.stack = shortStack(given, words.length);
    return own;
  } catch {
    return new Error("something that cannot be shown");
  }
}

/** Half a sentence that says what does not fit the interface. */
export class Misfit extends Error {}

/** Far above what descriptions of protocols and workloads need. */
const mostParts = 100_000;
const mostBytes = 64_000_000;
const deepest = 12;

/**
 * A copy of data (lists, objects, bytes and simple values), each part of it read once. Functions
 * stay what they are.
 * @throws Misfit if there is too much of it.
 */
export function copyOfData(value: unknown, taken = { parts: 0, bytes: 0 }, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  const count = byteCount(value);
  taken.parts++;
  taken.bytes += count ?? 0;
  if (depth > deepest) throw new Misfit("is nested too deeply");
  if (count !== undefined) {
    if (taken.bytes > mostBytes) throw new Misfit(`holds more than ${mostBytes / 1_000_000} MB`);
    return new Bytes(value as Uint8Array);
  }
  const isList = Array.isArray(value);
  const keys = isList ? undefined : Object.keys(value);
  const length = keys?.length ?? (value as readonly unknown[]).length;
  taken.parts += length;
  if (taken.parts > mostParts) throw new Misfit(`has more than ${mostParts} parts`);
  if (isList) {
    const list: unknown[] = [];
    for (let i = 0; i < length; i++) list.push(copyOfData(value[i], taken, depth + 1));
    return list;
  }
  const read: Record<string, unknown> = {};
  for (const key of keys ?? []) {
    const part = copyOfData((value as Record<string, unknown>)[key], taken, depth + 1);
    // A key such as __proto__ is a field like any other.
    Object.defineProperty(read, key, {
      value: part,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return read;
}

/**
 * What packets of one kind have in common in every installation is their form: types, flags,
 * lengths, versions, numbers. What differs is drawn at random or comes from secrets, and text is
 * for people. No format has to be known for that.
 */
import { equalBytes, latin1 } from "../protocol/kit/bytes.ts";
import { fieldsOf, innerOf, isWithin } from "./fields.ts";
import type { FieldPath } from "./move.ts";

/** A byte of the form: where it is in the field at `path`, and what it is. */
export interface FormByte {
  readonly path: FieldPath;
  readonly at: number;
  readonly value: number;
}
/** A number written in digits. */
export interface WrittenNumber {
  readonly path: FieldPath;
  readonly value: number;
}

const isText = (bytes: Uint8Array): boolean => /^[\t\n\r\x20-\x7e]*$/.test(latin1(bytes));
const words = /[\x20-\x7e]{4,}/g;
/** Random bytes hardly ever look like so much text. */
const sentences = /[\x20-\x7e]{8,}/g;

/** The fields that have no other ones in them. */
const innermost = (bytes: Uint8Array): readonly FieldPath[] => {
  const paths = fieldsOf(bytes);
  return paths.filter((path) => !paths.some((p) => p.length > path.length && isWithin(p, path)));
};

/** @param elsewhere the same packet in another installation. */
export function formBytes(bytes: Uint8Array, elsewhere: Uint8Array): readonly FormByte[] {
  return innermost(bytes).flatMap((path): FormByte[] => {
    const [own, other] = [innerOf(bytes, path), innerOf(elsewhere, path)];
    if (path.includes("decimal") || isText(own) || own.length !== other.length) return [];
    // What is the same everywhere, and looks like an encoding, is more likely a word.
    if (path.length > 0 && equalBytes(own, other)) return [];
    const inWords = new Set<number>();
    for (const { index, 0: word } of latin1(own).matchAll(words)) {
      for (let i = index; i < index + word.length; i++) inWords.add(i);
    }
    return [...own].flatMap((value, at) =>
      other[at] === value && !inWords.has(at) ? [{ path, at, value }] : [],
    );
  });
}

/** Longer ones are sums, times or keys. */
const numbers = /(?<![0-9A-Za-z])(?:0|[1-9]\d{0,4})(?![0-9A-Za-z])/g;

/** Numbers in digits, in a text or in words between other bytes, that are the same elsewhere. */
export function writtenNumbers(bytes: Uint8Array, elsewhere: Uint8Array): readonly WrittenNumber[] {
  const paths = innermost(bytes).map((path) =>
    path.at(-1) === "decimal" ? path.slice(0, -1) : path,
  );
  return paths.flatMap((path): readonly WrittenNumber[] => {
    const [own, other] = [innerOf(bytes, path), innerOf(elsewhere, path)];
    const whole = isText(own);
    const [found, twins] = [own, other].map((each) => numbersIn(each, whole));
    if (found === undefined || twins === undefined || found.length !== twins.length) return [];
    return found.flatMap(({ digits, at }, i): readonly WrittenNumber[] => {
      if (twins[i]?.digits !== digits) return [];
      const place = digits.length === own.length ? [] : [`bytes:${at}-${at + digits.length}`];
      return [{ path: [...path, ...place], value: Number(digits) }];
    });
  });
}

interface Digits {
  readonly digits: string;
  readonly at: number;
}
function numbersIn(bytes: Uint8Array, isWhole: boolean): readonly Digits[] {
  const chars = latin1(bytes);
  const parts = isWhole ? [{ 0: chars, index: 0 }] : [...chars.matchAll(sentences)];
  return parts.flatMap(({ 0: part, index }) =>
    [...part.matchAll(numbers)].map((m) => ({ digits: m[0], at: index + m.index })),
  );
}

/** From terms to ranges of bytes: where in a packet each of them stands, and what it is. */
import type { Encoded } from "../../attacker/recipe/encodings.ts";
import type { Piece, Recorded, Term, Terms } from "../../attacker/recipe/terms.ts";
import { fromLatin1, type Latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { operations } from "../../protocol/kit/operations.ts";
import { quote } from "../guarantees/exchanges.ts";
import type { ByteRange } from "./byte-range.ts";
import type { ValueWords } from "./value-words.ts";

/** What a run's bytes are read with. */
export interface Readings {
  readonly terms: Terms;
  readonly words: ValueWords;
  /** Boxes that are too short to be looked for everywhere. */
  readonly short: ReadonlyMap<Latin1, Recorded>;
  /** What the adversary has of a value: a sentence, or nothing. */
  known(of: Recorded): string | undefined;
}

/** Encodings within encodings, and boxes of which the inside is shown. */
const mostDeep = 6;
const longestText = 512;

export class Ranges {
  readonly #readings: Readings;
  readonly #sender: string;

  /** @param sender the process whose packet it is. */
  constructor(readings: Readings, sender: string) {
    this.#readings = readings;
    this.#sender = sender;
  }

  /** @returns ranges that together cover all that the term stands for, from `start` on. */
  of(term: Term, start: number, depth = 0): readonly ByteRange[] {
    const to = start + sizeOf(term);
    const about = { from: start, to, parts: [] } as const;
    switch (term.is) {
      case "constant":
        return this.#constant(term.bytes, start, depth);
      case "said":
        return [{ ...about, label: "message", text: `the text of a user: ${quoted(term.bytes)}` }];
      case "name":
        return [{ ...about, label: "name", text: `the name ${term.name}` }];
      case "value":
        return [this.#value(term.of, start, depth)];
      case "piece":
        return [this.#piece(term.of, start, to)];
      case "near": {
        const { text } = this.#readings.words.of(term.of, this.#sender);
        const more = term.plus < 0 ? `${-term.plus} less` : `${term.plus} more`;
        return [{ ...about, label: "number", text: `${more} than ${text}` }];
      }
      case "join":
        return this.#join(term.parts, start, depth);
      case "counted": {
        const { width } = term;
        const order = term.lowFirst ? ", the lowest byte first" : "";
        const text = `the length of what follows, in ${width} bytes${order}`;
        const length = { from: start, to: start + width, label: "length", text, parts: [] };
        return [length, ...this.of(term.inner, start + width, depth)];
      }
      case "summed":
        return this.#summed(term, start, depth);
      case "text": {
        const { encoding } = term;
        const inner = this.#within(term.inner, depth);
        const parts = inner.map((part) => written(part, encoding, { from: start, to }));
        return [{ ...about, label: encoding, text: `${encoding} of ${listed(inner)}`, parts }];
      }
    }
  }

  /** Bytes that nothing is known of; or a short box, where they are all that there is. */
  #constant(bytes: Latin1, start: number, depth: number): readonly ByteRange[] {
    if (bytes === "") return [];
    const box = start === 0 ? this.#readings.short.get(bytes) : undefined;
    if (box !== undefined) return [this.#value(box, start, depth)];
    const label = isWords(bytes) ? "text" : "bytes";
    return [{ from: start, to: start + bytes.length, label, text: quoted(bytes), parts: [] }];
  }

  #within(term: Term, depth: number): readonly ByteRange[] {
    return depth >= mostDeep ? [] : this.of(term, 0, depth + 1);
  }

  #join(parts: readonly Term[], start: number, depth: number): readonly ByteRange[] {
    const found: ByteRange[] = [];
    let at = start;
    for (const part of parts) {
      found.push(...this.of(part, at, depth));
      at += sizeOf(part);
    }
    return found;
  }

  #summed(term: Extract<Term, { is: "summed" }>, start: number, depth: number) {
    const { sum, at, length } = term.place;
    const from = start + (at < 0 ? sizeOf(term) + at : at);
    const range = { from, to: from + length, label: "checksum", text: `${sum}`, parts: [] };
    const others = this.of(term.inner, start, depth);
    return [...others.flatMap((r) => outside(r, range)), range].toSorted((a, b) => a.from - b.from);
  }

  #value(of: Recorded, start: number, depth: number): ByteRange {
    const { record, value } = of;
    const about = { from: start, to: start + value.length };
    const known = this.#readings.known(of);
    const rest = known === undefined ? {} : { known };
    if (encodes(of)) {
      const encoding = record.algorithm as Encoded;
      const inner = this.#within(this.#readings.terms.read(record.inputs[0] ?? ""), depth);
      const parts = inner.map((part) => written(part, encoding, about));
      return { ...about, label: encoding, text: `${encoding} of ${listed(inner)}`, ...rest, parts };
    }
    const words = this.#readings.words.of(of, this.#sender);
    const body = operations[record.op].openableFrom?.(record);
    const parts = body === undefined ? [] : this.#bodyAndTag(of, body, start);
    return { ...about, ...words, ...rest, parts };
  }

  #bodyAndTag({ record, value }: Recorded, body: Latin1, start: number): readonly ByteRange[] {
    const text = this.#readings.words.box(record);
    const isBehind = value.startsWith(body);
    const cut = start + (isBehind ? body.length : value.length - body.length);
    const [first, second] = isBehind ? ["ciphertext", "tag"] : ["tag", "ciphertext"];
    return [
      { from: start, to: cut, label: first as string, text, parts: [] },
      { from: cut, to: start + value.length, label: second as string, text, parts: [] },
    ].filter((r) => r.from < r.to);
  }

  #piece({ of, from, to }: Piece, start: number, end: number): ByteRange {
    const words = this.#readings.words.of(of, this.#sender);
    const body = operations[of.record.op].openableFrom?.(of.record);
    const isBody = body !== undefined && of.value.slice(from, to) === body;
    const label = body === undefined ? words.label : isBody ? "ciphertext" : "tag";
    const known = this.#readings.known(of);
    const which = body === undefined ? `bytes ${from} to ${from + end - start - 1} of: ` : "";
    const text = body === undefined ? words.text : this.#readings.words.box(of.record);
    const rest = known === undefined ? {} : { known };
    return { from: start, to: end, label, text: `${which}${text}`, ...rest, parts: [] };
  }
}

const encodes = ({ record }: Recorded): boolean =>
  operations[record.op].light === true &&
  operations[record.op].fresh !== true &&
  operations[record.op].decompose !== undefined &&
  record.inputs.length === 1;

const quoted = (bytes: Latin1): string => quote(fromLatin1(bytes));

const isWords = (bytes: Latin1): boolean => /^[\x20-\x7e\r\n\t]+$/.test(bytes);
const isPlain = ({ label }: ByteRange): boolean => label === "text" || label === "bytes";

/** In a few words, what something consists of. */
function listed(ranges: readonly ByteRange[]): string {
  const labels = ranges.map((r) => (r.parts.length === 0 && isPlain(r) ? r.text : r.label));
  const all = labels.join(", ") || "nothing";
  return all.length > longestText ? `${all.slice(0, longestText)}…` : all;
}

export function sizeOf(term: Term): number {
  switch (term.is) {
    case "constant":
    case "said":
      return term.bytes.length;
    case "name":
      return term.filled?.bytes ?? utf8(term.name).length;
    case "value":
    case "near":
      return term.of.value.length;
    case "piece":
      return term.of.of.value.slice(term.of.from, term.of.to).length;
    case "join":
      return term.parts.reduce((sum, part) => sum + sizeOf(part), 0);
    case "counted":
      return term.width + term.bytes.length;
    case "summed":
      return sizeOf(term.inner);
    case "text":
      return term.size;
  }
}

/** Characters that bytes become, for each of them; in other encodings each stands for all. */
const charsPerByte: Partial<Record<Encoded, number>> = {
  hex: 2,
  base64: 4 / 3,
  base64url: 4 / 3,
  "base64url-unpadded": 4 / 3,
};

/** A range of what is encoded, as a range of the text. */
function written(
  range: ByteRange,
  encoding: Encoded,
  text: { readonly from: number; readonly to: number },
): ByteRange {
  const factor = charsPerByte[encoding];
  const at = (n: number, round: (x: number) => number): number =>
    Math.min(text.to, text.from + round(n * (factor ?? 0)));
  const place =
    factor === undefined ? text : { from: at(range.from, Math.floor), to: at(range.to, Math.ceil) };
  const parts = range.parts.map((part) => written(part, encoding, text));
  return { ...range, from: place.from, to: place.to, parts };
}

/** What is left of a range beside another one. */
function outside(range: ByteRange, other: ByteRange): readonly ByteRange[] {
  if (range.to <= other.from || range.from >= other.to) return [range];
  return [
    { ...range, to: Math.max(range.from, other.from), parts: [] },
    { ...range, from: Math.min(range.to, other.to), parts: [] },
  ].filter((r) => r.from < r.to);
}

/**
 * Reads bytes as terms: what of them is a recorded value, a name, a length, an encoded text, a
 * constant. Nothing here knows a protocol; the record of the cryptography says what is in a packet.
 */
import { fromLatin1, type Latin1, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { contentOf, isUniform, type OpRecord, operations } from "../../protocol/kit/operations.ts";
import type { ChecksumPlace } from "../checksums.ts";
import { plus } from "./cook.ts";
import { decoded, type Encoded, encoded, encodings, tokenAt } from "./encodings.ts";
import { type ValueName, valueKey } from "./recipe.ts";

/** A value of the record, and its name. */
export interface Recorded {
  readonly record: OpRecord;
  readonly name: ValueName;
  readonly value: Latin1;
  /** Position in the log. */
  readonly index: number;
}

/** Bytes `from` up to `to`, or to the end, of a value; negative ones count from there. */
export interface Piece {
  readonly of: Recorded;
  readonly from: number;
  readonly to?: number;
}

export interface Filled {
  readonly bytes: number;
  readonly with: Latin1;
}

export type Term =
  | { readonly is: "constant"; readonly bytes: Latin1 }
  /** In a place of so many bytes, filled up with others. */
  | { readonly is: "name"; readonly name: string; readonly filled?: Filled }
  /** A text of a user's. */
  | { readonly is: "said"; readonly bytes: Latin1 }
  | { readonly is: "value"; readonly of: Recorded }
  /** A part of a value, as the tag beside a ciphertext is. */
  | { readonly is: "piece"; readonly of: Piece }
  /** The number that a drawn value is, and a little more or less. */
  | { readonly is: "near"; readonly of: Recorded; readonly plus: number }
  | { readonly is: "join"; readonly parts: readonly Term[] }
  | {
      readonly is: "counted";
      readonly width: number;
      readonly lowFirst: boolean;
      readonly inner: Term;
      readonly bytes: Latin1;
    }
  /** With a sum for errors in a place that reads as zeros. */
  | { readonly is: "summed"; readonly inner: Term; readonly place: ChecksumPlace }
  | {
      readonly is: "text";
      readonly encoding: Encoded;
      readonly inner: Term;
      readonly size: number;
    };

/** Shorter values are guessable, and found everywhere. */
const leastBytes = 8;
const leastSaid = 4;
const mostFilled = 64;
/** Longer values are keys, and nobody counts with those. */
const longestNumber = 64;
const longestValue = 512;
const longestMessage = 4_096;
const mostDeep = 8;
const widths = [2, 1, 4] as const;

/** A name as it stands in messages. */
interface Written {
  readonly bytes: Latin1;
  readonly term: Term;
}

/** A name, and what fills its place up behind it: spaces, or zeros, to a multiple of four bytes. */
function withFilling({ bytes: written, term }: Written, bytes: Latin1, i: number) {
  const end = i + written.length;
  const fill = bytes.charAt(end);
  if (term.is !== "name" || (fill !== " " && fill !== "\0"))
    return { term, length: written.length };
  let stop = end;
  while (stop < bytes.length && bytes.charAt(stop) === fill && stop - i < mostFilled) stop++;
  const whole = stop - i - ((stop - i) % 4);
  if (whole <= written.length + 1) return { term, length: written.length };
  return { term: { ...term, filled: { bytes: whole, with: fill } }, length: whole };
}

/** A name in hex or base64, where that is long enough to mean anything. */
function writtenOut({ bytes, term }: Written, all: readonly Encoded[]): readonly Written[] {
  const ways = all
    .filter((e) => e !== "decimal")
    .map((encoding): Written => {
      const text = encoded(encoding, bytes);
      return { bytes: text, term: { is: "text", encoding, inner: term, size: text.length } };
    });
  const seen = new Set<Latin1>();
  return ways.filter(({ bytes: text }) => {
    const isNew = text.length >= 4 && !seen.has(text);
    seen.add(text);
    return isNew;
  });
}

/** Is it a string like any other that nobody can open? Hashes, MACs, derived keys. */
export const isDerived = (record: OpRecord): boolean =>
  isUniform(record) &&
  operations[record.op].content === undefined &&
  operations[record.op].fresh !== true;

const prefixAt = (bytes: Latin1, i: number): number =>
  (bytes.charCodeAt(i) << 24) |
  (bytes.charCodeAt(i + 1) << 16) |
  (bytes.charCodeAt(i + 2) << 8) |
  bytes.charCodeAt(i + 3);

export class Terms {
  readonly byValue = new Map<Latin1, Recorded>();
  /** All that was computed or opened, in order. */
  readonly all: Recorded[] = [];
  readonly #byName = new Map<string, Recorded>();
  readonly #byPrefix = new Map<number, Latin1[]>();
  readonly #near = new Map<Latin1, { readonly of: Recorded; readonly plus: number }>();
  readonly #pieces = new Map<Latin1, Piece>();
  readonly #derived: Recorded[] = [];
  readonly #counts = new Map<string, number>();
  readonly #encodings: readonly Encoded[];
  readonly #said: readonly Latin1[];
  readonly #written: readonly Written[];
  readonly #firsts: ReadonlySet<number>;
  readonly #read = new Map<Latin1, Term>();

  /**
   * @param names of principals, which are looked for in what was written.
   * @param said texts of users, of which nothing is looked for.
   * @param order in which encodings are tried; what fits first is taken.
   */
  constructor(
    log: readonly OpRecord[],
    names: readonly string[],
    said: readonly Uint8Array[] = [],
    order: readonly Encoded[] = encodings,
  ) {
    this.#encodings = order;
    this.#said = said
      .filter((s) => s.length >= leastSaid)
      .map((s) => latin1(s))
      .toSorted((a, b) => b.length - a.length);
    const named = names
      .filter((n) => n.length >= 2)
      .map((name): Written => ({ bytes: latin1(utf8(name)), term: { is: "name", name } }));
    this.#written = [...named, ...named.flatMap((n) => writtenOut(n, order))].toSorted(
      (a, b) => b.bytes.length - a.bytes.length,
    );
    this.#firsts = new Set(this.#written.map((n) => n.bytes.charCodeAt(0)));
    for (const [index, record] of log.entries()) this.#note(record, index);
  }

  #note(record: OpRecord, index: number): void {
    const { by, op } = record;
    this.#noteKey(record);
    const kind = `${by}|${op}`;
    const nth = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, nth);
    if (!operations[op].hasOutput) return;
    const opened = record.backwards;
    const value = opened ? contentOf(record) : record.output;
    const input = opened ? record.inputs.indexOf(value) : -1;
    const name = input < 0 ? { by, op, nth } : { by, op, nth, input };
    const recorded = { record, name, value, index };
    this.all.push(recorded);
    this.#byName.set(valueKey(name), recorded);
    // What was opened is told by its parts, as is a text that is encoded as itself.
    const isItself = operations[op].light === true && value === record.inputs[0];
    if (value.length < leastBytes || this.byValue.has(value) || opened || isItself) return;
    this.byValue.set(value, recorded);
    this.#index(value);
    this.#noteTag(recorded);
    if (isDerived(record)) this.#derived.push(recorded);
    if (operations[op].fresh !== true || value.length > longestNumber) return;
    for (const more of [1, -1, 2, -2]) {
      const near = latin1(plus(fromLatin1(value), more));
      if (this.#near.has(near)) continue;
      this.#near.set(near, { of: recorded, plus: more });
      this.#index(near);
    }
  }

  /** Ciphertext and tag, where they are one value; messages often have them in two fields. */
  #noteTag(of: Recorded): void {
    const { record, value } = of;
    const body = operations[record.op].openableFrom?.(record);
    if (body === undefined || body.length < leastBytes || body.length === value.length) return;
    const tag = value.length - body.length;
    const isBehind = value.startsWith(body);
    this.#notePiece(body, isBehind ? { of, from: 0, to: -tag } : { of, from: tag });
    const other = isBehind ? value.slice(-tag) : value.slice(0, tag);
    this.#notePiece(other, isBehind ? { of, from: -tag } : { of, from: 0, to: tag });
  }

  /** Keys and nonces are often cut out of what was derived. */
  #noteKey({ op, inputs }: OpRecord): void {
    const { key, nonce } = operations[op];
    for (const at of [key, nonce]) {
      const value = at === undefined ? "" : (inputs[at] ?? "");
      if (value.length < leastBytes || this.byValue.has(value) || this.#pieces.has(value)) continue;
      for (const of of this.#derived) {
        const from = of.value.length > value.length ? of.value.indexOf(value) : -1;
        if (from < 0) continue;
        this.#notePiece(value, { of, from, to: from + value.length });
        break;
      }
    }
  }

  #notePiece(value: Latin1, piece: Piece): void {
    if (value.length < leastBytes || this.byValue.has(value) || this.#pieces.has(value)) return;
    this.#pieces.set(value, piece);
    this.#index(value);
  }

  /** The value that these bytes are a part of. */
  pieceOf(bytes: Latin1): Piece | undefined {
    return this.#pieces.get(bytes);
  }

  #index(value: Latin1): void {
    const prefix = prefixAt(value, 0);
    const list = this.#byPrefix.get(prefix);
    if (list === undefined) this.#byPrefix.set(prefix, [value]);
    else list.push(value);
  }

  /** The drawn value that these bytes are close to. */
  near(bytes: Latin1): { readonly of: Recorded; readonly plus: number } | undefined {
    return this.#near.get(bytes);
  }

  find(name: Pick<ValueName, "by" | "op" | "nth">): Recorded | undefined {
    return this.#byName.get(valueKey(name));
  }

  /** The longest recorded value that begins there. */
  #valueAt(bytes: Latin1, i: number): Latin1 | undefined {
    if (i + leastBytes > bytes.length) return undefined;
    let best: Latin1 | undefined;
    for (const value of this.#byPrefix.get(prefixAt(bytes, i)) ?? []) {
      const found = bytes.startsWith(value, i) ? value : this.#cutShort(bytes, i, value);
      if (found !== undefined && found.length > (best?.length ?? 0)) best = found;
    }
    return best;
  }

  /** As much of a hash or a MAC as stands there, where it is not the whole. */
  #cutShort(bytes: Latin1, i: number, value: Latin1): Latin1 | undefined {
    const of = this.byValue.get(value);
    if (of === undefined || !isDerived(of.record)) return undefined;
    let length = leastBytes;
    if (!bytes.startsWith(value.slice(0, length), i)) return undefined;
    while (bytes.charAt(i + length) === value.charAt(length)) length++;
    const start = value.slice(0, length);
    if (!this.#pieces.has(start)) this.#pieces.set(start, { of, from: 0, to: length });
    return start;
  }

  read(bytes: Latin1, depth = 0): Term {
    const before = this.#read.get(bytes);
    if (before !== undefined) return before;
    const parts: Term[] = [];
    const isLine = isText(bytes);
    let plain = "";
    for (let i = 0; i < bytes.length; ) {
      const found = this.#at(bytes, i, depth, isLine);
      if (found === undefined) {
        plain += bytes[i++];
        continue;
      }
      if (plain !== "") parts.push({ is: "constant", bytes: plain });
      plain = "";
      parts.push(found.term);
      i += found.length;
    }
    if (plain !== "" || parts.length === 0) parts.push({ is: "constant", bytes: plain });
    const term: Term = parts.length === 1 ? (parts[0] as Term) : { is: "join", parts };
    this.#read.set(bytes, term);
    return term;
  }

  #at(bytes: Latin1, i: number, depth: number, isLine: boolean) {
    const value = this.#valueAt(bytes, i);
    if (value !== undefined) return { term: this.#termOf(value), length: value.length };
    const said = this.#said.find((s) => bytes.startsWith(s, i));
    if (said !== undefined) {
      return { term: { is: "said", bytes: said } as const, length: said.length };
    }
    const name = this.#nameAt(bytes, i);
    if (name !== undefined) return withFilling(name, bytes, i);
    // In a long text every second byte could be a length.
    if (depth >= mostDeep || bytes.length > longestMessage) return undefined;
    // In a line of text, a space is no length.
    const counted = isLine ? undefined : this.#counted(bytes, i, depth);
    return counted ?? this.#text(bytes, i, depth);
  }

  #termOf(value: Latin1): Term {
    const of = this.byValue.get(value);
    if (of !== undefined) return { is: "value", of };
    const piece = this.#pieces.get(value);
    if (piece !== undefined) return { is: "piece", of: piece };
    return { is: "near", ...(this.#near.get(value) as { of: Recorded; plus: number }) };
  }

  #nameAt(bytes: Latin1, i: number): Written | undefined {
    if (!this.#firsts.has(bytes.charCodeAt(i))) return undefined;
    return this.#written.find((n) => bytes.startsWith(n.bytes, i));
  }

  /** A number, and so many bytes behind it, of which the first ones mean something. */
  #counted(bytes: Latin1, i: number, depth: number) {
    for (const lowFirst of [false, true]) {
      for (const width of widths) {
        if (lowFirst && width === 1) continue;
        const size = numberAt(bytes, i, width, lowFirst);
        if (size < 3 || i + width + size > bytes.length) continue;
        const inside = bytes.substring(i + width, i + width + size);
        const inner = this.read(inside, depth + 1);
        const [first, last] =
          inner.is === "join" ? [inner.parts[0], inner.parts.at(-1)] : [inner, inner];
        const fillsUp = i + width + size === bytes.length && inner.is === "join";
        // With a constant in front it may be a coincidence, unless the end fits as well.
        const endsWell = width > 1 && saysSomething(inner) && last?.is !== "constant";
        if (first?.is === "constant" && ((!fillsUp && !endsWell) || lowFirst)) continue;
        if (!fillsUp && this.#cutsValue(bytes, i + width + size)) continue;
        const term = { is: "counted", width, lowFirst, inner, bytes: inside } as const;
        return { term, length: width + size };
      }
    }
    return undefined;
  }

  /** Does a recorded value begin before this place, and end behind it? */
  #cutsValue(bytes: Latin1, end: number): boolean {
    for (let i = Math.max(0, end - longestValue); i < end; i++) {
      const value = this.#valueAt(bytes, i);
      if (value !== undefined && i + value.length > end) return true;
    }
    return false;
  }

  /** A run of characters that says something when it is decoded. */
  #text(bytes: Latin1, i: number, depth: number) {
    const token = tokenAt(bytes, i);
    if (token === undefined) return undefined;
    for (const encoding of this.#encodings) {
      const inside = decoded(encoding, token);
      if (inside === undefined) continue;
      const inner = this.read(inside, depth + 1);
      if (!saysSomething(inner) && !(isText(inside) && saysWords(inner))) continue;
      return {
        term: { is: "text", encoding, inner, size: token.length } as const,
        length: token.length,
      };
    }
    return undefined;
  }
}

const saysSomething = (term: Term): boolean =>
  term.is === "value" ||
  term.is === "piece" ||
  term.is === "near" ||
  (term.is === "join" && term.parts.some(saysSomething)) ||
  ("inner" in term && saysSomething(term.inner));

/** What decodes to a line of text with a known word in it is no accident either. */
const saysWords = (term: Term): boolean =>
  term.is === "name" || term.is === "said" || (term.is === "join" && term.parts.some(saysWords));

function numberAt(bytes: Latin1, i: number, width: number, lowFirst: boolean): number {
  let n = 0;
  for (let k = 0; k < width; k++) {
    const at = lowFirst ? i + width - 1 - k : i + k;
    n = n * 256 + bytes.charCodeAt(at);
  }
  return Number.isNaN(n) ? 0 : n;
}

/** Printable characters and line ends only. */
const isText = (bytes: Latin1): boolean => /^[\x20-\x7e\r\n\t]*$/.test(bytes);

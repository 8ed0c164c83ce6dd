/**
 * What values are built of, as long as it stays so. That changes only with something new that
 * shares eight bytes with the value: a recorded value or a secret; or, where slices of secrets were
 * found, a text in which they may have been seen.
 */
import type { Latin1 } from "../../protocol/kit/bytes.ts";
import { guessableBelowBytes } from "./lengths.ts";
import { decodedParts } from "./text-parts.ts";
import { GramFilter } from "./value-index.ts";

interface Kept {
  readonly parts: readonly Latin1[];
  /** Does it depend on what has been seen? */
  readonly restsOnTexts: boolean;
  /** How many values and texts there were when that was last true. */
  values: number;
  texts: number;
}

export class PartsCache {
  readonly #kept = new Map<Latin1, Kept>();
  /** Recorded values and secrets, as they come. */
  readonly #values: Latin1[] = [];
  readonly #newValues = new Latest(this.#values);
  readonly #texts: readonly Latin1[];
  readonly #newTexts: Latest;

  /** @param texts all that is known, in order; it grows. */
  constructor(texts: readonly Latin1[]) {
    this.#texts = texts;
    this.#newTexts = new Latest(texts);
  }

  /** There is a new recorded value, or a new secret. */
  note(value: Latin1): void {
    if (this.#kept.size > 0) this.#values.push(value);
  }

  get(value: Latin1): readonly Latin1[] | undefined {
    const kept = this.#kept.get(value);
    if (kept === undefined) return undefined;
    if (kept.values < this.#values.length) {
      if (mayShare(value, this.#newValues, kept.values)) return undefined;
      kept.values = this.#values.length;
    }
    if (kept.restsOnTexts && kept.texts < this.#texts.length) {
      if (mayShare(value, this.#newTexts, kept.texts)) return undefined;
      kept.texts = this.#texts.length;
    }
    return kept.parts;
  }

  set(value: Latin1, parts: readonly Latin1[], restsOnTexts: boolean): void {
    const [values, texts] = [this.#values.length, this.#texts.length];
    this.#kept.set(value, { parts, restsOnTexts, values, texts });
  }
}

/** May the value, or what is written in it, share something with what is new since then? */
function mayShare(value: Latin1, latest: Latest, since: number): boolean {
  if (latest.mayShare(value, since)) return true;
  for (const inner of decodedParts(value)) if (latest.mayShare(inner, since)) return true;
  return false;
}

/** A filter over what has come since some moment; most ask for the same moment. */
class Latest {
  readonly #all: readonly Latin1[];
  #since = -1;
  #read = 0;
  #long = new Set<Latin1>();
  #short: Latin1[] = [];
  #filter = new GramFilter(this.#long);

  constructor(all: readonly Latin1[]) {
    this.#all = all;
  }

  mayShare(value: Latin1, since: number): boolean {
    if (since !== this.#since) this.#begin(since);
    for (; this.#read < this.#all.length; this.#read++) {
      const text = this.#all[this.#read] as Latin1;
      if (text.length < guessableBelowBytes) this.#short.push(text);
      else this.#long.add(text);
    }
    if (this.#long.size > 0 && this.#filter.next(value, 0) >= 0) return true;
    for (const text of this.#short) if (value.includes(text)) return true;
    return false;
  }

  #begin(since: number): void {
    this.#since = since;
    this.#read = since;
    this.#long = new Set();
    this.#short = [];
    this.#filter = new GramFilter(this.#long);
  }
}

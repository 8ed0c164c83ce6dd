/**
 * Can the lab explain every byte? Deduction sees what goes through the recorded cryptography. Where
 * a protocol scrambles bytes by hand, secrecy can be lost or kept without the lab noticing; `holds`
 * would then be unfounded, and the verdict is `unknown` instead.
 *
 * The test needs no annotations: the same session is run twice with other randomness and other
 * payloads. Bytes that differ between the runs must come from a recorded value (fresh, an output,
 * a payload, a slice or an encoding of one); what does not differ is a constant.
 */
import { fromLatin1, hex, type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { contentOf, type OpRecord, weightyInputs } from "../../protocol/kit/operations.ts";
import { encodedWords, unescapedTexts } from "./text-readings.ts";

export interface ObservedRun {
  readonly operations: readonly OpRecord[];
  /** Payloads, passwords and the like. */
  readonly declared: readonly Uint8Array[];
  readonly packets: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** Unexplained bytes shorter than this are counters and flags. */
const unexplainedFromBytes = 8;
/** Eight bytes with fewer different ones among them are padding or lengths. */
const distinctInWindow = 4;

/** Nothing real is packed deeper. */
const deepestReading = 4;
const mostReadings = 200;

/** An encoded word once it is read. */
interface Read {
  readonly length: number;
  readonly left: string;
  /** Is anything in it explained? */
  readonly says: boolean;
}

class Explainer {
  readonly #byPrefix = new Map<string, Latin1[]>();
  readonly #wholes: Latin1[] = [];

  constructor(evidence: ObservedRun) {
    for (const op of evidence.operations) this.#add(op.output);
    for (const secret of evidence.declared) this.#add(latin1(secret));
    // What decryption yields was made by the operation, too.
    for (const op of evidence.operations) {
      if (op.backwards) this.#add(contentOf(op));
    }
  }

  #add(value: Latin1): void {
    if (value.length < 4) return;
    this.#wholes.push(value);
    const prefix = value.slice(0, 4);
    const list = this.#byPrefix.get(prefix);
    if (list === undefined) this.#byPrefix.set(prefix, [value]);
    else list.push(value);
  }

  /** What is left of `value` once every explained part is taken out (as U+0100). */
  residue(value: Latin1, depth = 0): string {
    const plain = this.#scan(value, new Map());
    if (depth >= deepestReading || longest(plain) < unexplainedFromBytes) return plain;
    const wordAt = new Map<number, Read>();
    for (const { at, length, encoding, inner } of encodedWords(value)) {
      const left = this.residue(inner, depth + 1);
      const says = left.includes("\u0100");
      // Two digits of hex are a byte, whether or not anything explains it; a code of decimal
      // digits is as long as it is written.
      const isHex = encoding === "hex" && /[a-f]/i.test(value.slice(at, at + length));
      if (says || isHex) wordAt.set(at, { length, left, says });
    }
    let best = wordAt.size === 0 ? plain : this.#scan(value, wordAt);
    for (const reading of unescapedTexts(value)) {
      const left = this.residue(reading, depth + 1);
      if (longest(left) < longest(best)) best = left;
    }
    return best;
  }

  /** @param wordAt what is left of encoded words once they are read, by where they begin. */
  #scan(value: Latin1, wordAt: ReadonlyMap<number, Read>): string {
    let out = "";
    for (let i = 0; i < value.length; ) {
      const word = wordAt.get(i);
      const length = word?.says === true ? 0 : this.#explainedAt(value, i);
      if (length > 0) {
        out += "\u0100";
        i += length;
      } else if (word !== undefined) {
        out += word.left;
        i += word.length;
      } else out += value[i++];
    }
    return out;
  }

  #explainedAt(value: Latin1, i: number): number {
    let best = 0;
    for (const candidate of this.#byPrefix.get(value.substring(i, i + 4)) ?? []) {
      if (candidate.length > best && value.startsWith(candidate, i)) best = candidate.length;
    }
    if (best > 0) return best;
    const window = value.substring(i, i + 8);
    // Padding and lengths occur in many places, and say nothing of where they come from.
    if (window.length < 8 || new Set(window).size < distinctInWindow) return 0;
    for (const whole of this.#wholes) {
      const at = whole.length > 8 ? whole.indexOf(window) : -1;
      if (at < 0) continue;
      let length = 8;
      while (i + length < value.length && value[i + length] === whole[at + length]) length++;
      best = Math.max(best, length);
    }
    return best;
  }
}

const stretches = (residue: string): readonly string[] => residue.split(/\u0100+/);
const longest = (residue: string): number =>
  Math.max(0, ...stretches(residue).map((part) => part.length));

/** How long a stretch two residues differ in, at most; constants around it do not count. */
function difference(x: string, y: string): number {
  const [xs, ys] = [stretches(x), stretches(y)];
  if (xs.length !== ys.length) return x === y ? 0 : Math.max(longest(x), longest(y));
  const spans = xs.map((a, k) => {
    const b = ys[k] ?? "";
    if (a.length !== b.length) return Math.max(a.length, b.length);
    const at = [...a].flatMap((c, i) => (c === b[i] ? [] : [i]));
    return (at.at(-1) ?? -1) + 1 - (at[0] ?? 0);
  });
  return Math.max(0, ...spans);
}

/** `value`, and all that it says once what is encoded or escaped in it is read. */
function readings(value: Latin1, depth = 0, found = new Set<Latin1>()): ReadonlySet<Latin1> {
  if (found.has(value) || found.size >= mostReadings) return found;
  found.add(value);
  if (depth >= deepestReading) return found;
  const inner = [...unescapedTexts(value), ...encodedWords(value).map((word) => word.inner)];
  for (const reading of inner) readings(reading, depth + 1, found);
  return found;
}

/**
 * The stretches of a residue that do not occur in the other run's value. What stands there word for
 * word is a constant, even where one of the runs has a value that happens to begin like it.
 */
function ownStretches(residue: string, other: Latin1): readonly string[] {
  const texts = [...readings(other)];
  const own = (stretch: string): readonly string[] => {
    let left = "";
    for (let i = 0; i < stretch.length; ) {
      const length = commonFrom(stretch, i, texts);
      left += length === 0 ? stretch[i++] : "\u0100";
      i += length;
    }
    return left.split("\u0100");
  };
  return stretches(residue).flatMap(own);
}

/** How much of `stretch`, from `at` on, stands in one of `texts`; 0 if that is too little. */
function commonFrom(stretch: string, at: number, texts: readonly Latin1[]): number {
  const window = stretch.substring(at, at + unexplainedFromBytes);
  if (window.length < unexplainedFromBytes) return 0;
  let best = 0;
  for (const text of texts) {
    for (let there = text.indexOf(window); there >= 0; there = text.indexOf(window, there + 1)) {
      let length = window.length;
      while (at + length < stretch.length && stretch[at + length] === text[there + length]) {
        length++;
      }
      best = Math.max(best, length);
    }
  }
  return best;
}

const shownBytes = 8;

/** Which bytes of `value` nothing explains: the longest stretch of them. */
function unexplainedWords(explainer: Explainer, value: Latin1, other: Latin1): string {
  const [longestOne = ""] = ownStretches(explainer.residue(value), other).toSorted(
    (a, b) => b.length - a.length,
  );
  const at = value.indexOf(longestOne);
  const begins = `${hex(fromLatin1(longestOne.slice(0, shownBytes)))}${longestOne.length > shownBytes ? "…" : ""}`;
  const where = at > 0 ? ` from byte ${at}` : "";
  return `${longestOne.length} bytes${where}, ${begins}`;
}

/**
 * @returns one line per value that nothing explains, naming the operation or the packet; empty if
 *   the lab can explain everything.
 */
export function untracked(a: ObservedRun, b: ObservedRun): readonly string[] {
  const [ea, eb] = [new Explainer(a), new Explainer(b)];
  const found = new Set<string>();
  const differ = (x: Latin1, y: Latin1): boolean => {
    const [rx, ry] = [ea.residue(x), eb.residue(y)];
    if (difference(rx, ry) < unexplainedFromBytes) return false;
    return [...ownStretches(rx, y), ...ownStretches(ry, x)].some(
      (own) => own.length >= unexplainedFromBytes,
    );
  };
  const sameCourse = a.operations.length === b.operations.length;
  a.operations.forEach((op, i) => {
    const twin = b.operations[i];
    if (!sameCourse || twin === undefined || twin.op !== op.op || twin.by !== op.by) return;
    const [xs, ys] = [weightyInputs(op), weightyInputs(twin)];
    if (xs.some((x, k) => differ(x, ys[k] ?? ""))) {
      const i = xs.findIndex((x, k) => differ(x, ys[k] ?? ""));
      const bytes = unexplainedWords(ea, xs[i] ?? "", ys[i] ?? "");
      found.add(
        `an input of ${op.op} ${op.algorithm} by ${op.by} comes from nowhere the lab can see: ${bytes}`,
      );
    }
  });
  a.packets.forEach((packet, i) => {
    const twin = b.packets[i];
    if (twin === undefined || twin.name !== packet.name) return;
    if (differ(latin1(packet.bytes), latin1(twin.bytes))) {
      const bytes = unexplainedWords(ea, latin1(packet.bytes), latin1(twin.bytes));
      found.add(`${packet.name} carries bytes that come from nowhere the lab can see: ${bytes}`);
    }
  });
  return [...found];
}

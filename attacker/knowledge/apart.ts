/** What is seen beside a key in two installations, and differs from it by the same in both. */
import { fromLatin1, type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import type { Relation } from "./guess-of-key.ts";
import { guessableBelowBytes } from "./lengths.ts";

/** The same course of events in another installation, with other keys. */
export interface OtherInstallation {
  readonly operations: readonly OpRecord[];
  /** Packets of both, pair by pair: of the one that is asked about, and of the other one. */
  readonly packets: readonly (readonly [Uint8Array, Uint8Array])[];
}

export const xor = (a: Latin1, b: Latin1): Latin1 =>
  a.replace(/[\s\S]/g, (c, i: number) => String.fromCharCode(c.charCodeAt(0) ^ b.charCodeAt(i)));

/**
 * Finds bytes that differ from a key by the same in every installation, be it by XOR or by
 * addition: the difference is written in the program, and public.
 */
export class Apart {
  /** What takes the place of a value in the other installation. */
  readonly #twins = new Map<Latin1, Latin1>();
  readonly #pairs: readonly PacketPair[];

  constructor(own: readonly OpRecord[], { operations: others, packets }: OtherInstallation) {
    for (const [i, a] of own.entries()) {
      const b = others[i];
      if (b === undefined || a.op !== b.op || a.by !== b.by) break;
      this.#twins.set(a.output, b.output);
      for (const [k, value] of a.inputs.entries()) this.#twins.set(value, b.inputs[k] ?? "");
    }
    this.#pairs = packets
      .filter(([a, b]) => a.length === b.length && a.length >= guessableBelowBytes)
      .map(([a, b]) => ({
        a,
        b,
        xor: xor(latin1(a), latin1(b)),
        minus: a.map((byte, i) => byte - (b[i] ?? 0)),
      }));
  }

  relation(key: Latin1): Relation | undefined {
    const twin = this.#twins.get(key);
    if (twin === undefined || twin.length !== key.length || twin === key) return undefined;
    const words = "a value was seen that differs from it by a constant of the program";
    const difference = xor(key, twin);
    const [k, t] = [fromLatin1(key), fromLatin1(twin)];
    for (const pair of this.#pairs) {
      const apart = pair.xor.indexOf(difference);
      const at = apart >= 0 ? apart : sumApart(k, t, pair);
      if (at < 0) continue;
      return { words, bits: 0, seen: [latin1(pair.a.subarray(at, at + key.length))] };
    }
    return undefined;
  }
}

/** One packet in both installations, and how the two differ in each byte. */
interface PacketPair {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly xor: Latin1;
  readonly minus: Uint8Array;
}

/**
 * @returns where both packets have a window w with w − key the same in both, modulo 256^length;
 *   −1 if nowhere.
 */
function sumApart(k: Uint8Array, t: Uint8Array, pair: PacketPair): number {
  for (const order of [1, -1] as const) {
    // No borrow reaches the lowest byte, so that most places are ruled out by it alone.
    const lowest = order === 1 ? 0 : k.length - 1;
    const wanted = ((k[lowest] ?? 0) - (t[lowest] ?? 0)) & 0xff;
    const last = pair.a.length - k.length + lowest;
    let at = pair.minus.indexOf(wanted, lowest);
    for (; at >= 0 && at <= last; at = pair.minus.indexOf(wanted, at + 1)) {
      if (isSameSum(k, t, pair, at - lowest, order)) return at - lowest;
    }
  }
  return -1;
}

/** @param order 1 with the lowest byte first, −1 with the lowest byte last. */
function isSameSum(
  k: Uint8Array,
  t: Uint8Array,
  { a, b }: PacketPair,
  from: number,
  order: 1 | -1,
): boolean {
  let [borrowA, borrowB] = [0, 0];
  for (let n = 0; n < k.length; n++) {
    const i = order === 1 ? n : k.length - 1 - n;
    const x = (a[from + i] ?? 0) - (k[i] ?? 0) - borrowA;
    const y = (b[from + i] ?? 0) - (t[i] ?? 0) - borrowB;
    if (((x - y) & 0xff) !== 0) return false;
    [borrowA, borrowB] = [x < 0 ? 1 : 0, y < 0 ? 1 : 0];
  }
  return true;
}

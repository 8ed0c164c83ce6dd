/**
 * Does what a puppet sends depend on something that the adversary cannot know?
 *
 * Deduction sees values that go into packets as they are, or in an encoding. What the protocol's
 * own code computes from them (eight digits of a MAC, say) it does not see. So the code is run once
 * more with other bytes for all unknown values: output that differs depends on them
 * (non-interference: J. Goguen, J. Meseguer, Security policies and security models, 1982).
 */
import { fromLatin1, type Latin1, latin1 } from "../protocol/kit/bytes.ts";
import type { CryptoKit } from "../protocol/kit/crypto.ts";
import { withBytes } from "./kit-arguments.ts";
import type { KnowledgeQueries } from "./knowledge/incremental-knowledge.ts";
import { guessableBelowBytes } from "./knowledge/lengths.ts";

/** Pure functions of their arguments: they are applied to the substituted bytes directly. */
const plain = new Set<string | symbol>(["encode", "decode", "xor"]);

/** Several, since outputs for different inputs can coincide in places. */
export const masks = [0xa5, 0x5a, 0x3c] as const;

/**
 * @param knows whether the adversary can have this value.
 * @param mask is XORed into unknown values to substitute other bytes of the same length.
 * @returns the same cryptography; unknown outputs are shown substituted, and real values are used
 *   when a substituted one comes back as an input.
 */
export function shadowOf(
  kit: CryptoKit,
  knows: (value: Latin1) => boolean,
  mask: number,
): CryptoKit {
  /** Unknown values, by the bytes substituted for them. */
  const hidden = new Map<Latin1, Latin1>();
  const revealed = (bytes: Uint8Array): Uint8Array => {
    let value = latin1(bytes);
    for (const [shown, real] of hidden) value = value.replaceAll(shown, () => real);
    return fromLatin1(value);
  };
  const meant = (argument: unknown): unknown => withBytes(argument, revealed);
  const shown = (result: unknown): unknown => {
    if (!(result instanceof Uint8Array) || result.length < guessableBelowBytes) return result;
    const value = latin1(result);
    if (knows(value)) return result;
    const instead = result.map((byte) => byte ^ mask);
    hidden.set(latin1(instead), value);
    return instead;
  };
  return new Proxy(kit, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      if (plain.has(name)) return method.bind(target);
      return (...given: unknown[]) => shown(Reflect.apply(method, target, given.map(meant)));
    },
  });
}

/** Runs of differing bytes count as one if at most so many equal bytes are between them. */
const mostBetween = 8;

/**
 * @param packet what would be sent.
 * @param others the packet for other values of everything unknown.
 * @returns whether the adversary can write the bytes that depend on unknown values: they are few
 *   enough to be guessed, or have been seen.
 */
export function canWrite(
  knowledge: KnowledgeQueries,
  packet: Uint8Array,
  others: readonly Uint8Array[],
): boolean {
  const depends = new Uint8Array(packet.length);
  for (const other of others) mark(depends, packet, other);
  const runs = runsOf(depends);
  const count = runs.reduce((n, [from, to]) => n + to - from, 0);
  if (count < guessableBelowBytes) return true;
  const value = latin1(packet);
  return runs.every(([from, to]) => knowledge.occurs(value.slice(from, to)));
}

/** Marks the bytes in which the two differ; if lengths differ, all from the first to the last. */
export function mark(depends: Uint8Array, packet: Uint8Array, other: Uint8Array): void {
  if (packet.length === other.length) {
    packet.forEach((byte, i) => {
      if (byte !== other[i]) depends[i] = 1;
    });
    return;
  }
  const shorter = Math.min(packet.length, other.length);
  let from = 0;
  while (from < shorter && packet[from] === other[from]) from++;
  let tail = 0;
  while (tail < shorter - from && packet.at(-1 - tail) === other.at(-1 - tail)) tail++;
  depends.fill(1, from, packet.length - tail);
}

/** From where to where bytes are marked; what is close together counts as one. */
export function runsOf(depends: Uint8Array): readonly (readonly [from: number, to: number])[] {
  const runs: [number, number][] = [];
  depends.forEach((marked, i) => {
    if (marked === 0) return;
    const last = runs.at(-1);
    if (last !== undefined && i - last[1] <= mostBetween) last[1] = i + 1;
    else runs.push([i, i + 1]);
  });
  return runs;
}

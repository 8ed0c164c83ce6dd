/**
 * Short codes that users compare out of band. An adversary between two ends shows each of them a
 * code of its own, and needs both to be the same. Where it knows one before it has settled what it
 * draws for the other, it tries other draws until they are (Vaudenay, “Secure communications over
 * insecure channels based on short authenticated strings”, CRYPTO 2005); where a commitment has
 * settled that before, it has one try for every attack.
 */
import type { Output } from "../protocol/endpoint.ts";
import { equalBytes, latin1 } from "../protocol/kit/bytes.ts";
import type { Gate } from "../protocol/kit/gate.ts";
import type { KnowledgeQueries } from "./knowledge/incremental-knowledge.ts";
import { guessableBelowBytes } from "./knowledge/lengths.ts";
import { masks, shadowOf } from "./non-interference.ts";
import { type Fed, handledAgain, type OpenPuppet } from "./puppet-options.ts";
import { symbolsIn } from "./symbols.ts";

const isPacket = ({ kind }: Output): boolean => kind === "transmit";
const isShown = (o: Output): o is Extract<Output, { kind: "show" }> => o.kind === "show";

/** Other draws where no packet depends on them yet; or other values of all that is unknown. */
export type Otherwise =
  | { readonly again: number }
  | { readonly knowledge: KnowledgeQueries; readonly mask: number };

/** @returns what a puppet with this history would have shown last; `undefined` if nothing. */
export function shownOtherwise(
  open: OpenPuppet,
  history: readonly Fed[],
  decided: readonly boolean[],
  how: Otherwise,
): Uint8Array | undefined {
  const last = history.findLastIndex((fed) => fed.outputs?.some(isShown));
  const settled = history
    .slice(0, Math.max(last, 0))
    .findLastIndex((fed) => fed.outputs?.some(isPacket));
  // What is drawn before the first input is settled with the first packet.
  let at = -1;
  let compared = 0;
  const gate: Gate = {
    done: () => undefined,
    failed: () => undefined,
    compare: () => decided[compared++] ?? true,
  };
  try {
    const endpoint =
      "again" in how
        ? open(gate, () => settled >= 0 && at <= settled, undefined, how.again)
        : open(
            gate,
            () => false,
            (kit) => shadowOf(kit, (value) => how.knowledge.has(value), how.mask),
          );
    let shown: Uint8Array | undefined;
    for (at = 0; at <= last; at++) {
      const outputs: unknown = handledAgain(endpoint, history[at] as Fed);
      if (Array.isArray(outputs)) shown = (outputs as Output[]).findLast(isShown)?.value ?? shown;
    }
    return shown;
  } catch {
    // With other values its own checks fail, and it shows nothing.
    return undefined;
  }
}

/** Of a code: what is needed of the puppet that shows it. */
interface Showing {
  shownOtherwise(how: Otherwise): Uint8Array | undefined;
}

export interface Match {
  /** On average, until two codes are the same. */
  readonly tries: number;
  /** The tries are attacks, and not computations. */
  readonly byLuck: boolean;
}

const redraws = [1, 2, 3];

/**
 * Can a puppet show what another one has shown before it acted?
 * @returns what that takes; `undefined` if it cannot, or not with any number of tries that counts.
 */
export function matchOf(
  knowledge: KnowledgeQueries,
  [puppet, shown]: readonly [Showing, Uint8Array],
  [other, target]: readonly [Showing, Uint8Array],
): Match | undefined {
  if (shown.length !== target.length || shown.length >= guessableBelowBytes) return undefined;
  const computes = (showing: Showing, value: Uint8Array): boolean =>
    masks.every((mask) => {
      const otherwise = showing.shownOtherwise({ knowledge, mask });
      return otherwise !== undefined && equalBytes(otherwise, value);
    });
  if (!computes(puppet, shown) || !computes(other, target)) return undefined;
  const drawn = redraws.flatMap((again) => puppet.shownOtherwise({ again }) ?? []);
  const tries = symbolsIn([shown, target, ...drawn].map(latin1).join("")) ** shown.length;
  return { tries, byLuck: drawn.every((value) => equalBytes(value, shown)) };
}

/** What each defence of a protocol carries: its own word for it, held against the search. */
import type { OptionValues, Protocol } from "../../protocol/endpoint.ts";
import type { GuaranteeVerdict, ProtocolReport } from "../verdict.ts";

/** A value of an option that switches off a defence. */
export interface Weakening {
  readonly option: string;
  readonly value: string;
  /** What the option is about, in the protocol's words. */
  readonly about: string;
  /** Guarantees that the defence carries, as the protocol says. */
  readonly carries: readonly string[];
}

/** All that can be switched off and is not off already. */
export function weakeningsOf(protocol: Protocol, options: OptionValues): readonly Weakening[] {
  return Object.entries(protocol.options ?? {}).flatMap(([option, { about, weakens = {} }]) =>
    Object.entries(weakens)
      .filter(([value]) => options[option] !== value)
      .map(([value, carries]) => ({ option, value, about, carries })),
  );
}

export interface Weakened extends Weakening {
  /** Guarantees that are broken without the defence, and only then. */
  readonly broken: readonly GuaranteeVerdict[];
  /** Said to be carried, but not broken by anything that was tried. */
  readonly missing: readonly string[];
  /** Broken, though the defence is not said to carry them. */
  readonly unexpected: readonly string[];
}

/** @param whole the report with all defences up. @param weak with this one switched off. */
export function weakened(
  weakening: Weakening,
  whole: ProtocolReport,
  weak: ProtocolReport,
): Weakened {
  const brokenAnyway = new Set(
    whole.verdicts.filter((v) => v.verdict === "broken").map((v) => v.guarantee),
  );
  const looked = new Set(weak.verdicts.map((v) => v.guarantee));
  const broken = weak.verdicts.filter(
    (v) => v.verdict === "broken" && !brokenAnyway.has(v.guarantee),
  );
  const ids = broken.map((v) => v.guarantee);
  return {
    ...weakening,
    broken,
    missing: weakening.carries.filter(
      (id) => looked.has(id) && !ids.includes(id) && !brokenAnyway.has(id),
    ),
    unexpected: ids.filter((id) => !weakening.carries.includes(id)),
  };
}

export const isAsDeclared = ({ missing, unexpected }: Weakened): boolean =>
  missing.length === 0 && unexpected.length === 0;

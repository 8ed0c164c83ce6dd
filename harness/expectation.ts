/** Compares verdicts with expected ones. */
import type { Capability } from "../attacker/move.ts";
import type { GuaranteeVerdict, Layer, Status } from "./verdict.ts";

/** The expectation for one guarantee. */
export interface Expectation {
  readonly verdict: Status;
  readonly capability?: Capability;
  readonly layer?: Status;
}

/** The part of a verdict that an expectation is about. */
export type Found = Pick<GuaranteeVerdict, "guarantee" | "verdict" | "capability" | "because"> & {
  readonly layer?: Pick<Layer, "verdict">;
};

export interface Comparison {
  readonly guarantee: string;
  /** Absent for a verdict without expectation. */
  readonly expected?: Expectation;
  /** Absent where the guarantee was not judged. */
  readonly found?: Found;
  readonly asExpected: boolean;
}

const fits = (expected: Expectation, found: Found): boolean =>
  expected.verdict === found.verdict &&
  (expected.capability === undefined || expected.capability === found.capability) &&
  (expected.layer === undefined || expected.layer === found.layer?.verdict);

/** A guarantee is broken that was expected to hold: valid even if not everything was tried. */
const worse = (expected: Expectation, found: Found): boolean =>
  (expected.verdict !== "broken" && found.verdict === "broken") ||
  (expected.layer !== undefined &&
    expected.layer !== "broken" &&
    found.layer?.verdict === "broken");

/**
 * @param partly that not everything was tried (a limited adversary, a budget, an interruption):
 *   then only what is worse than expected counts.
 */
export function compare(
  expect: ReadonlyMap<string, Expectation>,
  verdicts: readonly Found[],
  partly = false,
): readonly Comparison[] {
  const held = verdicts.map((found): Comparison => {
    const expected = expect.get(found.guarantee);
    if (expected === undefined) return { guarantee: found.guarantee, found, asExpected: true };
    const asExpected = partly ? !worse(expected, found) : fits(expected, found);
    return { guarantee: found.guarantee, expected, found, asExpected };
  });
  const missing = [...expect].filter(([id]) => !verdicts.some((v) => v.guarantee === id));
  return [
    ...held,
    ...missing.map(
      ([guarantee, expected]): Comparison => ({ guarantee, expected, asExpected: partly }),
    ),
  ];
}

import { expect, test } from "vitest";
import { preshared } from "../../protocol/textbook/preshared/preshared.ts";
import { fuzz } from "./fuzz.ts";

/** A million of them are tried by hand: `npm run long`. */
const attacks = 3_000;

test("random attacks break nothing that the sound protocol claims", { timeout: 900_000 }, () => {
  const options = Object.fromEntries(
    Object.entries(preshared.options ?? {}).map(([name, spec]) => [name, spec.default]),
  );
  const subject = { protocol: preshared, options, source: preshared.name };
  const claimed = preshared.claims.map((c) => c.guarantee);
  const settings = { seed: "no-false-alarm", fuzzRuns: attacks, guarantees: claimed };
  const { report, effective } = fuzz(subject, settings);
  expect(effective).toBeGreaterThan(attacks / 2);
  const broken = report.verdicts.filter((v) => v.verdict === "broken");
  expect(broken.map((v) => `${v.guarantee}: ${v.finding?.steps.join("; ")}`)).toEqual([]);
});

/** The stories whose attack is written down, each in one run; `mallory run` tells them. */
import { expect, test } from "vitest";
import { compare } from "../harness/expectation.ts";
import { bundledSubject } from "../harness/input/bundled-protocols.ts";
import { parseProtocolName } from "../harness/input/protocol-reference.ts";
import { runScenario } from "../harness/scenario-run.ts";
import { bundledScenarios } from "./load.ts";

const stories = bundledScenarios(".").flatMap(({ run, ...scenario }) =>
  run === undefined ? [] : [{ ...scenario, run }],
);

test.each(stories.map((s) => [s.name, s] as const))("%s", (_, scenario) => {
  const { source, given } = parseProtocolName(scenario.protocol);
  const subject = bundledSubject({ source, given: { ...given, ...scenario.options } });
  const { verdicts, seen, ineffective } = runScenario(subject, scenario);
  expect(compare(scenario.expect, verdicts).filter((c) => !c.asExpected)).toEqual([]);
  expect(seen.filter((s) => !s.found)).toEqual([]);
  expect(ineffective).toEqual([]);
});

import { expect, test } from "vitest";
import { bundledSubject } from "../harness/input/bundled-protocols.ts";
import { parseProtocolName } from "../harness/input/protocol-reference.ts";
import { runScenario } from "../harness/scenario-run.ts";
import { Campaign } from "../harness/search/campaign.ts";
import { compose } from "../harness/search/composing/compose.ts";
import { workloadNamed, workloadNames } from "../harness/workload.ts";
import { parseScenario } from "./load.ts";

const subjectOf = (name: string) => bundledSubject(parseProtocolName(name));

const scenario = (about: object) =>
  parseScenario("a.yaml", JSON.stringify({ name: "a", title: "A", ...about }));

function runOf(protocol: string, workload: string) {
  const read = scenario({ protocol, workload, attack: [], expect: { robustness: "holds" } });
  if (read.run === undefined) throw new Error("it has no run");
  return () =>
    runScenario(subjectOf(protocol), { ...read, run: read.run as NonNullable<typeof read.run> });
}

test("a composed attack in parallel sessions is a scenario, and comes out in one run", () => {
  const guarantee = "client-authentication";
  const campaign = new Campaign(subjectOf("reflection"), { seed: "s", guarantees: [guarantee] });
  compose(campaign, { work: 240_000 });
  const [verdict] = campaign.finish(null).verdicts;
  const { attack, digest } = verdict?.finding ?? {};
  expect(attack?.workload).toMatch(/^parallel-/);
  const { workload, moves, seed } = attack as NonNullable<typeof attack>;
  const expected = { [guarantee]: { verdict: "broken", capability: verdict?.capability } };
  const protocol = "reflection";
  const read = scenario({ protocol, seed, workload, attack: moves, expect: expected });
  const result = runScenario(subjectOf(protocol), {
    ...read,
    run: read.run as NonNullable<typeof read.run>,
  });
  expect(result.digest).toBe(digest);
  expect(result.verdicts).toMatchObject([{ guarantee, verdict: "broken" }]);
  expect(result.ineffective).toEqual([]);
});

test("every name in the list is one of a workload, and no other name is taken", () => {
  const known = ["needham-schroeder", "reflection"]
    .map(subjectOf)
    .flatMap(({ protocol, options }) =>
      workloadNames.filter((name) => workloadNamed(protocol, options, name) !== undefined),
    );
  expect(new Set(known)).toEqual(new Set(workloadNames));
  const wrong = () =>
    scenario({ protocol: "reflection", workload: "paralel-own", attack: [], expect: {} });
  expect(wrong).toThrow(/a\.yaml:1:\d+: workload must be "default".*"parallel-own"/);
});

test.each([
  ["reflection", "parallel-mallory", "nobody in it may call a registered user"],
  ["signed-dh", "parallel-exchanged", "nobody plays both roles in its own workload"],
])("%s has no %s, and that is said with the reason", (protocol, workload, why) => {
  expect(runOf(protocol, workload)).toThrow(`${protocol} has no workload "${workload}": ${why}`);
  expect(runOf(protocol, "parallel-same")).not.toThrow();
});

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compare } from "../harness/expectation.ts";
import { bundledSubject } from "../harness/input/bundled-protocols.ts";
import { parseProtocolName } from "../harness/input/protocol-reference.ts";
import { UserError } from "../harness/input/user-error.ts";
import { runScenario } from "../harness/scenario-run.ts";
import { bundledScenarios, expectationFor, parseScenario, scenarioNamed } from "./load.ts";

const here = dirname(fileURLToPath(import.meta.url));
const cwd = dirname(here);

function complaint(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const start = "name: a\ntitle: A\nprotocol: object-security\n";
const told = (text: string): string => complaint(() => parseScenario("dir/a.yaml", start + text));

describe("a scenario file", () => {
  test("short forms of moves", () => {
    const { run } = parseScenario(
      "a.yaml",
      `${start}
attack:
  - { move: drop, packet: 2nd of client#0 to server#0 }
  - { move: inject, to: server#0, text: "né", when: { after: packet 1 of client#0 to server#0 } }
  - move: modify
    packet: 3 of client#0 to server#0
    edits: [{ edit: replace, text: x, inside: base64 }]
delivers: []
`,
    );
    const from = { from: "client#0", to: "server#0" };
    expect(run?.attack).toEqual([
      { move: "drop", packet: { ...from, nth: 2 } },
      { move: "inject", to: "server#0", hex: "6ec3a9", when: { after: { ...from, nth: 1 } } },
      {
        move: "modify",
        packet: { ...from, nth: 3 },
        edits: [{ edit: "replace", hex: "78", inside: ["base64"] }],
      },
    ]);
  });

  test("options are text, and paths start at the file", () => {
    const named = start.replace("object-security", "./my.ts#x?a=b");
    const text = `${named}options: { seg: 128, loop: true }\nseed: 7\nexpect: {}\n`;
    const scenario = parseScenario("dir/a.yaml", text);
    expect(scenario).toMatchObject({
      protocol: "./dir/my.ts#x?a=b",
      options: { seg: "128", loop: "true" },
      seed: "7",
      run: undefined,
    });
  });

  test.each([
    ["", '"expect" is missing'],
    ["expekt: {}", 'dir/a.yaml:4:1: unknown key "expekt"; did you mean "expect"?'],
    [
      "expect: { integrty: holds }",
      'a.yaml:4:11: expect: unknown key "integrty"; did you mean "integrity"?',
    ],
    ["expect: { integrity: borken }", 'expect.integrity must be "broken", "holds"'],
    ["expect: { integrity: { verdict: holds, by: x } }", 'unknown key "by"'],
    ["expect: {}\nnetwork: lossy", 'a.yaml:5:1: "network" makes sense only with an attack'],
    ["expect: {}\nattack: [{ move: dorp }]", 'did you mean "drop"?'],
    [
      "expect: {}\nattack:\n  - { move: deliver, to: a#0, when: start, recipe: { vale: 1 } }",
      "recipe must have one of the keys hex, name, fresh, own, value, packet, part, plus, join, " +
        'counted, summed or make, not "vale"; did you mean "value"?',
    ],
    [
      "expect: {}\nattack:\n  - { move: deliver, to: a#0, when: start, recipe: {} }",
      "recipe must have one of the keys hex, name",
    ],
    [
      "expect: {}\nattack:\n  - move: drop\n    packet: client#0",
      'a.yaml:7:13: attack[0].packet must be like "2 of client#0 to server#0"',
    ],
    [
      "expect: {}\nattack: [{ move: drop, packet: { from: a, to: b, nth: x } }]",
      "attack[0].packet.nth must be a number",
    ],
    ["expect: {}\nname: b", "Map keys must be unique"],
    ["expect: [", "a.yaml:"],
  ])("%j is refused", (text, says) => {
    expect(told(text)).toContain(says);
    expect(told(text)).toMatch(/^dir\/a\.yaml:\d+:\d+: /);
  });

  test("that is missing, a folder or misspelt", () => {
    expect(complaint(() => scenarioNamed("./none.yaml", cwd))).toBe("./none.yaml: does not exist");
    expect(complaint(() => scenarioNamed("./scenarios", cwd))).toContain("is a folder");
    expect(complaint(() => scenarioNamed("object-security-bitflip", cwd))).toContain(
      'did you mean "object-security-bit-flip"?',
    );
  });
});

describe("the bundled scenarios", () => {
  const scenarios = bundledScenarios(cwd);

  test("are named as their files, and name their schema", () => {
    const files = readdirSync(here).filter((f) => f.endsWith(".yaml"));
    expect(scenarios.map((s) => `${s.name}.yaml`).sort()).toEqual(files.sort());
    expect(scenarios.map((s) => s.file)).toContain(join("scenarios", "object-security.yaml"));
  });

  test("are about bundled protocols", () => {
    for (const s of scenarios) {
      const name = parseProtocolName(s.protocol);
      expect(() =>
        bundledSubject({ ...name, given: { ...name.given, ...s.options } }),
      ).not.toThrow();
    }
    expect(expectationFor("object-security", scenarios)?.name).toBe("object-security");
    expect(expectationFor("nothing", scenarios)).toBeUndefined();
  });

  const single = scenarios.flatMap((s) => (s.run === undefined ? [] : [{ ...s, run: s.run }]));
  test.each(single.map((s) => [s.name, s] as const))("%s comes out as expected", (_, scenario) => {
    const name = parseProtocolName(scenario.protocol);
    const given = { ...name.given, ...scenario.options };
    const result = runScenario(bundledSubject({ ...name, given }), scenario);
    expect(compare(scenario.expect, result.verdicts).filter((h) => !h.asExpected)).toEqual([]);
    expect(result.seen.filter((one) => !one.found)).toEqual([]);
    expect(result.ineffective).toEqual([]);
  });
});

describe("what is to be seen besides verdicts", () => {
  const seenIn = (text: string) => {
    const scenario = parseScenario("a.yaml", `${start}attack: []\n${text}`);
    if (scenario.run === undefined) throw new Error("no run");
    const subject = bundledSubject(parseProtocolName("object-security"));
    return runScenario(subject, { ...scenario, run: scenario.run }).seen;
  };

  test.each([
    ["delivers: [unlock 7, unlock 8]", [true, false]],
    // A message that nobody sends is not lost.
    ["loses: [unlock 7, unlock 8]", [false, false]],
    ["shows: [successfully authenticated, successfully hidden]", [true, false]],
  ])("%s", (text, found) => {
    expect(seenIn(text).map((one) => one.found)).toEqual(found);
  });

  test("a lost message is lost", () => {
    const drop = "attack: [{ move: drop, packet: 8 of client#0 to server#0 }]\nloses: [unlock 7]\n";
    const { run, ...scenario } = parseScenario("a.yaml", start + drop);
    if (run === undefined) throw new Error("no run");
    const subject = bundledSubject(parseProtocolName("object-security"));
    expect(runScenario(subject, { ...scenario, run }).seen).toEqual([
      { kind: "loses", text: "unlock 7", found: true },
    ]);
  });
});

describe("holding verdicts against expectations", () => {
  const found = { guarantee: "replay", capability: "on-path", because: "…" } as const;
  const broken = { ...found, verdict: "broken", layer: { verdict: "holds" } } as const;
  const unknown = { ...found, verdict: "unknown", capability: null } as const;
  const asExpected = (...args: Parameters<typeof compare>): boolean =>
    compare(...args).every((h) => h.asExpected);
  const expecting = (e: object) => new Map([["replay", e as { verdict: "broken" }]]);

  test.each([
    [{ verdict: "broken" }, true],
    [{ verdict: "broken", capability: "on-path", layer: "holds" }, true],
    [{ verdict: "broken", capability: "none" }, false],
    [{ verdict: "broken", layer: "broken" }, false],
    [{ verdict: "holds" }, false],
  ])("%j", (expected, fits) => {
    expect(asExpected(expecting(expected), [broken])).toBe(fits);
  });

  test("if not everything was tried, only what is worse counts", () => {
    expect(asExpected(expecting({ verdict: "broken" }), [unknown])).toBe(false);
    expect(asExpected(expecting({ verdict: "broken" }), [unknown], true)).toBe(true);
    expect(asExpected(expecting({ verdict: "holds" }), [broken], true)).toBe(false);
    expect(asExpected(expecting({ verdict: "holds" }), [])).toBe(false);
  });
});

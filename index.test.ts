/** The public file, used as a consumer uses it. */
import { describe, expect, test } from "vitest";
import {
  assess,
  defineGuarantee,
  explore,
  fuzz,
  guarantees,
  judge,
  matrixHtml,
  matrixJson,
  matrixMarkdown,
  matrixOf,
  matrixText,
  type Protocol,
  ProtocolError,
  replay,
  shrink,
  simulate,
  strategies,
  UserError,
} from "./index.ts";
import { protocol } from "./reports/cli/starting/protocol.ts";

const replayOnly = { guarantees: ["replay"] } as const;
const report = assess(protocol, {}, replayOnly);
const [verdict] = report.verdicts;
const finding = verdict?.finding;
if (finding === undefined) throw new Error("the starting file is there to be broken");

test("assess: of a bare protocol, with nothing filled in", () => {
  expect(report).toMatchObject({ name: "my-protocol", source: "my-protocol", options: {} });
  expect(verdict).toMatchObject({ guarantee: "replay", verdict: "broken", claimed: true });
  const { source } = assess(protocol, {}, { ...replayOnly, budgetRuns: 1, source: "./mine.ts" });
  expect(source).toBe("./mine.ts");
});

test("assess: options are checked, and missing ones have their defaults", () => {
  const options = { mac: { default: "on", values: ["on", "off"], about: "The MAC." } };
  const seen: unknown[] = [];
  const optional: Protocol = {
    ...protocol,
    options,
    deploy(env) {
      seen.push(env.options.mac);
      return protocol.deploy(env);
    },
  };
  const few = { ...replayOnly, budgetRuns: 1 };
  expect(assess(optional, {}, few).options).toEqual({ mac: "on" });
  expect(assess(optional, { mac: "off" }, few).options).toEqual({ mac: "off" });
  expect(new Set(seen)).toEqual(new Set(["on", "off"]));
  expect(() => assess(optional, { mac: "of" }, few)).toThrow("mac can be on or off");
});

describe("what makes no sense", () => {
  test.each<[string, () => unknown, new (text: string) => Error, string]>([
    ["no protocol", () => assess(JSON.parse("{}")), UserError, "this is not a Protocol"],
    [
      "a field that is none",
      () => assess({ ...protocol, flow: JSON.parse("1") }),
      UserError,
      "flow must be",
    ],
    [
      "a guarantee that there is none of",
      () => assess(protocol, {}, { guarantees: ["replays"] }),
      UserError,
      'did you mean "replay"?',
    ],
    ["a file that is no attack", () => replay(protocol, "{}"), UserError, "neither an attack"],
    [
      "an endpoint that returns nothing",
      () => {
        const handle = (): never[] => JSON.parse("null");
        const deploy: Protocol["deploy"] = (env) => ({
          ...protocol.deploy(env),
          open: () => ({ handle }),
        });
        simulate({ ...protocol, deploy });
      },
      ProtocolError,
      "must return an array of outputs",
    ],
  ])("%s", (_, act, kind, says) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(says);
  });
});

test("a finding runs again: as an object, as a file, and move by move", () => {
  expect(replay(protocol, finding.attack)).toMatchObject({ same: true });
  expect(replay(protocol, JSON.stringify(finding.attack)).digest).toBe(finding.digest);
  const { moves: attack, network, workload, seed } = finding.attack;
  const trace = simulate(protocol, {}, { attack, network, workload, seed });
  expect(trace.digest).toBe(finding.digest);
  const guarantee = guarantees.find((g) => g.id === "replay");
  if (guarantee === undefined) throw new Error("there is such a guarantee");
  expect(judge(guarantee, trace).violation?.because).toBe(finding.because);
  const still = (smaller: typeof attack): boolean => smaller.length > 0;
  expect(shrink([...attack, ...attack], still)).toHaveLength(1);
});

test("a guarantee of one's own judges a run", () => {
  const quiet = defineGuarantee({
    id: "quiet",
    statement: "No packet is sent.",
    source: "this test",
    twin: "my-protocol",
    layered: false,
    secrecy: false,
    safety: true,
    judge: ({ packets }) => ({
      atStake: 1,
      ...(packets.length === 0 ? {} : { violation: { because: `${packets.length} packets` } }),
    }),
  });
  expect(judge(quiet, simulate(protocol)).violation?.because).toMatch(/^\d+ packets$/);
});

test("explore and fuzz", () => {
  const explored = explore(protocol, {}, { ...replayOnly, depth: 1 });
  expect(explored.verdicts[0]).toMatchObject({ verdict: "broken", exhaustiveDepth: 1 });
  const fuzzed = fuzz(protocol, {}, { ...replayOnly, runs: 20 });
  expect(fuzzed.report.name).toBe("my-protocol");
  expect(fuzzed.corpus.length).toBeGreaterThan(0);
});

test("a watch follows the search, and ends it", () => {
  const heard: string[] = [];
  let runs = 0;
  const watch = {
    progress: ({ kind }: { kind: string }) => void heard.push(kind),
    stop: () => runs++ > 3,
  };
  expect(assess(protocol, {}, { ...replayOnly, watch }).runs).toBeLessThan(10);
  expect(heard).toContain("protocol");
});

test("reports: of one, of several, and of a matrix", () => {
  expect(matrixText(report)).toContain("! my-protocol · replay");
  expect(matrixMarkdown([report, report])).toContain("my-protocol");
  expect(matrixHtml(matrixOf(report), { generatedAt: "today" })).toContain("today");
  expect(matrixJson(report)).toMatchObject({ schema: "mallory/matrix@1", runs: report.runs });
  expect(strategies.length).toBeGreaterThan(0);
});

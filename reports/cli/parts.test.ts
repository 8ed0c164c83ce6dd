/** The small parts of the command line, each on its own. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UserError } from "../../harness/input/user-error.ts";
import { temporaryFolder } from "../../harness/runner/testing/folders.ts";
import { Watchdog } from "../../harness/runner/watchdog.ts";
import { reportFormats } from "../formats.ts";
import { hostile, sampleReport } from "../testing/sample-report.ts";
import { AttackFiles, shellWord } from "./attack-files.ts";
import { formatNames } from "./choices.ts";
import { flagsOf, parseBudget } from "./flags.ts";
import { worstOf } from "./io.ts";
import { Standings, timeLeft } from "./progress.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe("saved attacks", () => {
  const [protocol] = sampleReport.protocols;
  const verdicts = protocol?.verdicts.filter((v) => v.finding !== undefined) ?? [];

  test("have safe names, and every finding knows its own", () => {
    const files = new AttackFiles(folder.path, "out");
    for (const verdict of verdicts) files.save({ id: "a", name: "a?b=c" }, verdict);
    for (const { guarantee, finding } of verdicts) {
      const path = finding && files.pathOf(finding);
      expect(path).toBe(join("out", "attacks", "a-b-c", `${guarantee}.json`));
      expect(JSON.parse(readFileSync(join(folder.path, path ?? ""), "utf8"))).toEqual(
        finding?.attack,
      );
    }
    expect(files.saved).toBe(verdicts.length);
  });

  test("of two protocols never share a file, whatever their names", () => {
    const files = new AttackFiles(folder.path, "twins");
    const [verdict] = verdicts;
    if (verdict?.finding === undefined) throw new Error("the sample has findings");
    const { finding } = verdict;
    const other = { ...finding, attack: { ...finding.attack, seed: "other" } };
    files.save({ id: "1", name: "../../etc" }, verdict);
    files.save({ id: "2", name: hostile }, { ...verdict, finding: other });
    files.save(
      { id: "3", name: "etc" },
      { ...verdict, finding: { ...other, attack: { ...other.attack, seed: "3" } } },
    );
    expect(files.pathOf(finding)).toBe(
      join("twins", "attacks", "etc", `${verdict.guarantee}.json`),
    );
    expect(files.pathOf(other)).toMatch(/^twins.attacks.[a-z0-9.-]+.[a-z-]+\.json$/);
    expect(existsSync(join(folder.path, "twins", "attacks", "etc-2"))).toBe(true);
  });

  test("that cannot be written are a problem, reported once", () => {
    const files = new AttackFiles(folder.path, join("full", "below"));
    // The folder could be made when it was tried.
    writeFileSync(join(folder.path, "full"), "");
    for (const verdict of verdicts) files.save({ id: "a", name: "a" }, verdict);
    expect(files.problem?.message).toMatch(/^full.below.* cannot be written/);
    expect(files.saved).toBe(0);
    expect(() => new AttackFiles(folder.path, "full")).toThrow(UserError);
  });

  test("are named without need for quoting", () => {
    expect(shellWord("out/a-b.json")).toBe("out/a-b.json");
    expect(shellWord("my out/a'b.json")).toBe("'my out/a'\\''b.json'");
    expect(shellWord("$(rm)")).toBe("'$(rm)'");
  });
});

describe("flags", () => {
  test.each([
    ["5000runs", { unit: "runs", runs: 5000 }],
    ["1 run", { unit: "runs", runs: 1 }],
    ["30s", { unit: "seconds", seconds: 30 }],
    ["2m", { unit: "seconds", seconds: 120 }],
  ])("budget %s", (text, budget) => expect(parseBudget(text)).toEqual(budget));
  test.each(["", "5", "0s", "-3s", "1e9runs", "30 seconds", "runs"])("no budget: %j", (text) => {
    expect(() => parseBudget(text)).toThrow(UserError);
  });

  test("stronger capabilities include weaker ones", () => {
    expect(flagsOf({ capability: ["on-path"] }, false).capabilities).toEqual([
      "none",
      "on-path",
      "passive",
      "off-path",
    ]);
    expect(flagsOf({ capability: ["passive,insider"] }, false).capabilities).toEqual([
      "none",
      "passive",
      "insider",
    ]);
  });

  test("colours are off if any setting says so", () => {
    expect(flagsOf({}, false).color).toBe(true);
    expect(flagsOf({}, true).color).toBe(false);
    expect(flagsOf({ color: false }, false).color).toBe(false);
  });
});

describe("progress", () => {
  test("counts all protocols together", () => {
    const standings = new Standings(["a", "b"]);
    const step = { kind: "step", strategy: "flipping", total: 4 } as const;
    standings.take({ ...step, name: "a", done: 2, runs: 1_500 });
    standings.take({ ...step, name: "unheard-of", done: 2, runs: 7 });
    expect(standings.words(10)).toBe(
      "25 % · 1,500 runs · 150/s · 0 broken · about 30 s left · a: flipping",
    );
    standings.done("a");
    standings.done("b");
    expect(standings.words(10)).toBe("100 % · 1,500 runs · 150/s · 0 broken");
  });

  test.each([
    [0.2, "1 s"],
    [89, "89 s"],
    [300, "5 min"],
    [3_700, "1 h 2 min"],
  ])("%d s left", (seconds, words) => expect(timeLeft(seconds)).toBe(words));
});

describe("the heartbeat", () => {
  test("reports the current work through shared memory", () => {
    const here = new Watchdog();
    const there = new Watchdog(here.buffer);
    expect(there.count).toBe(0);
    here.beat("flipping — every bit");
    here.enter("handle", 1);
    expect([there.count, there.foreignCall, there.role, there.what]).toEqual([
      2,
      "handle",
      1,
      "flipping — every bit",
    ]);
    here.leave();
    expect(there.foreignCall).toBeUndefined();
    there.askToStop();
    expect(here.stopAsked).toBe(true);
    here.beat("x".repeat(1_000));
    expect(there.what.length).toBeLessThan(1_000);
  });
});

test("the gravest exit code wins", () => {
  expect(worstOf([])).toBe(0);
  expect(worstOf([130, 1])).toBe(1);
  expect(worstOf([1, 2, 130])).toBe(2);
  expect(worstOf([2, 3])).toBe(3);
});

test("help offers the formats that there are", () => {
  expect(formatNames).toEqual(reportFormats.map((f) => f.id));
});

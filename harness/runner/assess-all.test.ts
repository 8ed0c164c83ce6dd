/** The runner as a script calls it: no command line, no terminal. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { UserError } from "../input/user-error.ts";
import type { MatrixProgress } from "../verdict.ts";
import { type AssessAllSettings, assessAll } from "./assess-all.ts";
import { assessDefences } from "./assess-defences.ts";
import { compareProtocols } from "./compare-protocols.ts";
import { exploreProtocol } from "./explore-protocol.ts";
import { fuzzProtocol } from "./fuzz-protocol.ts";
import { replayFile } from "./replay-file.ts";
import { type RunnableScenario, runScenarios } from "./run-scenarios.ts";
import { fixtures, temporaryFolder } from "./testing/folders.ts";
import { makePool } from "./worker-pool.ts";

const folder = temporaryFolder();
/** One thread for all, so that tasks follow each other in it. */
const pool = makePool(1);
afterAll(async () => {
  await pool.destroy();
  folder.remove();
});

const notes = join(fixtures, "notes.ts#notes");
const few: AssessAllSettings = {
  guarantees: ["integrity"],
  budget: { unit: "runs", runs: 60 },
  workers: 1,
  pool,
};

/** A protocol that says when it is loaded, and does what it must not as long as a file exists. */
function ownProtocol(name: string): { readonly file: string; readonly fault: string } {
  const file = join(folder.path, name);
  const fault = join(folder.path, `${name}.fault`);
  const notesFile = pathToFileURL(join(fixtures, "notes.ts")).href;
  const text = `
    import { existsSync } from "node:fs";
    import { notesWith, Reader } from ${JSON.stringify(notesFile)};
    console.log("loaded");
    const answer = () => [{ kind: "reject", reason: "mood" }];
    const faulty = () => existsSync(${JSON.stringify(fault)});
    export const own = notesWith(() => (faulty() ? { handle: answer } : new Reader()), {
      name: "own",
    });
  `;
  writeFileSync(file, text);
  return { file, fault };
}

test("a bundled protocol, with threads of its own and without an observer", async () => {
  const run = await assessAll(["preshared"], { budget: { unit: "runs", runs: 40 } });
  expect(run).toMatchObject({
    failures: [],
    interrupted: false,
    report: {
      schema: "mallory/matrix@1",
      seed: "mallory",
      incomplete: "the budget of 40 runs ended before the catalogue did",
      protocols: [{ name: "preshared", source: "bundled" }],
    },
  });
  expect(run.report.seconds).toBeGreaterThan(0);
});

test("a file, with everything that an observer is told", async () => {
  const events: MatrixProgress[] = [];
  const labels: string[] = [];
  const reference = `${notes}?ink=blue`;
  const run = await assessAll([reference, reference], few, {
    begin: (protocols) => labels.push(...protocols.map((p) => p.label)),
    progress: (event) => events.push(event),
  });
  expect(run.report.protocols).toMatchObject([
    { name: "notes", source: notes, verdicts: [{ guarantee: "integrity", verdict: "broken" }] },
  ]);
  expect(labels).toEqual([reference]);
  expect([...run.subjects.values()]).toMatchObject([{ label: reference, written: "ink=blue" }]);
  expect(events.at(0)).toEqual({ kind: "protocol", name: reference, guarantees: ["integrity"] });
  expect(events.at(-1)).toMatchObject({ kind: "finished", report: { name: reference } });
  const names = events.map((e) => (e.kind === "finished" ? e.report.name : e.name));
  expect(new Set(names)).toEqual(new Set([reference]));
});

describe("what is wrong is a UserError of one line, before anything is tried", () => {
  test.each<[readonly string[], AssessAllSettings, string]>([
    [["preshared", "presharde"], few, 'did you mean "preshared"?'],
    [["preshared?windw=off"], few, 'did you mean "window"?'],
    [["./none.ts"], few, "./none.ts: does not exist"],
    [[join(fixtures, "throws-on-load.ts")], few, "throws-on-load.ts:3:40: throws on load"],
    [["preshared"], { ...few, guarantees: ["integrty"] }, 'did you mean "integrity"?'],
    [["preshared"], { ...few, workers: 0 }, "workers must be a whole number from 1 up, not 0"],
  ])("%j %#", async (references, settings, says) => {
    const begin = (): never => {
      throw new Error("work begins");
    };
    const error: unknown = await assessAll(references, settings, { begin }).catch((e) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain(says);
    expect((error as UserError).message).not.toContain("\n");
  });
});

describe("a signal", () => {
  test("that was given before leaves everything untried", async () => {
    const signal = AbortSignal.abort("enough");
    const run = await assessAll([notes, "preshared"], { ...few, signal });
    expect(run.interrupted).toBe(true);
    expect(run.report.incomplete).toMatch(/^enough/);
    expect(run.report.incomplete).toContain("preshared");
    expect(run.failures).toEqual([]);
  });

  test("ends the work, and what is known by then is reported", async () => {
    const stop = new AbortController();
    const progress = ({ kind }: MatrixProgress): void => {
      if (kind === "step") stop.abort();
    };
    const settings = { workers: 1, pool, signal: stop.signal };
    const run = await assessAll(["signed-dh"], settings, { progress });
    expect(run).toMatchObject({ interrupted: true, failures: [] });
    expect(run.report).toMatchObject({
      incomplete: "stopped by its caller",
      protocols: [{ name: "signed-dh" }],
    });
    expect(run.report.protocols[0]?.verdicts.map((v) => v.verdict)).not.toContain("holds");
  });
});

describe("a file of one's own in one thread", () => {
  test("is loaded once, and watched anew by each task", async () => {
    const { file, fault } = ownProtocol("own.ts");
    const lines: string[] = [];
    const look = (): ReturnType<typeof assessAll> =>
      assessAll([file], few, { note: (line) => lines.push(line) });
    writeFileSync(fault, "");
    expect((await look()).failures).toMatchObject([
      { end: "user", message: expect.stringContaining('"reject" whose reason is not one of') },
    ]);
    rmSync(fault);
    // What one task did against the interface is not what the next one did.
    const { failures, report } = await look();
    expect(failures).toEqual([]);
    expect(report.protocols).toMatchObject([{ name: "own" }]);
    expect(lines).toEqual(["loaded"]);
  });

  test("that has gone by the next task is told", async () => {
    const gone = temporaryFolder();
    const file = join(gone.path, "gone.ts");
    writeFileSync(file, `export * from ${JSON.stringify(join(fixtures, "one-note.ts"))};`);
    const settings = { ...few, cwd: gone.path };
    const begin = (): void => gone.remove();
    const run = await assessAll(["./gone.ts"], settings, { begin });
    expect(run.report.protocols).toEqual([]);
    expect(run.failures[0]?.message).toBe("./gone.ts: does not exist, and neither does the folder");
  });
});

describe("the other kinds of work", () => {
  const one = join(fixtures, "one-note.ts");

  test("explore, fuzz and compare", async () => {
    const explored = await exploreProtocol(one, { ...few, budget: undefined, depth: 1 });
    expect(explored.report.protocols).toMatchObject([
      { name: "one-note", verdicts: [{ verdict: "broken", exhaustiveDepth: 1 }] },
    ]);
    const fuzzed = await fuzzProtocol(one, { ...few, budget: undefined, runs: 40 });
    expect(fuzzed).toMatchObject({ statistics: { shards: 4 }, problem: undefined });
    expect(fuzzed.statistics.runs).toBeGreaterThanOrEqual(40);
    const { compared } = await compareProtocols(notes, one, few);
    expect(compared).toMatchObject({
      before: { label: notes },
      after: { label: one },
      differences: [{ guarantee: "integrity", change: "same" }],
    });
  });

  test("fuzz without a folder to resume from, and depth 0", async () => {
    await expect(fuzzProtocol(one, { resume: true, pool })).rejects.toThrow(
      "resume needs a folder; add corpus",
    );
    await expect(exploreProtocol(one, { depth: 0, pool })).rejects.toThrow("depth must be");
  });

  test("defences", async () => {
    const settings = { ...few, guarantees: ["replay"], capabilities: ["none"] as const };
    const { label, weakened } = await assessDefences("preshared", settings);
    expect(label).toBe("preshared");
    expect(weakened).toContainEqual(
      expect.objectContaining({ option: "window", value: "off", missing: [], unexpected: [] }),
    );
    await expect(assessDefences(one, few)).rejects.toThrow(/no option says what it weakens/);
  });

  test("replay and scenarios", async () => {
    const run = await assessAll([notes], few);
    const attack = run.report.protocols[0]?.verdicts[0]?.finding?.attack;
    writeFileSync(join(folder.path, "attack.json"), JSON.stringify(attack));
    const settings = { cwd: folder.path, pool };
    await expect(replayFile("attack.json", settings)).rejects.toThrow(
      /^attack\.json: names code of its own, .*notes\.ts, .* then add trust$/,
    );
    const replayed = await replayFile("attack.json", { ...settings, trust: true });
    expect(replayed?.result).toMatchObject({ same: true, protocol: "notes" });
    await expect(replayFile("none.json", settings)).rejects.toThrow(UserError);

    const scenario: RunnableScenario = {
      name: "mine",
      file: "mine.yaml",
      protocol: notes,
      options: { ink: "blue" },
      seed: "mallory",
      expect: new Map([["integrity", { verdict: "holds" }]]),
      run: undefined,
    };
    const lost = { ...scenario, name: "lost", protocol: "./none.ts" };
    const refused = await runScenarios([scenario], settings);
    expect(refused.outcomes).toEqual([]);
    expect(refused.failures).toEqual([
      {
        end: "user",
        message: expect.stringMatching(
          /^mine\.yaml: names code from elsewhere, .*notes\.ts, .* then add trust$/,
        ),
      },
    ]);
    const ran = await runScenarios([scenario, lost], { ...settings, trust: true });
    expect(ran.outcomes).toMatchObject([{ scenario: { name: "mine" }, asExpected: false }]);
    expect(ran.failures.map((f) => f.message)).toEqual(["mine.yaml: ./none.ts: does not exist"]);
  });
});

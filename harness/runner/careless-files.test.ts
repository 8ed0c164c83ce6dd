/**
 * A folder full of files as newcomers write them, assessed at once: each has one thing wrong with
 * it and is told so in one true line, and none keeps the others from being looked at.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assessAll } from "./assess-all.ts";
import type { MatrixRun } from "./matrix-run.ts";
import { carelessCode } from "./testing/careless-code.ts";
import { carelessOutputs } from "./testing/careless-outputs.ts";
import { at } from "./testing/careless-row.ts";
import { sensorWith } from "./testing/careless-sensor.ts";
import { temporaryFolder } from "./testing/folders.ts";
import { makePool } from "./worker-pool.ts";

const rows = [...carelessCode, ...carelessOutputs];

/** There is no line to be named, or nothing that would know it. */
const placeless = new Set(["nothing exported", "waiting for another thread"]);

const folder = temporaryFolder();
const pool = makePool(2);
const printed: string[] = [];
let run: MatrixRun;
const fileOf = (index: number): string => `./careless-${index}.mjs`;

beforeAll(async () => {
  writeFileSync(join(folder.path, "helper.mjs"), "export const found = 1;\n");
  const circle = String(rows.findIndex(([what]) => what === "imports in a circle"));
  writeFileSync(
    join(folder.path, "circle.mjs"),
    `import { protocol } from "./careless-${circle}.mjs";\nprotocol.name;\n`,
  );
  rows.forEach(([, changes], i) => {
    const text = typeof changes === "string" ? changes : sensorWith(changes);
    writeFileSync(join(folder.path, fileOf(i)), text);
  });
  const budget = { unit: "runs", runs: 20 } as const;
  const settings = { cwd: folder.path, pool, budget, guarantees: ["integrity"], stuckMs: 1_000 };
  run = await assessAll(
    rows.map((_, i) => fileOf(i)),
    settings,
    { note: (line) => printed.push(line) },
  );
});
afterAll(async () => {
  await pool.destroy();
  folder.remove();
});

describe("a file with", () => {
  test.each(rows.map(([what, , end, says], i) => [what, end, says, fileOf(i)] as const))(
    "%s",
    (what, end, says, file) => {
      const report = run.report.protocols.find((p) => p.source === file);
      // A mistake in what it imports has its place there.
      const named = says.source.startsWith("circle") ? "/circle.mjs" : file.slice(1);
      const failure = run.failures.find((f) => f.message.includes(named));
      const told = failure?.message ?? report?.faults?.[0] ?? "fine";
      expect(told).toMatch(says);
      expect(told).not.toContain("\n");
      expect(told.length).toBeLessThan(4_000);
      const found =
        failure === undefined ? (report?.faults === undefined ? "fine" : "fault") : failure.end;
      expect(found).toBe({ wrong: "user", fault: "fault", fine: "fine" }[end]);
      if (failure !== undefined || says.source.startsWith(at)) expect(told).toContain(named);
      if (end !== "fine" && !placeless.has(what)) expect(told).toMatch(new RegExp(at));
    },
  );
});

test("each is told once, and what is printed past the console is heard", () => {
  expect(run.failures.length + run.report.protocols.length).toBe(rows.length);
  expect(printed.filter((line) => line.endsWith("prints: hi"))).not.toEqual([]);
});

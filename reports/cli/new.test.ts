/** Files to start from: written once, and working as they are. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder } from "../../harness/runner/testing/folders.ts";
import { endThreads, run } from "./testing/fake-io.ts";

const folder = temporaryFolder();
afterAll(async () => {
  await endThreads();
  folder.remove();
});
const mallory = (...args: readonly string[]) => run(args, { cwd: folder.path });
const read = (path: string): string => readFileSync(join(folder.path, path), "utf8");

test("a new protocol goes through the matrix, and its doubtful claim falls", async () => {
  const made = await mallory("new", "protocol", "door-bell");
  const told = `.${join("/", "door-bell.ts")}`;
  expect(made).toEqual({ code: 0, out: `${told}\ntry it: npx mallory matrix ${told}\n`, err: "" });
  const text = read("door-bell.ts");
  expect(text).toMatch(/^import \{ concat, .* \} from "mallory";$/m);
  expect(text).toContain('name: "door-bell"');
  expect(text).not.toContain("my-protocol");
  const args = ["--guarantee", "replay,integrity", "--capability", "on-path", "-q", "--json"];
  const { code, out, err } = await mallory("matrix", "./door-bell.ts", ...args);
  expect({ code, err }).toEqual({ code: 1, err: "" });
  expect(JSON.parse(out)).toMatchObject({
    protocols: [
      {
        name: "door-bell",
        verdicts: [
          { guarantee: "integrity", verdict: "holds" },
          { guarantee: "replay", verdict: "broken" },
        ],
      },
    ],
  });
});

test("a new scenario, below another folder, comes out as it expects", async () => {
  const path = join("scenes", "knock-twice.yaml");
  expect(await mallory("new", "scenario", path)).toMatchObject({ code: 0, err: "" });
  expect(read(path)).toMatch(
    /^# yaml-language-server: \$schema=\S+\/scenarios\/scenario.schema.json/,
  );
  const { code, out } = await mallory("run", path);
  expect(code).toBe(0);
  expect(out).toContain("1 of 1 scenarios as expected");
  expect(out).not.toContain("had no effect");
});

test("nothing is overwritten", async () => {
  await mallory("new", "protocol", "taken");
  const before = read("taken.ts");
  const again = await mallory("new", "protocol", "taken.ts");
  expect(again).toEqual({
    code: 2,
    out: "",
    err: "taken.ts: is there already; choose another name\n",
  });
  expect(read("taken.ts")).toBe(before);
});

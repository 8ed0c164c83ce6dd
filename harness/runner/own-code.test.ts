import { join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { labFolder } from "./load-complaints.ts";
import { codePlace, foreignCode } from "./own-code.ts";

const inLab = (...parts: readonly string[]): string => join(labFolder, ...parts);
/** As a path, and as the debugger may write it. */
const both = (foreign: RegExp, path: string): readonly boolean[] =>
  [path, pathToFileURL(path).href].map((name) => foreign.test(name));

describe("whose code it is", () => {
  const outside = resolve(sep, "srv", "it's (mine)", "x.ts");

  test("a file of one's own, and what lies beside it; neither the lab nor packages", () => {
    const foreign = foreignCode(outside);
    expect(both(foreign, outside)).toEqual([false, false]);
    expect(both(foreign, join(outside, "..", "..", "helper.ts"))).toEqual([false, false]);
    expect(both(foreign, inLab("protocol", "kit", "recorder.ts"))).toEqual([true, true]);
    expect(both(foreign, resolve(sep, "srv", "node_modules", "a", "b.js"))).toEqual([true, true]);
    expect(foreign.test("node:internal/errors")).toBe(true);
    expect(foreign.test("")).toBe(true);
  });

  test("one that lies within the lab is not the lab's; a folder of other parts is", () => {
    const foreign = foreignCode(inLab("scenarios", "examples", "first-protocol.ts"));
    expect(both(foreign, inLab("scenarios", "examples", "other.ts"))).toEqual([false, false]);
    expect(both(foreign, inLab("scenarios", "load.ts"))).toEqual([true, true]);
    const beside = foreignCode(inLab("mine.ts"));
    expect(both(beside, inLab("mine.ts"))).toEqual([false, false]);
    expect(both(beside, inLab("harness", "run", "simulate.ts"))).toEqual([true, true]);
  });

  test("of what is bundled, the protocols and not what they are made of", () => {
    const foreign = foreignCode(undefined, ["harness/runner/stepping."]);
    expect(both(foreign, inLab("protocol", "textbook", "preshared.ts"))).toEqual([false, false]);
    expect(both(foreign, inLab("protocol", "kit", "recorder.ts"))).toEqual([true, true]);
    expect(both(foreign, inLab("harness", "runner", "stepping.ts"))).toEqual([false, false]);
    expect(both(foreign, outside)).toEqual([true, true]);
  });
});

test("places are named from the working folder, or the package, or in full", () => {
  const cwd = resolve(sep, "srv", "work");
  const at = { line: 3, column: 7 };
  const named = (path: string, from: string | undefined) => codePlace({ path, ...at }, from);
  expect(named(join(cwd, "a", "b.ts"), cwd)).toEqual({
    path: "a/b.ts",
    base: "working-folder",
    ...at,
  });
  expect(named(inLab("protocol", "textbook", "x.ts"), undefined)).toMatchObject({
    path: "protocol/textbook/x.ts",
    base: "package",
  });
  expect(named(resolve(sep, "srv", "x.ts"), cwd)).toMatchObject({ base: undefined });
});

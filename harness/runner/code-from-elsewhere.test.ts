import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isFromElsewhere } from "./code-from-elsewhere.ts";
import { temporaryFolder } from "./testing/folders.ts";

const folder = temporaryFolder();
const at = (...path: string[]): string => join(folder.path, ...path);
beforeAll(() => {
  for (const name of ["work", "given", "other", "work..s"]) {
    mkdirSync(at(name, "deep"), { recursive: true });
    writeFileSync(at(name, "deep", "code.ts"), "");
  }
  symlinkSync(at("other", "deep", "code.ts"), at("given", "link.ts"));
  symlinkSync(at("given"), at("linked-folder"));
});
afterAll(() => folder.remove());

test.each([
  ["below the working folder", "../given/a.yaml", "deep/code.ts", false],
  ["below the folder of the file", "../given/a.yaml", "../given/deep/code.ts", false],
  ["the same, by its whole path", "../given/a.yaml", at("given/deep/code.ts"), false],
  ["not there, but where it may be", "../given/a.yaml", "../given/none.ts", false],
  ["elsewhere", "../given/a.yaml", "../other/deep/code.ts", true],
  ["in a folder whose name begins alike", "../given/a.yaml", "../work..s/deep/code.ts", true],
  ["elsewhere, around a corner", "../given/a.yaml", "../given/deep/../../other/deep/code.ts", true],
  ["a link that leads elsewhere", "../given/a.yaml", "../given/link.ts", true],
  ["beside a file that is reached by a link", "../linked-folder/a.yaml", "../given/x.ts", false],
])("%s", (_, file, code, elsewhere) => {
  expect(isFromElsewhere(file, code, at("work"))).toBe(elsewhere);
});

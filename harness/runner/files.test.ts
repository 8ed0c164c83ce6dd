import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readTextFile } from "../input/read-file.ts";
import { checkFolder, writeNew, writeOut } from "./files.ts";
import { temporaryFolder } from "./testing/folders.ts";

const { path: cwd, remove } = temporaryFolder();
afterAll(remove);
const at = (...parts: readonly string[]): string => join(cwd, ...parts);

test("an older file is replaced as a whole, and no draft is left", () => {
  writeOut(cwd, join("deep", "er", "a.txt"), "first", "--out");
  chmodSync(at("deep", "er", "a.txt"), 0o600);
  symlinkSync(at("deep", "er", "a.txt"), at("link.txt"));
  writeOut(cwd, "link.txt", "second", "--out");
  expect(readFileSync(at("deep", "er", "a.txt"), "utf8")).toBe("second");
  expect(statSync(at("deep", "er", "a.txt")).mode & 0o777).toBe(0o600);
  expect(readdirSync(at("deep", "er"))).toEqual(["a.txt"]);
});

test("what cannot be written leaves the older file, and no draft", () => {
  mkdirSync(at("taken", "x"), { recursive: true });
  expect(() => writeOut(cwd, join("link.txt", "b"), "", "--out")).toThrow(
    /^link.txt.b: cannot be written \(ENOTDIR\); choose another --out$/,
  );
  expect(readFileSync(at("link.txt"), "utf8")).toBe("second");
  expect(() => writeOut(cwd, "taken", "", "--out")).toThrow(/^taken: cannot be written \(EISDIR\)/);
  expect(readdirSync(cwd).filter((name) => name.includes("draft"))).toEqual([]);
});

test("a new file takes nobody's place", () => {
  writeNew(cwd, "new.txt", "mine");
  expect(() => writeNew(cwd, "new.txt", "yours")).toThrow("new.txt: is there already");
  symlinkSync(at("nowhere"), at("dangling"));
  expect(() => writeNew(cwd, "dangling", "yours")).toThrow("dangling: is there already");
  expect(readFileSync(at("new.txt"), "utf8")).toBe("mine");
});

test("whether there can be a folder is known before, and nothing is left of the attempt", () => {
  checkFolder(cwd, join("some", "where"), "--out");
  expect(existsSync(at("some"))).toBe(false);
  expect(() => checkFolder(cwd, "new.txt", "--out")).toThrow("is a file; --out needs a folder");
  expect(() => checkFolder(cwd, join("new.txt", "x"), "--out")).toThrow("can be no folder");
});

test.runIf(process.platform === "linux")("what is no regular file is not read", () => {
  expect(() => checkFolder(cwd, "/proc/nothing", "--out")).toThrow("can be no folder (ENOENT)");
  spawnSync("mkfifo", [at("pipe.json")]);
  for (const file of ["pipe.json", "/dev/zero", "/dev/null"]) {
    expect(() => readTextFile(file, cwd, "an attack")).toThrow("is no regular file");
  }
});

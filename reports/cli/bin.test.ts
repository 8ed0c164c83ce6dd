import { type ChildProcess, spawn } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../../harness/runner/testing/folders.ts";
import { checkout } from "./testing/fake-io.ts";

/** The real command, in processes of its own: slow, so only what no other test can see. */
const folder = temporaryFolder();
const bin = join(folder.path, "mallory");
beforeAll(() => {
  // As npm links it.
  symlinkSync(join(checkout, "reports", "cli", "mallory.mjs"), bin);
  // Other files in the working directory must not matter.
  writeFileSync(join(folder.path, "tsconfig.json"), "{ this is no tsconfig");
  writeFileSync(join(folder.path, "broken.ts"), "export const p = {\n  a: 1\n  b: 2,\n};\n");
});
afterAll(() => folder.remove());

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function mallory(args: readonly string[], during?: (child: ChildProcess) => void): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, HOME: folder.path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  during?.(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

test("through a link, from anywhere, beside a broken tsconfig", async () => {
  const { code, out, err } = await mallory(["list", "protocols"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain("object-security");
});

test("one JSON document on standard output, in colourless text", async () => {
  const limits = ["--guarantee", "message-budget", "--budget", "3runs", "-q"];
  const { code, out, err } = await mallory(["matrix", "object-security", "--json", ...limits]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(JSON.parse(out)).toMatchObject({
    protocols: [{ verdicts: [{ guarantee: "message-budget", verdict: "broken" }] }],
  });
});

test("a file that does not compile is one line for people and editors", async () => {
  expect(await mallory(["matrix", "./broken.ts"])).toEqual({
    code: 2,
    out: "",
    err: './broken.ts:3:3: does not compile: Expected "}" but found "b"\n',
  });
});

test("Ctrl-C once interrupts, and what is known is printed", async () => {
  const ended = await mallory(["matrix", "object-security"], (child) => {
    child.stderr?.once("data", () => child.kill("SIGINT"));
  });
  expect(ended.code).toBe(130);
  // So early nothing may be known yet; then only that is printed.
  expect(ended.out + ended.err).toContain("stopped by Ctrl-C");
  expect(ended.err).not.toContain("    at ");
});

test("a reader that closes the pipe is no error", async () => {
  const ended = await mallory(["list"], (child) => child.stdout?.destroy());
  expect(ended.err).toBe("");
  expect(ended.code).toBe(0);
});

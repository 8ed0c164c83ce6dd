import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { onStart } from "../../harness/runner/testing/careless-row.ts";
import { sensorWith, soundSensor } from "../../harness/runner/testing/careless-sensor.ts";
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

function mallory(
  args: readonly string[],
  during?: (child: ChildProcess) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, HOME: folder.path, ...env },
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

const name = "object-security";
const attacksIn = (out: string): readonly string[] => {
  const path = join(folder.path, out, "attacks", name);
  return existsSync(path) ? readdirSync(path).filter((f) => /^[^.].*\.json$/.test(f)) : [];
};

/** Ends a matrix by a signal as soon as it has saved an attack. */
const endedBy = (signal: NodeJS.Signals, out: string): Promise<Ended> =>
  mallory(["matrix", name, "--out", out], (child) => {
    const looking = setInterval(() => {
      if (attacksIn(out).length === 0) return;
      clearInterval(looking);
      child.kill(signal);
    }, 20);
    child.once("exit", () => clearInterval(looking));
  });

test("whatever ends it, what was found by then is saved, and runs again", async () => {
  const [killed, hungUp] = await Promise.all([
    endedBy("SIGKILL", "killed"),
    endedBy("SIGHUP", "hup"),
  ]);
  expect(killed.code).toBeNull();
  expect(hungUp.code).toBe(130);
  expect(hungUp.out).toContain("Incomplete: stopped, since its terminal was closed");
  const [first = ""] = attacksIn("killed");
  const again = await mallory(["replay", join("killed", "attacks", name, first)]);
  expect(again).toMatchObject({ code: 0, err: "" });
});

test("code that nothing stops does not keep it from ending, when all is said", async () => {
  const start = 'pbkdf2Sync("x", "y", 2 ** 31 - 1, 64, "sha512");';
  const text = `import { pbkdf2Sync } from "node:crypto";\n${sensorWith(onStart(start))}`;
  writeFileSync(join(folder.path, "native.mjs"), text);
  writeFileSync(join(folder.path, "sound.mjs"), soundSensor);
  const few = ["--guarantee", "integrity", "--budget", "20runs", "-q", "--json"];
  const args = ["matrix", "./native.mjs", "./sound.mjs", ...few];
  const { code, out, err } = await mallory(args, undefined, { MALLORY_STUCK_MS: "500" });
  expect(JSON.parse(out)).toMatchObject({ protocols: [{ source: "./sound.mjs" }] });
  const lines = err.split("\n");
  expect(lines[0]).toMatch(/^\.\/native\.mjs: handle\(\) of station does not return: stuck for/);
  expect(lines.slice(1)).toEqual([expect.stringMatching(/^a thread does not end, so /), ""]);
  // Killed, or with the code that newer versions of Node can still tell.
  expect([null, 2]).toContain(code);
});

test.each([
  ["fuzz", ["fuzz", name, "--runs", "1000000", "--sessions", "1", "--corpus", "killed-corpus"]],
  ["explore", ["explore", name, "--depth", "3", "--sessions", "1"]],
])("%s, when it is killed, has saved what it told", async (command, args) => {
  const out = `killed-${command}`;
  let err = "";
  const killed = await mallory([...args, "--out", out], (child) => {
    child.stderr?.on("data", (text: string) => {
      err += text;
      if (/\d broken/.test(err)) child.kill("SIGKILL");
    });
  });
  expect(killed.code).toBeNull();
  const told = Math.max(...[...killed.err.matchAll(/(\d+) broken/g)].map(([, n]) => Number(n)));
  const saved = attacksIn(out);
  expect(told).toBeGreaterThan(0);
  expect(saved.length).toBeGreaterThanOrEqual(told);
  const path = join(out, "attacks", name, saved[0] ?? "");
  expect(await mallory(["replay", path])).toMatchObject({ code: 0, err: "" });
});

test.runIf(process.platform === "linux")("a full disk is one line, and a gone folder", async () => {
  const command = `cd gone && rmdir ../gone && "$1" "$2" list; echo "code $?"; cd ..;
    "$1" "$2" list --json >/dev/full; echo "code $?"`;
  mkdirSync(join(folder.path, "gone"));
  const args = ["-c", command, "sh", process.execPath, join(checkout, "reports/cli/mallory.mjs")];
  const { stdout, stderr } = spawnSync("sh", args, { cwd: folder.path, encoding: "utf8" });
  expect(stdout).toBe("code 2\ncode 2\n");
  expect(stderr.split("\n")).toEqual([
    "the working folder is gone; change into another one",
    "standard output cannot be written (ENOSPC)",
    "",
  ]);
});

/** May a small file system be mounted, in a name space of its own? */
const canMount =
  spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

test.runIf(canMount)("a disk that fills up while a file is written keeps the older one", () => {
  const command = `alias mallory='"$1" "$2"'
    few="--guarantee message-budget --budget 3runs -q"
    mallory matrix object-security $few --out full-disk >/dev/null
    mkdir tiny && mount -t tmpfs -o size=24k tmpfs tiny && echo older >tiny/run.jsonl || exit
    mallory replay full-disk/attacks/object-security/message-budget.json --trace tiny/run.jsonl
    echo "code $?"; ls -A tiny; cat tiny/run.jsonl
    dd if=/dev/zero of=tiny/rest bs=1k 2>/dev/null
    mallory matrix object-security $few --out tiny/out >/dev/null
    echo "code $?"; find tiny -type f`;
  const bin = join(checkout, "reports", "cli", "mallory.mjs");
  const args = ["-rm", "sh", "-c", command, "sh", process.execPath, bin];
  const { stdout, stderr } = spawnSync("unshare", args, { cwd: folder.path, encoding: "utf8" });
  expect(stdout).toBe("code 2\nrun.jsonl\nolder\ncode 2\ntiny/rest\ntiny/run.jsonl\n");
  expect(stderr.split("\n")).toEqual([
    "tiny/run.jsonl: cannot be written (ENOSPC); choose another --trace",
    "tiny/out/attacks/object-security/message-budget.json: cannot be written (ENOSPC); " +
      "choose another --out",
    "",
  ]);
});

test("a reader that closes the pipe is no error", async () => {
  const ended = await mallory(["list"], (child) => child.stdout?.destroy());
  expect(ended.err).toBe("");
  expect(ended.code).toBe(0);
});

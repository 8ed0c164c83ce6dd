/**
 * `npm start`: the lab from what is built of it, as a package has it. In a checkout every thread
 * has TypeScript translated by tsx, in a further thread of its own: that takes 50 to 100 MB a
 * thread more, and a sixth of all time. It is built anew whenever a source has changed.
 *
 * A user's own file gets the sources, as with mallory.mjs: it may import them.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const path = (name = "") => fileURLToPath(new URL(name, root));

/** All that has a part in what is built. Folders as well, since files come and go. */
const folders = ["protocol", "attacker", "harness", "scenarios", "reports"];
const files = ["index.ts", "build.mjs", "package.json", "tsconfig.json", "tsconfig.build.json"];

/** @param {string} name @returns {number} when it was changed last; 0 if it is not there. */
const changedMs = (name) => statSync(path(name), { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isBuilt() {
  const builtMs = changedMs("dist/index.js");
  /** @param {string} name */
  const isOlder = (name) => changedMs(name) <= builtMs;
  return (
    [...files, ...folders].every(isOlder) &&
    folders.every((folder) => {
      const inside = readdirSync(path(folder), { recursive: true, encoding: "utf8" });
      return inside.every((name) => isOlder(`${folder}/${name}`));
    })
  );
}

/** @returns false if it cannot be built, as while somebody is in the middle of a change. */
function build() {
  if (process.stderr.isTTY) process.stderr.write("building it first, since sources changed\n");
  return spawnSync(process.execPath, [path("build.mjs")], { stdio: "ignore" }).status === 0;
}

const [major = 0] = process.versions.node.split(".").map(Number);
/** @param {string} argument @param {number} i @param {readonly string[]} all */
const isFile = (argument, i, all) =>
  /[./\\]/.test(argument) && all[i - 1] !== "--out" && !argument.startsWith("--out=");
const namesFiles = process.argv.slice(2).some(isFile);
if (major < 20 || namesFiles || !(isBuilt() || build())) {
  await import("./mallory.mjs");
} else {
  const { runAsProcess } = await import(new URL("dist/reports/cli/process.js", root).href);
  await runAsProcess();
}

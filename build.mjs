/**
 * Builds what the package is made of: JavaScript below dist/, in the same folders as its sources.
 * Compiled is what can be reached from the entry points in tsconfig.build.json, so tests, vectors
 * and benchmarks stay behind. A checkout needs none of it.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
const dist = join(root, "dist");
/** Until it is complete, what was built before stays: it may be running. */
const draft = `.draft-${process.pid}`;
const out = join(dist, draft);
const begun = new Date();

mkdirSync(out, { recursive: true });
compile();
keepPublicTypes();
copyData("reports/cli/starting", /./);
copyData("scenarios", /\.(?:yaml|schema\.json)$/);
copyData("harness/runner", /^(?:tsx\.json|required-lab\.cjs)$/);
putInPlace();

function compile() {
  const typescript = createRequire(import.meta.url).resolve("typescript/package.json");
  const tsc = join(dirname(typescript), "bin", "tsc");
  const { status } = spawnSync(
    process.execPath,
    [tsc, "-p", "tsconfig.build.json", "--outDir", out],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  if (status === 0) return;
  rmSync(out, { recursive: true, force: true });
  process.exit(1);
}

/** Another build that is under way keeps its draft; what was left behind goes. @param {string} name */
const isOld = (name) => begun.getTime() - statSync(join(dist, name)).mtimeMs > 600_000;

/** index.js comes last, with the time when this began: a source that is newer is not in it. */
function putInPlace() {
  for (const name of readdirSync(dist)) {
    const isKept = name === draft || (name.startsWith(".draft-") && !isOld(name));
    if (!isKept) rmSync(join(dist, name), { recursive: true, force: true });
  }
  const last = "index.js";
  utimesSync(join(out, last), begun, begun);
  const names = readdirSync(out).filter((name) => name !== last);
  for (const name of [...names, last]) renameSync(join(out, name), join(dist, name));
  rmdirSync(out);
}

/** Of the declarations, only those that index.d.ts leads to are of use to anyone. */
function keepPublicTypes() {
  const imported = /^(?:import|export)\b[^;]*\bfrom "(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm;
  const kept = new Set();
  /** @param {string} file */
  const keep = (file) => {
    if (kept.has(file)) return;
    kept.add(file);
    for (const [, path, inline = ""] of readFileSync(file, "utf8").matchAll(imported)) {
      keep(resolve(dirname(file), (path ?? inline).replace(/\.[jt]s$/, ".d.ts")));
    }
  };
  keep(join(out, "index.d.ts"));
  for (const entry of readdirSync(out, { recursive: true, encoding: "utf8" })) {
    const file = join(out, entry);
    if (/\.d\.m?ts$/.test(entry) && !kept.has(file)) rmSync(file);
  }
}

/** Files that are read while the lab runs. @param {string} folder @param {RegExp} names */
function copyData(folder, names) {
  mkdirSync(join(out, folder), { recursive: true });
  for (const name of readdirSync(join(root, folder)).filter((n) => names.test(n))) {
    copyFileSync(join(root, folder, name), join(out, folder, name));
  }
}

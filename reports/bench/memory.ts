/**
 * How much memory a matrix takes at most, and how much computing time: `npm run memory --
 * secure-channel chatsecure`; all that is bundled, if none is named. The process is made as
 * `npm start` makes it, with two workers. All of its memory counts, divided by the workers: what
 * they share is in it.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const workers = 2;

/** Told on a channel of its own, since the report goes elsewhere. */
const atTheEnd = `
import { writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
const tell = () => writeSync(3, JSON.stringify(process.resourceUsage()));
if (isMainThread) process.on("exit", tell);
`;

const told = (used: string, of: NodeJS.ResourceUsage): string => {
  const megabytes = of.maxRSS / 1_024;
  const seconds = (of.userCPUTime + of.systemCPUTime) / 1e6;
  return (
    `${used}: ${megabytes.toFixed(0)} MB at most, ${(megabytes / workers).toFixed(0)} MB for each ` +
    `of ${workers} workers; ${seconds.toFixed(0)} s of computing`
  );
};

const root = fileURLToPath(new URL("../../", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly scripts: { readonly start: string };
};
const folder = mkdtempSync(join(tmpdir(), "mallory-memory-"));
try {
  const named = process.argv.slice(2);
  const [, ...started] = manifest.scripts.start.split(" ");
  const [script = "", ...flags] = started.reverse();
  const { output, status } = spawnSync(
    process.execPath,
    [
      ...flags,
      `--import=data:text/javascript,${encodeURIComponent(atTheEnd)}`,
      join(root, script),
      "matrix",
      ...named,
      `--workers=${workers}`,
      "-q",
      `--out=${folder}`,
    ],
    { stdio: ["ignore", "ignore", "inherit", "pipe"], encoding: "utf8" },
  );
  const usage = output[3] ?? "";
  if (usage === "") throw new Error(`it ended with ${status}, and told nothing`);
  console.log(told(named.join(" ") || "all", JSON.parse(usage)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

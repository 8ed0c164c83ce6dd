#!/usr/bin/env node
/**
 * The command `mallory`: checks Node and the working folder, then hands over to process.ts. A
 * checkout has the sources beside this file; a package has what is built of them in dist.
 */
import { existsSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`mallory needs Node 20.19 or newer; this is ${process.versions.node}\n`);
  process.exit(2);
}
try {
  process.cwd();
} catch {
  process.stderr.write("the working folder is gone; change into another one\n");
  process.exit(2);
}
const source = new URL("./process.ts", import.meta.url);
const inCheckout = existsSync(source);
if (inCheckout) await import("../../harness/runner/register.mjs");
const built = new URL("../../dist/reports/cli/process.js", import.meta.url);
const { runAsProcess } = await import((inCheckout ? source : built).href);
await runAsProcess();

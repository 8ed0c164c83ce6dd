#!/usr/bin/env node
/** The command `mallory`: checks Node, then hands over to main.ts. */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`mallory needs Node 20.19 or newer; this is ${process.versions.node}\n`);
  process.exit(2);
}
await import("../../harness/runner/register.mjs");
const { runAsProcess } = await import("./process.ts");
await runAsProcess();

/**
 * Lets this thread import the lab. A checkout is TypeScript, which every thread has to learn for
 * itself: Node 20 cannot start a worker from a .ts file. A package is built, and needs nothing.
 */
import { existsSync } from "node:fs";
import { startTsx } from "./typescript.mjs";

if (existsSync(new URL("./worker-task.ts", import.meta.url))) await startTsx();

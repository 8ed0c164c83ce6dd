/**
 * Threads that were told to end and have not: code that waits in the operating system, or computes
 * in a library, hears of nothing. A process that ends waits for its threads, so it would never end.
 */
import type { Worker } from "node:worker_threads";

const unended = new Set<Worker>();

/** Some threads were told to end. */
export function expectEnd(threads: readonly Worker[]): void {
  for (const thread of threads) {
    unended.add(thread);
    thread.once("exit", () => unended.delete(thread));
    // Whatever is to be done when all is done must not wait for it either.
    thread.unref();
  }
}

/** Threads that end at all do so at once. */
const graceMs = 2_000;
const everyMs = 20;

/** Waits a little. @returns whether all threads have ended that were told to. */
export async function allEnded(): Promise<boolean> {
  for (let ms = 0; ms < graceMs && unended.size > 0; ms += everyMs) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return unended.size === 0;
}

/** Newer versions of Node can put another program in their place, which then says how it ended. */
interface Replaceable {
  execve?(file: string, args: readonly string[], env: Readonly<Record<string, string>>): never;
}

/**
 * Ends this process though some of its threads do not end. Nothing of it runs any more: all that
 * matters has to be written by now.
 * @param code what it ends with, where that can be said; else it dies of SIGKILL.
 */
export function endByForce(code: number): void {
  try {
    (process as Replaceable).execve?.("/bin/sh", ["sh", "-c", `exit ${code}`], {});
  } catch {
    // There is no such program; or it is not allowed.
  }
  process.kill(process.pid, "SIGKILL");
}

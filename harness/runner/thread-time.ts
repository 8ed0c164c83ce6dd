/**
 * How much a thread has computed, as the operating system counts it. A clock would not do: a
 * computer that was asleep, or that is busy with other work, is no endless loop.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";

export interface ThreadTime {
  /** Computing time since the thread started, in milliseconds. */
  readonly cpuMs: number;
  /** It waits for something, rather than for a processor. */
  readonly waits: boolean;
}

/** What Linux calls the thread that runs this; 0 elsewhere. */
export function ownThreadId(): number {
  try {
    const id = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    return Number.isSafeInteger(id) ? id : 0;
  } catch {
    return 0;
  }
}

/** Linux counts in hundredths of a second for whoever asks, on all common machines. */
const tickMs = 10;

/** @returns `undefined` where threads are not counted one by one, or there is none. */
export function threadTime(id: number): ThreadTime | undefined {
  if (id === 0) return undefined;
  try {
    const text = readFileSync(`/proc/self/task/${id}/stat`, "latin1");
    return parseThreadStat(text);
  } catch {
    return undefined;
  }
}

/** The fields of proc(5), `/proc/[pid]/stat`: the third is the state, 14 and 15 are the times. */
export function parseThreadStat(text: string): ThreadTime | undefined {
  // The second is a name in parentheses, which may hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isFinite(ticks)) return undefined;
  return { cpuMs: ticks * tickMs, waits: fields[0] === "S" };
}

/** How much of its share a thread gets on this machine: 1 where there is a processor for each. */
export function idleness(load = loadavg()[0] ?? 0, processors = availableParallelism()): number {
  return load <= processors ? 1 : processors / load;
}

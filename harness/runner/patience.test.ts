import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Patience } from "./patience.ts";
import { idleness, ownThreadId, parseThreadStat, threadTime } from "./thread-time.ts";

const everyMs = 250;
const quiet = (): number => 1;

/** How many looks it takes until a thread counts as stuck; `undefined`: more than a thousand. */
function looksUntilStuck(
  cpuMsPerLook: number | "unknown",
  { waits = false, shareMs = 0, share = quiet, limitMs = 1_000 } = {},
) {
  const patience = new Patience(everyMs, share);
  for (let i = 0; i < 1_000; i++) {
    const thread = cpuMsPerLook === "unknown" ? undefined : { cpuMs: i * cpuMsPerLook, waits };
    const stuck = patience.look({ count: 1, thread, shareMs: i * shareMs }, limitMs);
    if (stuck !== undefined) return { looks: i, how: stuck.how };
  }
  return undefined;
}

test("a loop counts by what it has computed, however long that takes", () => {
  expect(looksUntilStuck(250)).toEqual({ looks: 4, how: "computing" });
  // Among twenty other jobs, or on a computer that sleeps in between.
  expect(looksUntilStuck(25)).toEqual({ looks: 40, how: "computing" });
});

test("a thread that gets no processor is not stuck", () => {
  expect(looksUntilStuck(0)).toBeUndefined();
});

test("one that waits is, later, and later still on a busy machine", () => {
  expect(looksUntilStuck(0, { waits: true })).toEqual({ looks: 12, how: "waiting" });
  const busy = { waits: true, share: () => 0.1 };
  expect(looksUntilStuck(0, busy)).toEqual({ looks: 120, how: "waiting" });
});

test("where threads are not counted by themselves, its share of the process counts", () => {
  expect(looksUntilStuck("unknown", { shareMs: 250 })).toEqual({ looks: 4, how: "computing" });
  expect(looksUntilStuck("unknown", { shareMs: 50 })).toEqual({ looks: 20, how: "computing" });
  expect(looksUntilStuck("unknown")).toEqual({ looks: 12, how: "waiting" });
});

test("a sign of life begins it anew", () => {
  const patience = new Patience(everyMs, quiet);
  for (let i = 0; i < 100; i++) {
    const thread = { cpuMs: i * 250, waits: false };
    expect(patience.look({ count: i >> 1, thread, shareMs: 0 }, 400)).toBeUndefined();
  }
});

test("what Linux says of a thread", () => {
  const line = "7 (a) b (c) R 1 7 7 0 -1 4194304 1 0 0 0 12 34 0 0 20 0 11 0 1 2 3";
  expect(parseThreadStat(line)).toEqual({ cpuMs: 460, waits: false });
  expect(parseThreadStat(line.replace(" R ", " S "))).toMatchObject({ waits: true });
  expect(parseThreadStat("")).toBeUndefined();
  expect(threadTime(0)).toBeUndefined();
  expect([idleness(1, 2), idleness(20, 2)]).toEqual([1, 0.1]);
});

test.runIf(process.platform === "linux")("this thread is counted", () => {
  const id = ownThreadId();
  const before = threadTime(id)?.cpuMs ?? Number.NaN;
  while ((threadTime(id)?.cpuMs ?? Number.NaN) < before + 20) readFileSync("/proc/self/stat");
  expect(threadTime(id)?.waits).toBe(false);
});

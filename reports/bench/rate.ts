/** Measures executions and steps per second of computing time, and formats the rates. */

export interface Rate {
  readonly perSecond: number;
  readonly times: number;
  /** Inputs that code at work was handed, if they were counted. */
  readonly steps?: number;
}

/** Looking at the clock takes as long as a hash. */
const betweenLooks = 16;

/** Computing time of this process so far, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/**
 * Repeats `body` for about as long as asked, after it has been warmed up for a while.
 * @param body may say how many steps it has made.
 */
export function rateOf(body: (i: number) => number | undefined, seconds: number): Rate {
  let steps = 0;
  const until = (end: number, from: number): number => {
    let i = from;
    do steps += body(i++) ?? 0;
    while (i % betweenLooks !== 0 || cpuMs() < end);
    return i;
  };
  const warm = until(cpuMs() + seconds * 250, 0);
  steps = 0;
  const start = cpuMs();
  const times = until(start + seconds * 1_000, warm) - warm;
  return rate(times, steps, cpuMs() - start);
}

export const rate = (times: number, steps: number, ms: number): Rate => ({
  times,
  perSecond: (times * 1_000) / ms,
  ...(steps === 0 ? {} : { steps: (steps * 1_000) / ms }),
});

const round = (n: number): string =>
  n >= 100 ? Math.round(n).toLocaleString("en") : n.toPrecision(3);

export function line(what: string, { perSecond, times, steps }: Rate, note = ""): void {
  const figure = `${round(perSecond)}/s`.padStart(12);
  const inSteps = (steps === undefined ? "" : `${round(steps)} steps/s`).padStart(18);
  const each = `${((1_000 / perSecond) * 1_000).toFixed(0)} µs`.padStart(12);
  console.log(`  ${what.padEnd(52)}${figure}${inSteps}${each}   ${note || `${times} times`}`);
}

export const ratio = (a: Rate, b: Rate): string => `${(a.perSecond / b.perSecond).toFixed(1)} ×`;

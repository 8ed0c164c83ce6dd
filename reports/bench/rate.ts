/** Measures operations per second, and formats the rate. */

export interface Rate {
  readonly perSecond: number;
  readonly times: number;
}

/** Repeats `body` for about as long as asked, after it has been warmed up for a while. */
export function rateOf(body: (i: number) => void, seconds: number): Rate {
  const until = (end: number, from: number): number => {
    let i = from;
    do body(i++);
    while (performance.now() < end);
    return i;
  };
  const warm = until(performance.now() + seconds * 250, 0);
  const start = performance.now();
  const last = until(start + seconds * 1_000, warm);
  const times = last - warm;
  return { times, perSecond: (times * 1_000) / (performance.now() - start) };
}

const round = (n: number): string =>
  n >= 100 ? Math.round(n).toLocaleString("en") : n.toPrecision(3);

export function line(what: string, { perSecond, times }: Rate, note = ""): void {
  const figure = `${round(perSecond)}/s`.padStart(12);
  const each = `${((1_000 / perSecond) * 1_000).toFixed(0)} µs`.padStart(12);
  console.log(`  ${what.padEnd(52)}${figure}${each}   ${note || `${times} times`}`);
}

export const ratio = (a: Rate, b: Rate): string => `${(a.perSecond / b.perSecond).toFixed(1)} ×`;

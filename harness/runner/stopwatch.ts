/** Starts to measure; the function it returns says how many seconds have passed, to thousandths. */
export function startStopwatch(): () => number {
  const startedMs = performance.now();
  return () => Math.round(performance.now() - startedMs) / 1000;
}

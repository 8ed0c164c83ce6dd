/** @returns nanoseconds since 1970. */
export type Clock = (ticks: bigint) => bigint;

/**
 * The clock of an interface.
 * @param resolution a power of ten, or, with the highest bit, of two: so many parts has a second.
 * @param offset seconds that are added to every time; may be negative.
 * @returns `undefined` if a tick is shorter than anything that can be counted.
 */
export function clockOf(resolution: number, offset: bigint): Clock | undefined {
  const exponent = BigInt(resolution & 0x7f);
  if (exponent > 63n) return undefined;
  const perSecond = (resolution & 0x80) === 0 ? 10n ** exponent : 2n ** exponent;
  const second = 1_000_000_000n;
  return (ticks) => (ticks * second) / perSecond + offset * second;
}

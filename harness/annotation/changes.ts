/** Where two byte strings differ. */

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Gaps of so few equal bytes between two changes are part of one change. */
const leastGap = 2;

/**
 * @returns stretches of `after`, in order. Where lengths differ, one stretch from the first
 *   difference to the common end; it is empty where bytes were only left out.
 */
export function changesOf(before: Uint8Array, after: Uint8Array): readonly Stretch[] {
  return before.length === after.length ? inPlace(before, after) : resized(before, after);
}

function inPlace(before: Uint8Array, after: Uint8Array): readonly Stretch[] {
  const found: { from: number; to: number }[] = [];
  for (let i = 0; i < after.length; i++) {
    if (before[i] === after[i]) continue;
    const last = found.at(-1);
    if (last !== undefined && i - last.to <= leastGap) last.to = i + 1;
    else found.push({ from: i, to: i + 1 });
  }
  return found;
}

function resized(before: Uint8Array, after: Uint8Array): readonly Stretch[] {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before[from] === after[from]) from++;
  let same = 0;
  while (same < shorter - from && before.at(-1 - same) === after.at(-1 - same)) same++;
  return [{ from, to: after.length - same }];
}

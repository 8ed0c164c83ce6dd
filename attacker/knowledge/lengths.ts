/** Shorter values (counters, sequence numbers) can be guessed and count as public. */
export const guessableBelowBytes = 8;
/** Declared secrets are looked for from this length on. */
export const declaredFromBytes = 4;

/** How random draws are named in the record, and of how many bits each of them is. */

/** Of a draw from a weak generator. */
export const weakDraw = (length: number, bits: number): string =>
  `${length} bytes from a seed of ${bits} bits`;

/** Of characters that are drawn from an alphabet of `size` characters. */
export const textDraw = (length: number, size: number): string => `${length} characters of ${size}`;

/** @returns how many bits the seed of a weak generator has; `undefined` for other draws. */
export function bitsOfWeakDraw(algorithm: string): number | undefined {
  const bits = / from a seed of (\d+) bits$/.exec(algorithm)?.[1];
  return bits === undefined ? undefined : Number(bits);
}

/** @returns the binary logarithm of how many values a draw of `length` bytes can have at most. */
export function bitsOfDraw(algorithm: string, length: number): number {
  const [, characters, size] = /^(\d+) characters of (\d+)$/.exec(algorithm) ?? [];
  if (characters !== undefined) return Number(characters) * Math.log2(Number(size));
  return Math.min(8 * length, bitsOfWeakDraw(algorithm) ?? Number.POSITIVE_INFINITY);
}

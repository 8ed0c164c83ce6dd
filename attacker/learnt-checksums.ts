/** Sums for errors, found in packets of one kind by trying what is usual. */
import { equalBytes } from "../protocol/kit/bytes.ts";
import { type ChecksumPlace, checksum, checksumNames, withChecksum } from "./checksums.ts";

/** They stand at the end, or within so many bytes at the beginning. */
const longestHead = 16;
const hashLengths = [32, 20, 16, 8, 4];
const nothing = new Uint8Array(0);

function* usualPlaces(): Iterable<ChecksumPlace> {
  for (const sum of checksumNames) {
    const whole = checksum(sum, nothing).length;
    const isHash = whole > 4;
    for (const length of isHash ? hashLengths.filter((n) => n <= whole) : [whole]) {
      for (const reversed of isHash || length === 1 ? [false] : [false, true]) {
        const about = { sum, length, ...(reversed ? { reversed: true as const } : {}) };
        yield { ...about, at: -length, over: "before" };
        yield { ...about, at: 0, over: "after" };
        // Others would have to be computed for every place; and these are right in any place.
        if (isHash || sum === "xor-8" || sum === "minus-sum-8") continue;
        for (let at = 0; at <= longestHead; at++) {
          if (at > 0 && sum !== "internet") yield { ...about, at, over: "after" };
          yield { ...about, at, over: "all" };
        }
      }
    }
  }
}
const places = [...usualPlaces()];

const startOf = ({ at }: ChecksumPlace, bytes: Uint8Array): number =>
  at < 0 ? bytes.length + at : at;

/**
 * @param packets of one kind; one alone proves nothing.
 * @returns the place of a sum that is right in all of them, and not the same in all; or none.
 */
export function checksumsIn(packets: readonly Uint8Array[]): readonly ChecksumPlace[] {
  if (packets.length < 2) return [];
  const found = places.find((place) => {
    const isRight = packets.every((bytes) => {
      const right = withChecksum(bytes, place);
      return right !== undefined && equalBytes(right, bytes);
    });
    if (!isRight) return false;
    const values = packets.map((bytes) => {
      const at = startOf(place, bytes);
      return bytes.slice(at, at + place.length);
    });
    // A length or a counter begins with zeros; by chance, it may make up for the rest.
    const isSmall = place.length > 1 && values.every((value) => value[0] === 0);
    return !isSmall && new Set(values.map(String)).size > 1;
  });
  return found === undefined ? [] : [found];
}

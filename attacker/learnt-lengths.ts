/** Lengths in front of what they count: found in bytes, and kept right where these change. */
import { hex, latin1, readUint, uintBytes } from "../protocol/kit/bytes.ts";
import type { Edit } from "./move.ts";

/** Sizes, in bytes, of a length field. */
const widths = [4, 2, 1];
const mostRuns = 16;

/** So many bytes behind their length. */
export interface CountedRun {
  /** Where it begins: with the length, or with a type before it. */
  readonly from: number;
  /** Where the length is, and how many bytes it has, the most significant one first. */
  readonly at: number;
  readonly width: number;
  /** Where the bytes end that it counts. */
  readonly end: number;
}

/** @returns the end of the run whose length is encoded here; `undefined` if none is. */
export function endOfRun(bytes: Uint8Array, start: number, width: number): number | undefined {
  const length = readUint(bytes, start, width);
  const end = start + width + length;
  return length === 0 || end > bytes.length ? undefined : end;
}

/** Do runs follow each other up to the end? That is unlikely by chance. */
export function runsToTheEnd(bytes: Uint8Array, start: number, width: number): boolean {
  let end: number | undefined = start;
  for (let runs = 0; runs < mostRuns && end !== undefined && end < bytes.length; runs++) {
    end = endOfRun(bytes, end, width);
  }
  return end === bytes.length;
}

/** So many bytes before a length may say what follows it. */
const typeBytes = [0, 1, 2];

/** Runs that follow each other from here up to the end, each behind a type; none if they do not. */
function chain(bytes: Uint8Array, start: number, width: number, type: number) {
  const found: CountedRun[] = [];
  for (let from = start; from < bytes.length; ) {
    const at = from + type;
    const end = at + width <= bytes.length ? endOfRun(bytes, at, width) : undefined;
    if (end === undefined || found.length === mostRuns) return [];
    found.push({ from, at, width, end });
    from = end;
  }
  // By chance, one byte often says how many follow.
  return found.length > 1 || (type === 0 && width > 1) ? found : [];
}

/** Runs that end with the packet, or before others that do; outer ones first. */
export function countedRuns(bytes: Uint8Array): readonly CountedRun[] {
  // Letters are small numbers, but in a text they are no lengths.
  if (/^[\t\n\r\x20-\x7e]*$/.test(latin1(bytes))) return [];
  const found: CountedRun[] = [];
  const taken = new Uint8Array(bytes.length);
  for (const width of widths) {
    for (const type of typeBytes) {
      for (let start = 0; start + type + width < bytes.length; start++) {
        for (const run of chain(bytes, start, width, type)) {
          // The last bytes of a length look like a shorter one.
          if (taken[run.at + width - 1] === 1) continue;
          found.push(run);
          taken.fill(1, run.at, run.at + width);
        }
      }
    }
  }
  return found.sort((a, b) => a.at - b.at);
}

/** What sets the lengths that count the bytes from `start` to `end`, once there are others. */
export function lengthEdits(
  bytes: Uint8Array,
  [start, end]: readonly [start: number, end: number],
  more: number,
): readonly Edit[] {
  if (more === 0) return [];
  return countedRuns(bytes).flatMap((run): Edit[] => {
    const { at, width } = run;
    const length = run.end - at - width + more;
    const counts = at + width <= start && end <= run.end && length < 256 ** width;
    return counts && length >= 0 ? [{ edit: "set", at, hex: hex(uintBytes(length, width)) }] : [];
  });
}

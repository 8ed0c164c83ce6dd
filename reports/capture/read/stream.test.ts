import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat } from "../../../protocol/kit/bytes.ts";
import { Stream } from "./stream.ts";

const bytes = Uint8Array.from({ length: 60 }, (_, i) => i);

/** Feeds segments, and puts together what comes out. */
function through(first: number, segments: readonly (readonly [number, number])[]) {
  const stream = new Stream<number>();
  stream.begin((first - 1) >>> 0);
  const pieces = segments.flatMap(([from, to], i) =>
    stream.take((first + from) >>> 0, bytes.subarray(from, to), i),
  );
  return [...pieces, ...stream.rest()];
}

describe("a stream is put in order", () => {
  test("whatever the order, the overlaps, the repetitions, and the first number", () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 59 }), { maxLength: 12 });
    const first = fc.constantFrom(0, 1, 0x7fffffff, 0xfffffff0, 0xffffffff);
    const more = fc.array(fc.tuple(fc.nat(59), fc.nat(59)), { maxLength: 10 });
    fc.assert(
      fc.property(cuts, first, more, fc.infiniteStream(fc.nat()), (inner, number, extra, order) => {
        const ends = [0, ...inner.toSorted((a, b) => a - b), 60];
        const whole = ends.slice(1).map((to, i) => [ends[i] ?? 0, to] as const);
        const overlapping = extra.map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
        const shuffled = [...whole, ...overlapping]
          .map((segment) => ({ segment, rank: order.next().value }))
          .sort((a, b) => a.rank - b.rank)
          .map((s) => s.segment);
        const pieces = through(number, shuffled);
        expect(concat(...pieces.map((p) => p.bytes))).toEqual(bytes);
        expect(pieces.every((p) => p.missing === 0)).toBe(true);
      }),
    );
  });

  test("what is not in the capture is counted", () => {
    const pieces = through(100, [
      [0, 10],
      [30, 40],
      [50, 60],
    ]);
    expect(pieces.map((p) => [p.bytes[0], p.bytes.length, p.missing])).toEqual([
      [0, 10, 0],
      [30, 10, 20],
      [50, 10, 10],
    ]);
  });

  test("what waits for ever is given up in time", () => {
    const stream = new Stream<number>();
    stream.begin(0);
    const gaps = Array.from({ length: 10_000 }, (_, i) =>
      stream.take(10 + 4 * i, bytes.subarray(0, 2), i),
    );
    const handed = gaps.reduce((sum, pieces) => sum + pieces.length, 0);
    expect(handed).toBeGreaterThan(9_000);
    expect(handed + stream.rest().length).toBe(10_000);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layout, regions, type Size, windowAround } from "./layout.ts";

/** Draws the boxes with one letter each, and of each row every `scale`th column. */
function drawing(size: Size, open = false, scale = 1): string[] {
  const cells = Array.from({ length: size.height }, () =>
    Array.from({ length: size.width }, () => "."),
  );
  const boxes = layout(size, open);
  for (const region of regions) {
    const box = boxes[region];
    if (box === undefined) continue;
    for (let y = box.top; y < box.top + box.height; y += 1) {
      for (let x = box.left; x < box.left + box.width; x += 1) {
        const row = cells[y];
        if (row === undefined || row[x] !== ".") throw new Error(`${region} at ${x},${y}`);
        row[x] = region.charAt(0);
      }
    }
  }
  return cells.map((row) => row.filter((_, x) => x % scale === 0).join(""));
}

const rowsOf = (count: number, row: string): string[] => Array.from({ length: count }, () => row);

describe("layout", () => {
  test("a wide terminal", () => {
    expect(drawing({ width: 120, height: 24 }, false, 5)).toEqual([
      "tttttttttttttttttttttttt",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeemmmmmmmmmmmmmmmmmm",
      "eeeeeedddddddddddddddddd",
      "eeeeeedddddddddddddddddd",
      "eeeeeedddddddddddddddddd",
      "eeeeeedddddddddddddddddd",
      "eeeeeedddddddddddddddddd",
      "eeeeeedddddddddddddddddd",
      "eeeeeedddddddddddddddddd",
      "ssssssssssssssssssssssss",
    ]);
  });

  test("a narrow one has no explorer, a flat one no details", () => {
    expect(drawing({ width: 80, height: 17 }, false, 10)).toEqual([
      "tttttttt",
      ...rowsOf(9, "mmmmmmmm"),
      ...rowsOf(6, "dddddddd"),
      "ssssssss",
    ]);
    expect(drawing({ width: 80, height: 12 }, false, 10)).toEqual([
      "tttttttt",
      ...rowsOf(10, "mmmmmmmm"),
      "ssssssss",
    ]);
  });

  test("an open attack takes the room of the details", () => {
    expect(drawing({ width: 100, height: 18 }, true, 10)).toEqual([
      "tttttttttt",
      ...rowsOf(16, "eeemmmmmmm"),
      "ssssssssss",
    ]);
  });

  test("too small: one box", () => {
    expect(drawing({ width: 39, height: 3 }, false, 13)).toEqual(["mmm", "mmm", "mmm"]);
  });

  test("the boxes always tile the screen", () => {
    const side = fc.nat(250);
    fc.assert(
      fc.property(side, fc.nat(80), fc.boolean(), (width, height, open) => {
        expect(drawing({ width, height }, open).join("")).not.toContain(".");
      }),
    );
  });
});

test("a window holds the selected thing and never leaves the list", () => {
  expect(windowAround(0, 10, 4)).toEqual({ from: 0, to: 4 });
  expect(windowAround(5, 10, 4)).toEqual({ from: 3, to: 7 });
  expect(windowAround(9, 10, 4)).toEqual({ from: 6, to: 10 });
  expect(windowAround(1, 2, 4)).toEqual({ from: 0, to: 2 });
  expect(windowAround(0, 0, 4)).toEqual({ from: 0, to: 0 });
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.nat(20), (selected, more, room) => {
      const count = selected + 1 + more;
      const { from, to } = windowAround(selected, count, room);
      expect(from).toBeGreaterThanOrEqual(0);
      expect(to).toBeLessThanOrEqual(count);
      expect(to - from).toBe(Math.min(room, count));
      if (room > 0) expect(selected >= from && selected < to).toBe(true);
    }),
  );
});

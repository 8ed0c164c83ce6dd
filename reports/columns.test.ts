import fc from "fast-check";
import { expect, test } from "vitest";
import { cut, displayWidth, hanging, toWidth, wrap } from "./columns.ts";

test.each([
  ["abc", 3],
  ["é", 1],
  ["e\u0301", 1],
  ["漢字", 4],
  ["😀", 2],
  ["✓–…│", 4],
])("%s takes %i columns", (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

test("cutting never exceeds the width, even through a wide character", () => {
  expect(cut("abcdef", 4)).toBe("abc…");
  expect(cut("漢字漢字", 4)).toBe("漢…");
  expect(toWidth("漢字漢字", 4)).toBe("漢… ");
  expect(cut("abc", 0)).toBe("");
  const text = fc.array(fc.constantFrom("a", " ", "漢", "😀", "\u0301")).map((a) => a.join(""));
  fc.assert(
    fc.property(text, fc.nat(20), (t, width) => {
      expect(displayWidth(toWidth(t, width))).toBe(width);
      for (const line of wrap(t, width + 2)) {
        expect(displayWidth(line)).toBeLessThanOrEqual(width + 2);
      }
    }),
  );
});

test("wrapping breaks at spaces, and within a word only where it must", () => {
  expect(wrap("one two three", 8)).toEqual(["one two", "three"]);
  expect(wrap("abcdefghij k", 4)).toEqual(["abcd", "efgh", "ij k"]);
  expect(wrap("", 4)).toEqual([""]);
  expect(hanging("1. ", "one two three", 8)).toEqual(["1. one", "   two", "   three"]);
});

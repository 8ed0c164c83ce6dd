import { expect, test } from "vitest";
import { piWords } from "./pi.ts";

const hexWords = (count: number): readonly string[] =>
  [...piWords(count)].map((word) => (word >>> 0).toString(16).padStart(8, "0"));

test("begins and ends as the tables of Blowfish do", () => {
  const words = hexWords(18 + 4 * 256);
  expect(words).toHaveLength(1042);
  expect(words.slice(0, 4)).toEqual(["243f6a88", "85a308d3", "13198a2e", "03707344"]);
  // The first subkey, the last one, and the last word of the fourth table.
  expect([words[17], words[18], words[1041]]).toEqual(["8979fb1b", "d1310ba6", "3ac372e6"]);
});

test("no digit depends on how many are asked for", () => {
  const all = hexWords(300);
  for (const count of [1, 2, 3, 50, 299]) expect(hexWords(count)).toEqual(all.slice(0, count));
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonErrorOffset } from "./json-error-offset.ts";
import { jsonOffset } from "./json-place.ts";

const text = String.raw`{ "a": [1, {"b\"": "x]"}, []], "c": {"d": null}, "a": [ 7 ] }`;

test.each<[path: PropertyKey[], aboutKey: boolean, found: string]>([
  [[], false, '{ "a"'],
  [["c", "d"], false, "null"],
  [["c", "d"], true, '"d"'],
  [["c", "e"], true, '{"d"'],
  [["c"], true, '"c"'],
  [["nothing"], false, '{ "a"'],
  [["c", "d", 3], false, "null"],
])("%j (the key: %j) stands at %s", (path, aboutKey, found) => {
  expect(text.slice(jsonOffset(text, path, aboutKey)).startsWith(found)).toBe(true);
});

test("every value of a document is found where it stands", () => {
  const check = (value: unknown): void => {
    const written = JSON.stringify(value, null, 1);
    const walk = (part: unknown, path: readonly PropertyKey[]): void => {
      const here = written.slice(jsonOffset(written, path, false));
      // Deeper values are indented more; without white space they are all alike.
      const plain = (t: string): string => t.replaceAll(/\s/g, "");
      expect(plain(here).startsWith(plain(JSON.stringify(part)))).toBe(true);
      if (typeof part !== "object" || part === null) return;
      for (const [key, inner] of Object.entries(part)) {
        walk(inner, [...path, Array.isArray(part) ? Number(key) : key]);
      }
    };
    walk(value, []);
  };
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 3 }), check), { numRuns: 200 });
});

test("very long strings are no obstacle", () => {
  const long = `["${"x\\\\".repeat(1_000_000)}", dorp]`;
  expect(jsonErrorOffset(long)).toBe(long.indexOf("dorp"));
  expect(jsonErrorOffset(`["${"x".repeat(1_000_000)}\\q"]`)).toBe(1);
  expect(jsonOffset(`["${"x".repeat(1_000_000)}", 5]`, [1], false)).toBe(1_000_005);
});

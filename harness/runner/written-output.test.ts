import { describe, expect, test } from "vitest";
import type { SourcePlace } from "./definition-place.ts";
import { outputsWritten } from "./written-output.ts";

const code = `
function handle(input) {
  if (input.kind === "datagram") { out.push({ kind: "deliver" }); }
  const later = () => {
    return { kind: "deliver", late: true };
  };
  return good
    ? [
        // { kind: "deliver" } is only a comment
        { "kind": 'deliver', text: "a ; } in a text" },
      ]
    : [{ kind: "reject" }]
}
const next = { kind: "deliver" };
return [
  { kind: "claim", claim: { kind: "commit", peer } },
  { kind: "deliver" }, { kind: "deliver" },
];
messages.map((message) => ({ kind: "deliver", message }));
`;

/** The place of a piece of the code, as the debugger names it. */
function at(piece: string): SourcePlace {
  const index = code.indexOf(piece);
  if (index < 0) throw new Error(`no ${piece}`);
  const before = code.slice(0, index);
  return {
    path: "x.ts",
    line: before.split("\n").length,
    column: index - before.lastIndexOf("\n"),
  };
}
const lines = (kind: string, ...pieces: readonly string[]): readonly number[] =>
  outputsWritten(pieces.map(at), kind, () => code).map((p) => p.line);

describe("an output is found in the statements that ran", () => {
  test("in a statement of several lines, with or without a semicolon", () => {
    expect(lines("deliver", "return good")).toEqual([10]);
    expect(lines("reject", "return good")).toEqual([12]);
    expect(lines("commit", "return [")).toEqual([16]);
  });

  test("each of several, and each once, though the debugger comes to parts of a statement", () => {
    expect(lines("deliver", "return [", "peer } }")).toEqual([17, 17]);
  });

  test("not in what follows a condition, in a function that is only written there, or later", () => {
    expect(lines("deliver", 'input.kind === "datagram"')).toEqual([]);
    expect(lines("deliver", "() => {")).toEqual([]);
    expect(lines("deliver", '"reject" }]')).toEqual([]);
  });

  test("in a function that is one expression, once it has run", () => {
    expect(lines("deliver", '({ kind: "deliver", message')).toEqual([19]);
  });

  test("kinds are texts, and no patterns", () => {
    expect(lines("de.iver", "return [")).toEqual([]);
    expect(outputsWritten([at("return [")], "deliver", () => undefined)).toEqual([]);
  });
});

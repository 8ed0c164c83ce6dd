import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { attackSchema } from "../../attacker/move.ts";
import { jsonErrorOffset } from "./json-error-offset.ts";
import { readJson, readYaml } from "./source-document.ts";
import { UserError } from "./user-error.ts";

function complaint(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("YAML", () => {
  test.each([
    ["a: [1", "f:1:6: "],
    ["a: 1\na: 2\n", "f:2:1: Map keys must be unique"],
    ["a: !!js/function x", "f:1:4: "],
    ["\ta: 1", "f:1:1: "],
    ["a: *b", "f:1:4: "],
  ])("%j", (text, says) => expect(complaint(() => readYaml("f", text))).toContain(says));

  test("aliases are capped", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const [from, to] of ["ab", "bc", "cd", "de"]) {
      bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(", ")}]`);
    }
    expect(complaint(() => readYaml("f", bomb.join("\n")))).toContain("aliases");
  });

  test("deep nesting is refused, not a crash", () => {
    const text = "[".repeat(200_000);
    expect(complaint(() => readYaml("f", text))).toMatch(/^f/);
  });
});

describe("JSON", () => {
  test.each([
    ["", "f:1:1: the file is empty"],
    ["hello", "f:1:1: this is not JSON"],
    ['{"a": x1}', "f:1:7: this is not JSON"],
    ['{"a": 1,\n "b": }', "f:2:7: this is not JSON"],
    ['{"a": 1, "b', "f:1:10: the file is cut off"],
    ['{"a": [1, 2', "f:1:12: the file is cut off"],
    ['{"a": 1}}', "f:1:9: this is not JSON"],
    ["[1, 2,]", "f:1:7: this is not JSON"],
    ['{"a" 1}', "f:1:6: this is not JSON"],
    ["[1}", "f:1:3: this is not JSON"],
    ["{'a': 1}", "f:1:2: this is not JSON"],
  ])("%j", (text, says) => expect(complaint(() => readJson("f", text))).toContain(says));

  test("for valid JSON the error offset is the end", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom("", " ", "\n"), (json, end) => {
        expect(jsonErrorOffset(json + end)).toBe(json.trimEnd().length);
      }),
    );
  });

  test("cut anywhere, the diagnostic is about the cut or what comes before", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (json, at) => {
        const cut = json.slice(0, at % (json.length + 1));
        expect(jsonErrorOffset(cut)).toBeLessThanOrEqual(cut.length);
      }),
    );
  });

  test("deep nesting is refused or read, not a crash", () => {
    expect(() => readJson("f", `${"[".repeat(100_000)}`)).toThrow(UserError);
  });
});

describe("diagnostics about data", () => {
  const schema = z.strictObject({
    colour: z.enum(["red", "green"]),
    size: z.number().int().min(1).max(9).optional(),
    moves: attackSchema.optional(),
  });
  const tell = (data: unknown): string =>
    complaint(() => readJson("f", JSON.stringify(data, null, 1)).checked(schema));

  test.each<[unknown, string]>([
    [{}, 'f:1:1: colour is missing; it must be "red" or "green"'],
    [
      { colour: "gren" },
      'f:2:12: colour must be "red" or "green", not "gren"; did you mean "green"?',
    ],
    [
      { color: "red" },
      'f:2:2: unknown key "color"; did you mean "colour"? allowed here: colour, size',
    ],
    [{ colour: "red", size: "3" }, 'f:3:10: size must be a number, not "3"'],
    [{ colour: "red", size: 10 }, "f:3:10: size must be at most 9"],
    [{ colour: "red", moves: 3 }, "f:3:11: moves must be a list, not 3"],
    [{ colour: "red", moves: [3] }, "f:4:3: moves[0] must be"],
    [{ colour: "red", moves: [{ move: "dorp" }] }, 'did you mean "drop"?'],
    [{ colour: "red", moves: [{}] }, "moves[0].move is missing; it must be drop, hold"],
    [
      { colour: "red", moves: [{ move: "drop", packt: 1 }] },
      'f:6:4: moves[0]: unknown key "packt"; did you mean "packet"?',
    ],
    [
      { colour: "red", moves: [{ move: "inject", hex: "00", to: "server#0", when: "strat" }] },
      'moves[0].when must be "start", an object with after',
    ],
    [
      {
        colour: "red",
        moves: [
          { move: "inject", hex: "00", to: "server#0", when: { after: { from: "a", to: "b" } } },
        ],
      },
      "moves[0].when.after.nth is missing; it must be a number",
    ],
    [
      { colour: "red", moves: [{ move: "inject", hex: "0", to: "server#0", when: "start" }] },
      "moves[0].hex must be an even number of hex digits",
    ],
    [[], "f:1:1: must be an object with colour, size and moves, not a list"],
  ])("%j", (data, says) => expect(tell(data)).toContain(says));
});

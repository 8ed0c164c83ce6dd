import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bundledSubject } from "./bundled-protocols.ts";
import {
  checkCapabilities,
  checkGuarantees,
  fillOptions,
  nameOf,
  parseProtocolName,
} from "./protocol-reference.ts";
import { editDistance, nearest } from "./suggestions.ts";
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

describe("parsing", () => {
  test.each([
    ["object-security", { source: "object-security", given: {} }],
    ["a?seg=128&loop=true", { source: "a", given: { seg: "128", loop: "true" } }],
    ["a?", { source: "a", given: {} }],
    ["a?x=", { source: "a", given: { x: "" } }],
    ["./x.ts", { source: "./x.ts", file: "./x.ts", given: {} }],
    ["x.mjs", { source: "x.mjs", file: "x.mjs", given: {} }],
    ["./x", { source: "./x", file: "./x", given: {} }],
    ["x.ts#p", { source: "x.ts#p", file: "x.ts", exportName: "p", given: {} }],
    ["x.ts#p?a=b", { source: "x.ts#p", file: "x.ts", exportName: "p", given: { a: "b" } }],
    ["x.ts?a=b#p", { source: "x.ts#p", file: "x.ts", exportName: "p", given: { a: "b" } }],
    ["/c#/d?/x.ts#p", { source: "/c#/d?/x.ts#p", file: "/c#/d?/x.ts", exportName: "p", given: {} }],
    ["..\\x.ts", { source: "..\\x.ts", file: "..\\x.ts", given: {} }],
  ])("%s", (text, name) => expect(parseProtocolName(text)).toEqual(name));

  test.each(["", " ", "a?b", "a?=b", "a?b=c&b=d", "a#b", "x.ts#a?b=c#d"])("refuses %j", (text) => {
    expect(complaint(() => parseProtocolName(text))).not.toContain("\n");
  });

  test("never throws anything else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        try {
          parseProtocolName(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
    );
  });
});

describe("looking up", () => {
  test("defaults are filled in, and left out again when written", () => {
    const plain = bundledSubject(parseProtocolName("object-security"));
    expect(plain.options).toMatchObject({ seg: "8", loop: "false" });
    expect(nameOf(plain)).toBe("object-security");
    const other = bundledSubject(parseProtocolName("object-security?loop=true&seg=8"));
    expect(nameOf(other)).toBe("object-security?loop=true");
  });

  test.each([
    ["objct-security", 'there is no protocol "objct-security"; did you mean "object-security"?'],
    ["zzz", "a file is named by its path"],
    ["object-security?sge=8", 'no option "sge"; did you mean "seg"? (there are: seg, loop, keys'],
    ["object-security?loop=ture", 'did you mean "true"? loop can be false or true'],
    ["object-security?seg=9000", 'seg="9000" is not allowed; seg can be 8 or 128'],
    ["object-security?__proto__=1", 'no option "__proto__"'],
    ["constructor", 'there is no protocol "constructor"'],
  ])("%s", (text, says) => {
    expect(complaint(() => bundledSubject(parseProtocolName(text)))).toContain(says);
  });

  test("a protocol without options says so", () => {
    expect(complaint(() => fillOptions("./x.ts", undefined, { a: "b" }))).toBe(
      './x.ts has no options, so "a" cannot be set',
    );
  });

  test("guarantees and capabilities", () => {
    expect(checkGuarantees(["replay", "integrity", "replay"])).toEqual(["replay", "integrity"]);
    expect(complaint(() => checkGuarantees(["confidentialty"]))).toContain('"confidentiality"?');
    expect(checkCapabilities(["on-path"])).toEqual(["on-path"]);
    expect(complaint(() => checkCapabilities(["onpath"]))).toContain('did you mean "on-path"?');
  });
});

describe("the nearest name", () => {
  test("counts swaps as one mistake", () => {
    expect(editDistance("abcd", "abdc")).toBe(1);
    expect(editDistance("", "abc")).toBe(3);
    expect(editDistance("abc", "abc")).toBe(0);
  });
  test("is none if nothing is near", () => {
    expect(nearest("x", ["a", "b"])).toBeUndefined();
    expect(nearest("", ["a"])).toBeUndefined();
    expect(nearest("REPLAY", ["replay", "relay"])).toBe("replay");
  });
});

/** The grades of Noise §7.7 and §18.2, as the specification's tables have them. */
import { describe, expect, test } from "vitest";
import { deferred, fundamental } from "../../testing/noise-grades.ts";
import { destination, payloads, sentStatics, source } from "./grades.ts";
import { patternNamed, patternNames } from "./patterns.ts";
import { promisesOf } from "./promises.ts";

const patternOf = (name: string) => {
  const pattern = patternNamed(name);
  if (pattern === undefined) throw new Error(name);
  return pattern;
};

/** Source and destination of each payload, as far as the table goes on. */
const table: Readonly<Record<string, string>> = {
  ...fundamental,
  ...deferred,
  XK1: "00 21 25 25",
};

test.each(Object.entries(table))("payloads of %s", (name, expected) => {
  const grades = payloads(patternOf(name)).map((p) => `${source(p)}${destination(p)}`);
  expect(grades.slice(0, expected.split(" ").length).join(" ")).toBe(expected);
});

describe("static keys", () => {
  test("are hidden as well as the payload at their place would be", () => {
    const grades = (name: string) => sentStatics(patternOf(name)).map(destination);
    const sent = patternNames.flatMap((name) => {
      const all = grades(name);
      return all.length === 0 ? [] : [`${name}: ${all.join(" ")}`];
    });
    expect(sent).toEqual([
      "X: 2",
      "NX: 1",
      "KX: 3",
      "XN: 1",
      "XK: 5",
      "XX: 1 5",
      "IN: 0",
      "IK: 2",
      "IX: 0 3",
      "XK1: 5",
      "X1X1: 1 3",
    ]);
  });
});

describe("promises", () => {
  const ids = (name: string, early: boolean) =>
    promisesOf(patternOf(name), early).map((p) => p.guarantee);

  test("of handshake payloads are those of the weakest", () => {
    expect(ids("NN", true)).toEqual(["replay", "ordering", "nonce-uniqueness"]);
    expect(ids("XX", true)).not.toContain("confidentiality");
    expect(ids("IK", true)).toContain("confidentiality");
    expect(ids("IK", true)).not.toContain("forward-secrecy");
    expect(ids("IK", true)).not.toContain("kci");
    expect(ids("IK", false)).toContain("kci");
    expect(ids("K", true)).toEqual([
      "confidentiality",
      "integrity",
      "origin",
      "replay",
      "ordering",
      "nonce-uniqueness",
    ]);
  });

  test("are better when applications wait", () => {
    for (const name of ["XX", "XK", "KK", "KX", "IK", "IX", "XK1", "X1X1"]) {
      for (const id of ["confidentiality", "origin", "replay-across-sessions", "forward-secrecy"]) {
        expect(ids(name, false)).toContain(id);
      }
    }
    expect(ids("NK", false)).not.toContain("confidentiality");
    expect(ids("X", false)).not.toContain("replay-across-sessions");
  });
});

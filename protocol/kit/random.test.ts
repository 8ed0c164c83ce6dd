/** Randomness: decided by its label, independent of other draws, and not biased. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex, latin1 } from "./bytes.ts";
import { Random } from "./random.ts";

const letters = "abcdefghijklmnopqrstuvwxyz";

describe("a fork", () => {
  test("draws the same every time, and other than any other", () => {
    const draws = (label: string) => hex(new Random("seed").fork(label).bytes(16));
    expect(draws("alice")).toBe(draws("alice"));
    const all = ["", "a", "b", "ab", "a b", "0", "0.0"].map(draws);
    expect(new Set(all).size).toBe(all.length);
    const nested = new Random("seed").fork("a").fork("b").bytes(16);
    expect(hex(nested)).not.toBe(draws("a/b"));
    expect(hex(nested)).not.toBe(hex(new Random("seed").fork("b").fork("a").bytes(16)));
  });

  test("does not depend on what its parent or its siblings drew", () => {
    const parent = new Random("seed");
    const before = hex(parent.fork("child").bytes(32));
    parent.bytes(100);
    parent.below(10);
    parent.fork("sibling").text(5, letters);
    expect(hex(parent.fork("child").bytes(32))).toBe(before);
  });

  test("a draw depends on its number alone, not on how much was drawn before", () => {
    const [one, other] = [new Random("x"), new Random("x")];
    one.bytes(3);
    other.bytes(300);
    expect(hex(one.bytes(20))).toBe(hex(other.bytes(20)));
    one.text(40, letters);
    other.text(1, "01");
    expect(hex(one.bytes(20))).toBe(hex(other.bytes(20)));
  });
});

test("bytes are SHA-256 of path, draw and block", () => {
  const sha = (path: string) => createHash("sha256").update(path).digest("hex");
  const random = new Random("seed").fork("alice");
  expect(hex(random.bytes(70))).toBe(
    (sha("seed/alice/0.0") + sha("seed/alice/0.1") + sha("seed/alice/0.2")).slice(0, 140),
  );
  expect(hex(random.bytes(32))).toBe(sha("seed/alice/1.0"));
  expect(random.bytes(0).length).toBe(0);
});

test("what is handed out is a copy", () => {
  new Random("copy").bytes(32).fill(0);
  expect(hex(new Random("copy").bytes(32))).not.toMatch(/^0+$/);
});

describe("numbers", () => {
  test("are below their bound, for any bound", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.string(), (below, seed) => {
        const value = new Random(seed).below(below);
        expect(Number.isInteger(value) && value >= 0 && value < below).toBe(true);
      }),
    );
    for (const wrong of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) {
      expect(() => new Random("x").below(wrong)).toThrow(RangeError);
    }
  });

  test("are not biased", () => {
    const random = new Random("dice");
    const counts = new Map<number, number>();
    for (let i = 0; i < 6_000; i++) {
      const n = random.below(6);
      counts.set(n, (counts.get(n) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(120);
    expect(counts.size).toBe(6);
  });

  test("fractions lie in [0, 1)", () => {
    const random = new Random("fraction");
    const all = Array.from({ length: 1_000 }, () => random.fraction());
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...all)).toBeLessThan(1);
    expect(all.reduce((a, b) => a + b) / all.length).toBeCloseTo(0.5, 1);
  });
});

describe("text", () => {
  test("is of the alphabet, of the length, and each character equally likely", () => {
    const value = latin1(new Random("text").text(26_000, letters));
    expect(value).toMatch(/^[a-z]{26000}$/);
    for (const letter of letters) {
      const count = value.split(letter).length - 1;
      expect(Math.abs(count - 1_000)).toBeLessThan(150);
    }
    expect(new Random("text").text(0, letters).length).toBe(0);
    expect(latin1(new Random("text").text(9, "x"))).toBe("xxxxxxxxx");
  });
});

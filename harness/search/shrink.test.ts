/** Shrinking: every result still violates, and nothing can be taken away from it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Attack, Move } from "../../attacker/move.ts";
import { shrink } from "./shrink.ts";

const packet = (nth: number) => ({ from: "client#0", to: "server#0", nth });
const drop = (nth: number): Move => ({ move: "drop", packet: packet(nth) });
const drops = (attack: Attack) => attack.map((m) => ("packet" in m ? m.packet.nth : 0));
const needs =
  (...nths: readonly number[]) =>
  (attack: Attack): boolean =>
    nths.every((n) => drops(attack).includes(n));

test("fewer edits of what is sent again, down to those that are needed", () => {
  const edits = [1, 2, 3].map((at) => ({ edit: "set" as const, at, hex: "ff" }));
  const again: Move = { move: "replay", packet: packet(1), edits, to: "server#0", when: "start" };
  const sets = (at: number) => (attack: Attack) =>
    attack.some(
      (m) => m.move === "replay" && m.edits?.some((e) => e.edit === "set" && e.at === at),
    );
  expect(shrink([again], sets(2))).toEqual([{ ...again, edits: [edits[1]] }]);
  const { edits: _, ...same } = again;
  expect(shrink([again], (a) => a.length === 1)).toEqual([same]);
});

describe("fewer moves", () => {
  test("down to those that are needed", () => {
    const attack = [1, 2, 3, 4, 5, 6, 7, 8].map(drop);
    expect(drops(shrink(attack, needs(2, 7)))).toEqual([2, 7]);
    expect(drops(shrink(attack, needs(8)))).toEqual([8]);
    expect(shrink(attack, () => true)).toEqual([]);
    expect(shrink(attack, (a) => a.length === 8)).toEqual(attack);
  });

  test("any needed set, any size: the result violates and is 1-minimal", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(19), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (nths, picks, odd) => {
          const wanted = picks.map((p) => nths[p % nths.length] ?? 1);
          // With `odd`, taking away one of a pair hurts although both together could go.
          const violates = (a: Attack): boolean =>
            needs(...wanted)(a) && (!odd || a.length % 2 === new Set(wanted).size % 2);
          const attack = nths.map(drop);
          if (!violates(attack)) return;
          const small = shrink(attack, violates);
          expect(violates(small)).toBe(true);
          const fewer = small.map((_, i) => small.filter((__, k) => k !== i));
          expect(fewer.some(violates)).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("the order of what is left is the order there was", () => {
    const attack = [5, 3, 9, 1].map(drop);
    expect(drops(shrink(attack, needs(9, 5)))).toEqual([5, 9]);
  });
});

describe("simpler moves", () => {
  const only = (move: Move, violates: (m: Move) => boolean): Move | undefined =>
    shrink([move], (a) => a[0] !== undefined && a.length === 1 && violates(a[0]))[0];

  test("fewer edits", () => {
    const edits = [0, 1, 2, 3].map((at) => ({ edit: "flip", at, mask: 1 }) as const);
    const shrunk = only(
      { move: "modify", packet: packet(1), edits },
      (m) => m.move === "modify" && m.edits.some((e) => e.edit === "flip" && e.at === 2),
    );
    expect(shrunk).toEqual({ move: "modify", packet: packet(1), edits: [edits[2]] });
  });

  test("fewer copies, shorter bytes, one's own name, a shorter delay", () => {
    const inject: Move = {
      move: "inject",
      hex: "41".repeat(16),
      to: "server#0",
      from: "client#0",
      when: "start",
      times: 200,
    };
    expect(only(inject, () => true)).toEqual({
      move: "inject",
      hex: "",
      to: "server#0",
      when: "start",
    });
    const many = only(inject, (m) => m.move === "inject" && (m.times ?? 1) >= 50);
    expect(many).toMatchObject({ times: 50, hex: "" });
    const long = only(inject, (m) => m.move === "inject" && m.hex.length >= 8);
    expect(long).toMatchObject({ hex: "41414141" });
    const named = only(inject, (m) => m.move === "inject" && m.from !== undefined);
    expect(named).toMatchObject({ from: "client#0" });
    expect(only({ move: "hold", packet: packet(1), delayMs: 5_000 }, () => true)).toEqual({
      move: "hold",
      packet: packet(1),
      delayMs: 1,
    });
  });

  test("it ends, and does not try for ever", () => {
    let trials = 0;
    const attack = Array.from({ length: 400 }, (_, i) => drop(i + 1));
    const violates = (a: Attack): boolean => {
      trials++;
      return a.length > 395;
    };
    expect(shrink(attack, violates).length).toBeLessThanOrEqual(400);
    expect(trials).toBeLessThanOrEqual(3_000);
  });
});

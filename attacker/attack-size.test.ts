import { expect, test } from "vitest";
import { applyEdits } from "./edit.ts";
import { attackSchema, type Edit } from "./move.ts";

const packet = { from: "client#0", to: "server#0", nth: 1 };
const inject = (times: number, bytes: number) => ({
  move: "inject",
  to: "server#0",
  hex: "00".repeat(bytes),
  when: "start",
  times,
});

/** Where an attack becomes too large, and what is said of it. */
function tooLarge(attack: unknown): string | undefined {
  const { error } = attackSchema.safeParse(attack);
  return error?.issues.map((i) => `${i.path.join(".")} ${i.message}`).join("; ");
}

test("sums are bounded, and the move that goes too far is named", () => {
  expect(tooLarge([inject(2_000, 1), inject(2_000, 1)])).toBeUndefined();
  expect(tooLarge([inject(2_000, 1), inject(1_999, 1), inject(2, 1), inject(9, 1)])).toBe(
    "2.times is too much: 4000 packets in all",
  );
  expect(tooLarge([inject(1_000, 3_999), inject(1, 1_001)])).toBe(
    "1.hex is too much: 4000000 bytes in all",
  );
  const edits = Array(6_000).fill({ edit: "truncate", length: 1 });
  const modify = { move: "modify", packet, edits };
  expect(tooLarge([modify, modify])).toBe("1.edits are too many: 10000 edits in all");
});

test("edits do not make packets grow without end", () => {
  const context = { packet: () => undefined };
  const whole = new Uint8Array(2_000).fill(1);
  const doubling: Edit = { edit: "substitute", find: "01", hex: "0101" };
  const grown = applyEdits(whole, Array(20).fill(doubling), context);
  expect(grown.length).toBe(512_000);
  const huge: Edit = { edit: "substitute", find: "01", hex: "02".repeat(2_000) };
  expect(applyEdits(whole, [huge], context)).toBe(whole);
});

/** Attacks as sentences: every move and edit has words, and none of them can break a line. */
import { describe, expect, test } from "vitest";
import { hex, utf8 } from "../protocol/kit/bytes.ts";
import { describeMove } from "./describe.ts";
import { bystanderAddress, type Edit, moveSchema } from "./move.ts";

const packet = { from: "client#0", to: "server#0", nth: 3 } as const;
const third = "the 3rd packet from client#0 to server#0";
const said = (edit: Edit) =>
  describeMove({ move: "modify", packet, edits: [edit] }).replace(`changes ${third}: `, "");

describe("edits", () => {
  const rows: readonly (readonly [Edit, string])[] = [
    [{ edit: "flip", at: 4, mask: 0x80 }, "flips byte 4 by 80"],
    [{ edit: "flip", at: -2, mask: 1 }, "flips byte 2 from the end by 01"],
    [{ edit: "set", at: 0, hex: "ff00" }, "sets byte 0 to ff00"],
    [{ edit: "truncate", length: 7 }, "cuts it to 7 bytes"],
    [{ edit: "extend", hex: "00" }, "appends 00"],
    [{ edit: "remove", at: 2, length: 3 }, "removes 3 bytes at 2"],
    [{ edit: "insert", at: 2, hex: "0a" }, "inserts 0a at 2"],
    [{ edit: "replace", hex: "" }, "replaces it by an empty packet"],
    [{ edit: "replace", hex: "41", inside: ["base64", "json:/a"] }, "inside its base64 › json:/a"],
    [{ edit: "own-key" }, "puts a public key of its own in"],
    [{ edit: "substitute", find: hex(utf8("bob")), hex: "00" }, "replaces “bob” by 00"],
    [
      { edit: "paste", packet: { ...packet, nth: 1 } },
      "by the 1st packet from client#0 to server#0",
    ],
    [{ edit: "paste", packet, source: ["hex"] }, `by ${third} (hex)`],
    [{ edit: "paste", packet, start: 3 }, `by ${third} from byte 3`],
    [{ edit: "paste", packet, length: 2 }, `by ${third} from byte 0, 2 long`],
  ];
  test.each(rows)("%j", (edit, words) => expect(said(edit)).toContain(words));

  test("no kind is left out", () => {
    const modify = moveSchema.options.find((o) => o.shape.move.value === "modify");
    const edits = modify !== undefined && "edits" in modify.shape ? modify.shape.edits : undefined;
    const kinds = edits !== undefined && "element" in edits ? edits.element.options : [];
    const names = kinds.map((option) => option.shape.edit.value);
    expect([...names].sort()).toEqual([...new Set(rows.map(([e]) => e.edit))].sort());
  });
});

test("long bytes are cut, short ones are not", () => {
  const sent = (bytes: number) =>
    describeMove({ move: "inject", hex: "ab".repeat(bytes), to: "server#0", when: "start" });
  expect(sent(24)).toContain(`24 bytes (${"ab".repeat(24)})`);
  expect(sent(25)).toContain(`25 bytes (${"ab".repeat(24)}…)`);
});

test("edits of a replay, moments and borrowed names are told", () => {
  const told = describeMove({
    move: "replay",
    packet,
    edits: [
      { edit: "truncate", length: 1 },
      { edit: "extend", hex: "00" },
    ],
    to: "server#0",
    from: bystanderAddress,
    when: { after: { ...packet, nth: 22 } },
  });
  expect(told).toBe(
    `sends ${third} (cuts it to 1 bytes, then appends 00) again to server#0, in the name of a ` +
      "bystander, after the 22nd packet from client#0 to server#0",
  );
});

test.each([1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 101, 111, 112, 113])("ordinal of %i", (nth) => {
  const rule = new Intl.PluralRules("en", { type: "ordinal" }).select(nth);
  const ending = { one: "st", two: "nd", few: "rd" }[rule as "one" | "two" | "few"] ?? "th";
  expect(describeMove({ move: "drop", packet: { ...packet, nth } })).toContain(
    `the ${nth}${ending} `,
  );
});

test("bytes from the network never reach the line as they are", () => {
  const nasty = hex(utf8("\u001b[31m\n\r\u2028"));
  for (const told of [
    describeMove({ move: "inject", hex: nasty, to: "server#0", when: "start" }),
    said({ edit: "substitute", find: nasty, hex: nasty }),
    said({ edit: "replace", hex: nasty }),
  ]) {
    expect(told).toMatch(/^[\x20-\x7e›“”…]+$/);
  }
});

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
  const id = ["json:/id", "hex"];
  const slice = ["bytes:2-5"];
  const first = "the 1st packet from client#0 to server#0";
  const paste = { edit: "paste", packet: { ...packet, nth: 1 } } as const;
  const rows: readonly (readonly [Edit, string])[] = [
    [{ edit: "flip", at: 4, mask: 0x80 }, "XORs byte 4 with 80"],
    [{ edit: "flip", at: -2, mask: 1 }, "XORs byte 2 from the end with 01"],
    [{ edit: "flip", at: 4, mask: 1, inside: id }, "XORs byte 4 of its id › hex with 01"],
    [{ edit: "set", at: 0, hex: "ff" }, "sets byte 0 to ff"],
    [{ edit: "set", at: 0, hex: "ff00" }, "sets what starts at byte 0 to ff00"],
    [{ edit: "truncate", length: 1 }, "cuts it to 1 byte"],
    [{ edit: "truncate", length: 7, inside: slice }, "cuts its bytes 2 to 4 to 7 bytes"],
    [{ edit: "extend", hex: "00" }, "appends 00"],
    [{ edit: "extend", hex: "00", inside: ["bytes:2-3"] }, "appends 00 to its byte 2"],
    [{ edit: "remove", at: 2, length: 3 }, "removes 3 bytes from byte 2 on"],
    [{ edit: "insert", at: 2, hex: "0a" }, "inserts 0a before byte 2"],
    [{ edit: "replace", hex: "" }, "replaces it by an empty packet"],
    [{ edit: "replace", hex: "", inside: id }, "puts nothing in the place of its id › hex"],
    [
      { edit: "replace", hex: "41", inside: ["base64", "json:/a b"] },
      "puts 1 byte (41) in the place of its base64 › “a b”",
    ],
    [
      { edit: "replace", hex: "41", inside: ["split:,:2", "split:\n:0", "json:/0"] },
      "in the place of its 3rd part between “,” › 1st part between 0a › entry 0",
    ],
    [
      { edit: "checksum", sum: "crc-32", at: -4, length: 4, over: "before" },
      "makes the crc-32 at byte 4 from the end right",
    ],
    [{ edit: "own-key" }, "replaces it by a public key of the attacker's"],
    [
      { edit: "own-key", inside: ["json:/pub/x", "base64"] },
      "puts a public key of the attacker's in the place of its pub/x › base64",
    ],
    [{ edit: "substitute", find: hex(utf8("bob")), hex: "00" }, "replaces “bob” by 00"],
    [{ edit: "substitute", find: "00", hex: "", inside: id }, "replaces 00 by nothing in its id"],
    [paste, `replaces it by ${first}`],
    [{ ...paste, source: ["hex"] }, `replaces it by the hex of ${first}`],
    [{ ...paste, source: ["hex"], inside: ["hex"] }, `replaces it by ${first}`],
    [{ ...paste, inside: slice }, `puts ${first} in the place of its bytes 2 to 4`],
    [{ ...paste, source: id, inside: id }, `puts the id of ${first} in the place of its own`],
    [
      { ...paste, source: id, inside: ["json:/name"] },
      `puts the id › hex of ${first} in the place of its name`,
    ],
    [
      { ...paste, source: id, inside: id, start: 0, length: 2 },
      `puts bytes 0 to 1 of the id › hex of ${first} in the place of its id › hex`,
    ],
    [{ ...paste, start: 3 }, `replaces it by everything from byte 3 on of ${first}`],
    [{ ...paste, length: 1 }, `replaces it by byte 0 of ${first}`],
    [{ ...paste, length: 0 }, `replaces it by no byte of ${first}`],
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

test("edits of a replay, moments and renames are described", () => {
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
    `sends ${third} (cuts it to 1 byte, then appends 00) again to server#0, in the name of a ` +
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

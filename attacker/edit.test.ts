/** Edits: each does what its words say, and one that does not fit changes nothing. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex, lossyText, utf8 } from "../protocol/kit/bytes.ts";
import { applyEdits } from "./edit.ts";
import { attackSchema, type Edit, moveSchema } from "./move.ts";

const packet = { from: "client#0", to: "server#0", nth: 1 };
const context = {
  packet: (ref: { nth: number }) => (ref.nth === 1 ? utf8("one,two,three") : undefined),
  ownKey: (like: Uint8Array) => (like.length === 6 ? utf8("MYKEY!") : undefined),
};
const x = (text: string) => hex(utf8(text));
const edited = (value: string, ...edits: readonly Edit[]) =>
  lossyText(applyEdits(utf8(value), edits, context));

type Row = readonly [edit: Edit, before: string, after: string];
const rows: readonly Row[] = [
  [{ edit: "flip", at: 0, mask: 0x20 }, "abc", "Abc"],
  [{ edit: "flip", at: -1, mask: 0x20 }, "abc", "abC"],
  [{ edit: "flip", at: 3, mask: 1 }, "abc", "abc"],
  [{ edit: "flip", at: -4, mask: 1 }, "abc", "abc"],
  [{ edit: "set", at: 1, hex: x("XY") }, "abcd", "aXYd"],
  [{ edit: "set", at: -1, hex: x("Z") }, "abcd", "abcZ"],
  [{ edit: "set", at: 3, hex: x("XY") }, "abcd", "abcd"],
  [{ edit: "truncate", length: 0 }, "abc", ""],
  [{ edit: "truncate", length: 2 }, "abc", "ab"],
  [{ edit: "truncate", length: 3 }, "abc", "abc"],
  [{ edit: "extend", hex: x("d") }, "abc", "abcd"],
  [{ edit: "remove", at: 1, length: 1 }, "abc", "ac"],
  [{ edit: "remove", at: 1, length: 99 }, "abc", "a"],
  [{ edit: "remove", at: 3, length: 1 }, "abc", "abc"],
  [{ edit: "insert", at: 0, hex: x("_") }, "abc", "_abc"],
  [{ edit: "insert", at: 3, hex: x("_") }, "abc", "abc_"],
  [{ edit: "insert", at: 4, hex: x("_") }, "abc", "abc"],
  [{ edit: "replace", hex: x("new") }, "abc", "new"],
  [{ edit: "replace", hex: "" }, "abc", ""],
  [{ edit: "paste", packet }, "abc", "one,two,three"],
  [{ edit: "paste", packet, source: ["split:,:1"] }, "abc", "two"],
  [{ edit: "paste", packet, start: 4, length: 3 }, "abc", "two"],
  [{ edit: "paste", packet, start: 8 }, "abc", "three"],
  [{ edit: "paste", packet, source: ["split:;:1"] }, "abc", "abc"],
  [{ edit: "paste", packet: { ...packet, nth: 2 } }, "abc", "abc"],
  [{ edit: "paste", packet, source: ["split:,:0"], inside: ["split:-:1"] }, "a-b-c", "a-one-c"],
  [{ edit: "checksum", sum: "xor-8", at: -1, length: 1, over: "before" }, "a@Z?", "a@Z{"],
  [{ edit: "checksum", sum: "xor-8", at: 4, length: 1, over: "before" }, "a@Z?", "a@Z?"],
  [{ edit: "own-key" }, "sixsix", "MYKEY!"],
  [{ edit: "own-key" }, "seven77", "seven77"],
  [{ edit: "own-key", inside: ["split:,:1"] }, "key,sixsix", "key,MYKEY!"],
  [{ edit: "substitute", find: x("bob"), hex: x("$&eve") }, "bob to bob", "$&eve to $&eve"],
  [{ edit: "substitute", find: x("carol"), hex: x("eve") }, "bob to bob", "bob to bob"],
  [{ edit: "substitute", find: "", hex: x("eve") }, "bob", "bob"],
  [{ edit: "set", at: 0, hex: x("J"), inside: ["hex"] }, "68656c6c6f", "4a656c6c6f"],
  [{ edit: "flip", at: 0, mask: 1, inside: ["base64"] }, "not base64!", "not base64!"],
  [{ edit: "replace", hex: x("9"), inside: ["json:/n"] }, '{"n":1}', '{"n":9}'],
];

describe("one edit", () => {
  test.each(rows)("%j of %s", (edit, before, after) => {
    expect(edited(before, edit)).toBe(after);
    expect(attackSchema.safeParse([{ move: "modify", packet, edits: [edit] }]).success).toBe(true);
    const source = utf8(before);
    if (after === before) expect(applyEdits(source, [edit], context)).toBe(source);
    else expect(applyEdits(source, [edit], context)).not.toBe(source);
    expect(lossyText(source)).toBe(before);
  });

  test("no kind is left out", () => {
    const modify = moveSchema.options.find((o) => o.shape.move.value === "modify");
    if (modify === undefined || !("edits" in modify.shape)) throw new Error("no modify");
    const { edits } = modify.shape;
    const kinds =
      "element" in edits ? edits.element.options.map((option) => option.shape.edit.value) : [];
    expect([...kinds].sort()).toEqual([...new Set(rows.map(([e]) => e.edit))].sort());
  });
});

test("several edits, one after the other", () => {
  const edits: readonly Edit[] = [
    { edit: "extend", hex: x("d") },
    { edit: "flip", at: 99, mask: 1 },
    { edit: "remove", at: 0, length: 1 },
    { edit: "insert", at: 1, hex: x("-") },
  ];
  expect(edited("abc", ...edits)).toBe("b-cd");
});

test("flipping twice is flipping never", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer(), fc.integer({ min: 0, max: 255 }), (b, at, mask) => {
      const edit: Edit = { edit: "flip", at, mask };
      expect(hex(applyEdits(b, [edit, edit], context))).toBe(hex(b));
    }),
  );
});

test("no edit throws, whatever the bytes, and an edit that does nothing returns its input", () => {
  const number = fc.integer({ min: -3, max: 40 });
  const path = fc.array(
    fc.constantFrom("base64", "hex", "split:,:0", "json:/a", "bytes:0-2", "?"),
    {
      maxLength: 2,
    },
  );
  const edit: fc.Arbitrary<Edit> = fc.oneof(
    fc.record({ edit: fc.constant("flip" as const), at: number, mask: fc.nat(255), inside: path }),
    fc.record({ edit: fc.constant("set" as const), at: number, hex: fc.constant("0102") }),
    fc.record({ edit: fc.constant("truncate" as const), length: fc.nat(40), inside: path }),
    fc.record({ edit: fc.constant("remove" as const), at: fc.nat(40), length: fc.nat(40) }),
    fc.record({ edit: fc.constant("insert" as const), at: fc.nat(40), hex: fc.constant("ff") }),
    fc.record({
      edit: fc.constant("paste" as const),
      packet: fc.constant(packet),
      start: fc.nat(20),
      length: fc.nat(20),
      inside: path,
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), fc.array(edit), (bytes, edits) => {
      const before = hex(bytes);
      const out = applyEdits(bytes, edits, context);
      expect(out).toBeInstanceOf(Uint8Array);
      expect(hex(bytes)).toBe(before);
      const nothing: Edit = { edit: "flip", at: bytes.length, mask: 1 };
      expect(applyEdits(bytes, [nothing], context)).toBe(bytes);
    }),
    { numRuns: 500 },
  );
});

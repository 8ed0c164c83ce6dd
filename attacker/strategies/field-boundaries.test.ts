import { describe, expect, test } from "vitest";
import { concat, fromHex, latin1, uintBytes, utf8 } from "../../protocol/kit/bytes.ts";
import { applyEdits } from "../edit.ts";
import { shiftsOf } from "./field-boundaries.ts";

const ref = { from: "client#0", to: "server#0", nth: 1 };

const shifted = (bytes: Uint8Array): readonly Uint8Array[] =>
  shiftsOf({ ref, bytes }).map((edits) => applyEdits(bytes, edits, { packet: () => bytes }));
const shiftedText = (text: string): readonly string[] =>
  shifted(utf8(text)).map((bytes) => Buffer.from(bytes).toString());

const run = (content: Uint8Array | string, width = 1): Uint8Array => {
  const bytes = typeof content === "string" ? utf8(content) : content;
  return concat(uintBytes(bytes.length, width), bytes);
};
/** Not text, and no valid length field. */
const tag = new Uint8Array(16).fill(0xee);

describe("in text", () => {
  test("between members of a document: by one character first, then by all", () => {
    expect(shiftedText('{"to":"carol","amount":"10"}\n')).toEqual([
      '{"to":"caro","amount":"l10"}\n',
      '{"to":"carol1","amount":"0"}\n',
      '{"to":"","amount":"carol10"}\n',
      '{"to":"carol10","amount":""}\n',
    ]);
  });
  test("numbers stay numbers where they can", () => {
    expect(shiftedText('{"n":12,"m":34}')).toEqual([
      '{"n":1,"m":234}',
      '{"n":123,"m":4}',
      '{"n":"","m":1234}',
      '{"n":1234,"m":""}',
    ]);
    expect(shiftedText('{"n":10,"to":"bob"}').slice(0, 2)).toEqual([
      '{"n":1,"to":"0bob"}',
      '{"n":"10b","to":"ob"}',
    ]);
  });
  test("across the structure of a document, and into what is empty", () => {
    expect(shiftedText('[{"a":"x"},{"b":""}]')).toEqual(['[{"a":""},{"b":"x"}]']);
  });
  test("characters are not cut in two", () => {
    expect(shiftedText('{"a":"xé","b":"€y"}').slice(0, 2)).toEqual([
      '{"a":"x","b":"é€y"}',
      '{"a":"xé€","b":"y"}',
    ]);
  });
  test("between parts with a separator", () => {
    expect(shiftedText("carol|10")).toEqual(["caro|l10", "carol1|0", "|carol10", "carol10|"]);
  });
  test("in encodings: what is written, and what it stands for", () => {
    expect(shiftedText('{"a":"6a6b","b":"6c6d"}')).toEqual([
      '{"a":"6a6","b":"b6c6d"}',
      '{"a":"6a6b6","b":"c6d"}',
      '{"a":"6a","b":"6b6c6d"}',
      '{"a":"6a6b6c","b":"6d"}',
      '{"a":"","b":"6a6b6c6d"}',
      '{"a":"6a6b6c6d","b":""}',
    ]);
  });
});

describe("in bytes", () => {
  test.each([1, 2, 4])("between runs behind lengths of %i bytes", (width) => {
    const two = (a: string, b: string) => concat(run(a, width), run(b, width), tag);
    expect(shifted(two("pay", "10 to carol"))).toEqual([
      two("pa", "y10 to carol"),
      two("pay1", "0 to carol"),
      two("", "pay10 to carol"),
      two("pay10 to carol", ""),
    ]);
  });
  test("between any runs that reach to the end, within a frame as well", () => {
    const [a, b] = [tag.slice(0, 3), tag.slice(0, 2)];
    const frame = concat(run(a), run(b), run(tag));
    const results = shifted(run(frame, 2));
    expect(results).toContainEqual(
      run(concat(run(tag.slice(0, 2)), run(tag.slice(0, 3)), run(tag)), 2),
    );
    for (const bytes of results) expect(bytes.length).toBe(frame.length + 2);
  });
  test("inside encodings", () => {
    const inside = (a: string, b: string) =>
      Buffer.from(concat(run(a), run(b), tag)).toString("base64");
    expect(shiftedText(inside("alice", "secret"))).toContain(inside("alices", "ecret"));
  });
  test("no length becomes larger than can be written", () => {
    const long = concat(run("a".repeat(255)), run("bc"), tag);
    const firsts = shifted(long).map((bytes) => bytes[0]);
    expect(firsts).toEqual([254]);
  });
  test("where no run follows a length, nothing is shifted", () => {
    expect(shifted(tag)).toEqual([]);
    expect(shifted(fromHex("0548656c6c6f00") as Uint8Array)).toEqual([]);
    expect(shifted(new Uint8Array(0))).toEqual([]);
    expect(shifted(utf8("hello"))).toEqual([]);
  });
});

test("bytes of the packet itself are pasted, not known beforehand", () => {
  const secret = "f3b1c09d8e7a6655";
  const edits = shiftsOf({ ref, bytes: utf8(`{"a":"alice","b":"${secret}"}`) });
  expect(JSON.stringify(edits)).not.toContain(Buffer.from(secret).toString("hex").slice(0, 8));
});

test("a packet with many fields is not shifted forever", () => {
  const many = JSON.stringify(Array.from({ length: 60 }, (_, i) => `field ${i}`));
  expect(shiftsOf({ ref, bytes: utf8(many) }).length).toBe(24);
  expect(latin1(shifted(utf8(many))[0] as Uint8Array)).toContain('"field ","0field 1"');
});

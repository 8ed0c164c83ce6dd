import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, fromLatin1, hex, latin1, utf8 } from "../bytes.ts";
import { readVectors } from "../vectors/load.ts";
import { decodeText, type Encoding, encodeText, pythonB64decode } from "./encodings.ts";

const reversible: readonly Encoding[] = [
  "base64",
  "base64url",
  "hex",
  "pem",
  "base64url-unpadded",
  "percent",
  "form",
];
const all: readonly Encoding[] = [...reversible, "decimal"];
const anyBytes = fc.uint8Array({ maxLength: 50 });

describe("encodings", () => {
  test("what each looks like", () => {
    const data = Uint8Array.of(0, 0xfb, 0xff, 0x3e);
    const text = (encoding: Encoding) => latin1(encodeText(encoding, data));
    const pem = (body: string) => `-----BEGIN PUBLIC KEY-----\n${body}-----END PUBLIC KEY-----\n`;
    const looks = ["APv/Pg==", "APv_Pg==", "00fbff3e", pem("APv/Pg==\n"), "APv_Pg"];
    expect(all.map(text)).toEqual([...looks, "%00%FB%FF%3E", "%00%FB%FF%3E", "16514878"]);
    const plus = utf8("a b+c=~d*é");
    expect(latin1(encodeText("percent", plus))).toBe("a%20b%2Bc%3D~d%2A%C3%A9");
    expect(latin1(encodeText("form", plus))).toBe("a+b%2Bc%3D%7Ed*%C3%A9");
    const empty = (encoding: Encoding) => latin1(encodeText(encoding, new Uint8Array()));
    expect(all.map(empty)).toEqual(["", "", "", pem(""), "", "", "", "0"]);
  });

  test.each(reversible)("%s decodes to what was encoded", (encoding) => {
    fc.assert(
      fc.property(anyBytes, fc.nat(3), (data, offset) => {
        const view = concat(new Uint8Array(offset), data).subarray(offset);
        expect(decodeText(encoding, encodeText(encoding, view))).toEqual(data);
      }),
    );
  });

  test("decimal decodes to the same number in the fewest bytes", () => {
    fc.assert(
      fc.property(anyBytes, (data) => {
        const first = data.findIndex((byte) => byte !== 0);
        const expected = first < 0 ? Uint8Array.of(0) : data.slice(first);
        expect(decodeText("decimal", encodeText("decimal", data))).toEqual(expected);
      }),
    );
  });

  test.each<[Encoding, readonly string[]]>([
    [
      "base64",
      ["A", "AA", "AA=", "AAA", "AB==", "AAB=", "AA==\n", " AA==", "AA==AA==", "-_-_", "="],
    ],
    ["base64url", ["AA", "AAA", "AB==", "+/+/", "AA==AA==", "AA== ", "===="]],
    ["base64url-unpadded", ["A", "AA==", "AB", "A+/A", "AA "]],
    ["percent", ["%", "%4", "%41", "%2f", "a b", "%zz", "a+b", "é"]],
    ["form", ["%20", "%2b", "a b", "~", "%41"]],
    ["hex", ["0", "0A", "0g", "0x00", "00 ", " 00", "\x0000"]],
    ["decimal", ["", "00", "01", "-1", "+1", "1.0", "1e3", "0x10", " 1", "1\n", "\u00b2", "1_0"]],
  ])("%s takes the canonical form only", (encoding, texts) => {
    const taken = texts.filter((text) => decodeText(encoding, fromLatin1(text)) !== undefined);
    expect(taken).toEqual([]);
  });

  test("no bytes make a decoder throw, and what it takes is what the encoder gives", () => {
    const near = fc
      .array(fc.constantFrom(..."AZaz09+/-_=f% \n\xc3"), { maxLength: 12 })
      .map((characters) => fromLatin1(characters.join("")));
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.oneof(anyBytes, near), (encoding, ascii) => {
        const data = decodeText(encoding, ascii);
        if (data !== undefined) expect(encodeText(encoding, data)).toEqual(ascii);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("pythonB64decode", () => {
  test("does what CPython 3.11 does on odd and random texts", () => {
    type Recorded = readonly [text: string, result: string | null];
    type File = { readonly cases: readonly Recorded[] };
    const { cases } = readVectors<File>("python-b64decode.json");
    expect(cases).toHaveLength(500);
    const wrong = cases.filter(([text, expected]) => {
      const data = pythonB64decode(fromLatin1(text));
      return (data === undefined ? null : hex(data)) !== expected;
    });
    expect(wrong).toEqual([]);
  });

  test("takes all that is canonical, and more", () => {
    fc.assert(
      fc.property(anyBytes, (data) => {
        expect(pythonB64decode(encodeText("base64", data))).toEqual(data);
      }),
    );
    expect(pythonB64decode(utf8("%A%B%=%="))).toEqual(Uint8Array.of(0));
    expect(decodeText("base64", utf8("%A%B%=%="))).toBeUndefined();
  });
});

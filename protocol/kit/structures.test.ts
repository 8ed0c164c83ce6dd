/** JSON as JavaScript writes it, elements as they are read again, and what is none of either. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, lossyText, utf8 } from "./bytes.ts";
import type { OpRecord } from "./operations.ts";
import { Random } from "./random.ts";
import { CryptoRecorder } from "./recorder.ts";
import {
  bytesIn,
  type Json,
  readElements,
  readJson,
  writeElements,
  writeJson,
} from "./structures.ts";

const log: OpRecord[] = [];
const crypto = new CryptoRecorder(log, new Random("structures"), "somebody");
const recorded = (work: () => void): readonly string[] => {
  log.length = 0;
  work();
  return log.map((op) => `${op.algorithm} ${op.backwards ? "read" : "written"}`);
};

describe("JSON", () => {
  test("is what JSON.stringify writes, and is read again", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const written = writeJson(crypto, value as Json);
        expect(lossyText(written)).toBe(lossyText(utf8(JSON.stringify(value))));
        expect(JSON.stringify(readJson(crypto, written))).toBe(JSON.stringify(value));
      }),
    );
  });

  test("bytes are base64, and on record both ways", () => {
    const key = crypto.random(20);
    const both = () => {
      const written = writeJson(crypto, { type: "key", key });
      const read = readJson(crypto, written) as { readonly key: string };
      expect(bytesIn(crypto, read.key)).toEqual(key);
    };
    expect(recorded(both)).toEqual(["json written", "base64 written", "base64 read"]);
  });

  test("what needs escapes is on record when it is read", () => {
    const bytes = utf8('["a \\"quoted\\" word","plain"]');
    expect(recorded(() => void readJson(crypto, bytes))).toEqual(["json read"]);
  });

  test("names that JavaScript gives a meaning to are names", () => {
    const read = readJson(crypto, utf8('{"__proto__":{"isAdmin":true}}')) as object;
    expect(Object.keys(read)).toEqual(["__proto__"]);
    expect("isAdmin" in read).toBe(false);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  test("what is none", () => {
    for (const words of ["", "{", "[1,]", "'a'", "NaN"]) {
      expect(readJson(crypto, utf8(words))).toBeUndefined();
    }
    expect(readJson(crypto, new Uint8Array([0x22, 0xff, 0x22]))).toBeUndefined();
    expect(bytesIn(crypto, "AB==")).toBeUndefined();
    expect(bytesIn(crypto, 7)).toBeUndefined();
    expect(() => writeJson(crypto, Number.NaN)).toThrow("JSON has no number NaN");
    expect(() => crypto.encode("json", new Uint8Array([0xff]))).toThrow("only UTF-8");
  });

  test("one form of each string only is decoded", () => {
    const decoded = (escaped: string) => crypto.decode("json", utf8(escaped));
    expect(decoded('say \\"hi\\"\\n')).toEqual(utf8('say "hi"\n'));
    for (const other of ["\\u0041", "\\/", 'a"b', "\\ud800", "\n", "\\"]) {
      expect(decoded(other)).toBeUndefined();
    }
  });
});

describe("elements", () => {
  test("are read as they were written", () => {
    const element = fc.record({ type: fc.nat(255), value: fc.uint8Array({ maxLength: 300 }) });
    fc.assert(
      fc.property(fc.array(element, { maxLength: 6 }), (elements) => {
        const written = writeElements(...elements);
        expect(readElements(written)).toEqual(elements);
        if (written.length > 0) expect(readElements(concat(written, utf8("?")))).toBeUndefined();
      }),
    );
  });

  test("what is cut is none, and what does not fit is not written", () => {
    const written = writeElements({ type: 1, value: utf8("abc") });
    for (let n = 1; n < written.length; n++) {
      expect(readElements(written.slice(0, n))).toBeUndefined();
    }
    expect(() => writeElements({ type: 256, value: utf8("a") })).toThrow("no element");
    expect(() => writeElements({ type: 1, value: new Uint8Array(65_536) })).toThrow("no element");
  });
});

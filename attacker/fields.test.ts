/** Fields: what can be opened can be closed again, and nothing hostile gets through. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, equalBytes, fromHex, hex, latin1, text, utf8 } from "../protocol/kit/bytes.ts";
import { fieldsOf, openField } from "./fields.ts";

const bytes = (value: string): Uint8Array => utf8(value);
const open = (value: string, ...path: string[]) => openField(bytes(value), path);
const inner = (value: string, ...path: string[]) => {
  const opened = open(value, ...path);
  return opened && latin1(opened.inner);
};
const changed = (value: string, path: string[], to: string) => {
  const opened = openField(bytes(value), path);
  return opened && text(opened.close(bytes(to)));
};
const paths = (value: string) => fieldsOf(bytes(value)).map((p) => p.join(" › "));

describe("opening and closing", () => {
  test.each([
    ["aGVsbG8gdGhlcmU=", "base64", "hello there"],
    ["aGVsbG8gdGhlcmU", "base64url", "hello there"],
    ["aGVsbG8gdGhlcmU=", "base64url", "hello there"],
    ["aGVsbG8g\ndGhlcmU=\n", "base64-lines", "hello there"],
    ["-----BEGIN X-----\naGVsbG8g\ndGhlcmU=\n-----END X-----", "base64-lines", "hello there"],
    ["_-8_", "base64url", "\u00ff\u00ef\u003f"],
    ["68656c6c6f", "hex", "hello"],
    ["48454C4C4F", "hex", "HELLO"],
    ["16961", "decimal", "BA"],
    ["0", "decimal", "\u0000"],
    ["a,b,c", "split:,:1", "b"],
    ["caf%C3%A9%20au%20lait", "percent", "caf\u00c3\u00a9 au lait"],
    ["a=1&b=2", "split:&:1", "b=2"],
    ["a::b", "split:::1", ""],
    ["line one\nline two", "split:\n:1", "line two"],
    ["abcdef", "bytes:1-3", "bc"],
    ['{"name":"alice"}', "json:/name", "alice"],
    ['{"n":41}', "json:/n", "41"],
    ['{"deep":[{"x":"y"}]}', "json:/deep/0/x", "y"],
    ['{"a/b":"slash","m~n":"tilde"}', "json:/a~1b", "slash"],
    ['{"a/b":"slash","m~n":"tilde"}', "json:/m~0n", "tilde"],
    ['{"~1":"looks escaped"}', "json:/~01", "looks escaped"],
    ['{"":"empty key"}', "json:/", "empty key"],
  ])("%s at %s", (value, step, content) => {
    expect(inner(value, step)).toBe(content);
    const opened = open(value, step);
    expect(opened && text(opened.close(opened.inner))).toBe(value);
  });

  test("lines first, then what is in them", () => {
    expect(paths("key 6b657931\nseen 12,13\n")).toEqual([
      "",
      "split:\n:0",
      "split:\n:0 › split: :0",
      "split:\n:0 › split: :1",
      "split:\n:0 › split: :1 › hex",
      "split:\n:1",
      "split:\n:1 › split:,:0",
      "split:\n:1 › split:,:1",
      "split:\n:1 › split:,:1 › decimal",
      "split:\n:2",
    ]);
  });

  test("what is changed inside is packed up again", () => {
    expect(changed("aGVsbG8gdGhlcmU=", ["base64"], "hi")).toBe("aGk=");
    expect(changed("aGVsbG8gdGhlcmU=", ["base64url"], "hi")).toBe("aGk=");
    expect(changed("aGVs\nbG8=\n", ["base64-lines"], "hello!")).toBe("aGVs\nbG8h\n");
    expect(changed("aGVsbG8gdGhlcmU", ["base64url"], "hi")).toBe("aGk");
    expect(changed("48454C4C4F", ["hex"], "\u006a")).toBe("6A");
    expect(changed("16961", ["decimal"], "B")).toBe("66");
    expect(changed("a,b,c", ["split:,:1"], "x,y")).toBe("a,x,y,c");
    expect(changed("abcdef", ["bytes:1-3"], "-")).toBe("a-def");
    expect(changed('{"n":41,"s":"41"}', ["json:/n"], "42")).toBe('{"n":42,"s":"41"}');
    expect(changed('{"n":41,"s":"41"}', ["json:/s"], "42")).toBe('{"n":41,"s":"42"}');
    expect(changed('{"n":41}', ["json:/n"], "many")).toBe('{"n":"many"}');
    expect(changed('{"n":41}', ["json:/n"], "NaN")).toBe('{"n":"NaN"}');
    expect(changed('{"b":true}', ["json:/b"], "false")).toBe('{"b":"false"}');
  });

  test("a query string: its values, and what is escaped in them", () => {
    const query = "/x?who=al%20ice&sum=6b657931";
    expect(paths(query)).toEqual([
      "",
      "split:&:0",
      "split:&:0 › split:=:1",
      "split:&:0 › split:=:1 › percent",
      "split:&:0 › split:=:1 › percent › split: :0",
      "split:&:0 › split:=:1 › percent › split: :1",
      "split:&:1",
      "split:&:1 › split:=:1",
      "split:&:1 › split:=:1 › hex",
    ]);
    const path = ["split:&:0", "split:=:1", "percent"];
    expect(changed(query, path, "b&b")).toBe("/x?who=b%26b&sum=6b657931");
  });

  test("layer in layer", () => {
    const packed = Buffer.from('{"token":"6a69"}').toString("base64");
    const path = ["split: :1", "base64", "json:/token", "hex"];
    expect(inner(`login ${packed}`, ...path)).toBe("ji");
    const out = changed(`login ${packed}`, path, "ho") ?? "";
    expect(Buffer.from(out.split(" ")[1] ?? "", "base64").toString()).toBe('{"token":"686f"}');
    expect(paths(`login ${packed}`)).toContain(path.join(" › "));
  });

  test("white space after a document belongs to the framing", () => {
    expect(changed('{"a":"b"}\r\n\r\n', ["json:/a"], "c")).toBe('{"a":"c"}\r\n\r\n');
  });

  test("opening twice sees the original, whatever was closed in between", () => {
    const opened = open('{"a":"1","b":"2"}', "json:/a");
    expect(opened && text(opened.close(bytes("x")))).toBe('{"a":"x","b":"2"}');
    expect(opened && text(opened.close(bytes("y")))).toBe('{"a":"y","b":"2"}');
    expect(opened && text(opened.close(opened.inner))).toBe('{"a":"1","b":"2"}');
  });
});

describe("what is not there cannot be opened", () => {
  test.each([
    ["abc", "base64"],
    ["abc=", "hex"],
    ["abcde", "hex"],
    ["007", "decimal"],
    ["-1", "decimal"],
    ["", "decimal"],
    ["abc", "split:,:0"],
    ["a,b", "split:,:2"],
    ["a,b", "split:,:99999999999999999999"],
    ["abc", "bytes:1-1"],
    ["abc", "bytes:1-4"],
    ["abc", "bytes:2-1"],
    ["abc", "no-such-step"],
    ["[1]", "json:/1"],
    ["[1]", "json:"],
    ['{"a":null}', "json:/a"],
    ['{"a":{}}', "json:/a"],
    ['{"a":1}', "json:a"],
    ["{broken", "json:/a"],
    ['"text"', "json:/0"],
    ['{"a":"b"}', "json:/constructor"],
    ['{"a":"b"}', "json:/constructor/name"],
    ['{"a":"b"}', "json:/__proto__"],
    ['{"a":"b"}', "json:/a/length"],
    ["[]", "json:/length"],
    ["\u00ff{}", "json:/a"],
  ])("%s at %s", (value, step) => {
    expect(open(value, step)).toBeUndefined();
  });
});

describe("hostile documents", () => {
  test("names that reach into prototypes are names like others", () => {
    const source = '{"__proto__":{"polluted":"no"},"constructor":{"prototype":"x"},"a":"b"}';
    expect(changed(source, ["json:/__proto__/polluted"], "yes")).toBe(source.replace("no", "yes"));
    expect(changed(source, ["json:/constructor/prototype"], "y")).toBe(
      source.replace('"x"', '"y"'),
    );
    const own = '{"__proto__":"own"}';
    expect(changed(own, ["json:/__proto__"], "new")).toBe('{"__proto__":"new"}');
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    for (const path of fieldsOf(bytes(source))) openField(bytes(source), path)?.close(bytes("z"));
    expect(Object.prototype.toString).toBe(({} as object).toString);
  });

  test("nesting, width and length are bounded", () => {
    const wide = JSON.stringify(Array.from({ length: 5_000 }, (_, i) => `${i}`));
    expect(fieldsOf(bytes(wide)).length).toBeLessThanOrEqual(64);
    const deep = `${"[".repeat(50_000)}"x"${"]".repeat(50_000)}`;
    expect(fieldsOf(bytes(deep))).toEqual([[]]);
    const beside = `["x",${"[".repeat(50_000)}${"]".repeat(50_000)}]`;
    for (const path of fieldsOf(bytes(beside))) {
      expect(() => openField(bytes(beside), path)?.close(bytes("y"))).not.toThrow();
    }
    let onion = "the core of it";
    for (let i = 0; i < 12; i++) onion = Buffer.from(onion).toString("base64");
    expect(Math.max(...fieldsOf(bytes(onion)).map((p) => p.length))).toBeLessThanOrEqual(5);
    expect(fieldsOf(bytes("a,".repeat(10_000))).length).toBeLessThanOrEqual(64);
    expect(fieldsOf(bytes("1".repeat(20_000))).length).toBe(2);
  });

  test("any bytes, any path: never an exception, and closing what was opened changes nothing", () => {
    const awkward = fc.constantFrom(
      "[1,2]",
      '{"a":{"b":[true,1.5,"x"]}}',
      "deadbeef",
      "aGVsbG8gdGhlcmU=",
      "12345",
      "a,b;c|d e",
      "",
      "{}",
    );
    const packet = fc.oneof(fc.uint8Array({ maxLength: 80 }), awkward.map(bytes));
    const step = fc.oneof(
      fc.constantFrom("base64", "base64url", "hex", "decimal", "json:/0", "json:/a/b/1"),
      fc.constantFrom("split:,:1", "split: :0", "bytes:0-3", "json:", "", "split::", "bytes:-1-2"),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(packet, fc.array(step, { maxLength: 4 }), (value, path) => {
        for (const p of [path, ...fieldsOf(value)]) {
          const before = hex(value);
          const opened = openField(value, p);
          if (opened === undefined) continue;
          const again = opened.close(opened.inner);
          expect(hex(value)).toBe(before);
          // The encodings have many spellings of one value; what is inside stays what it is.
          const inside = openField(again, p)?.inner;
          expect(inside && hex(inside)).toBe(hex(opened.inner));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("canonical encodings come back byte for byte, at every depth", () => {
    const leaf = fc.uint8Array({ minLength: 6, maxLength: 20 });
    const wrap = fc.constantFrom(
      (v: Uint8Array): Uint8Array<ArrayBufferLike> => bytes(Buffer.from(v).toString("base64")),
      (v: Uint8Array): Uint8Array<ArrayBufferLike> => bytes(hex(v)),
      (v: Uint8Array): Uint8Array<ArrayBufferLike> =>
        bytes(JSON.stringify({ key: Buffer.from(v).toString("base64") })),
      (v: Uint8Array): Uint8Array<ArrayBufferLike> =>
        concat(bytes("user,"), bytes(hex(v)), bytes(",end")),
    );
    fc.assert(
      fc.property(leaf, fc.array(wrap, { minLength: 1, maxLength: 3 }), (value, wraps) => {
        const whole = wraps.reduce<Uint8Array>((v, f) => f(v), value);
        for (const path of fieldsOf(whole)) {
          const opened = openField(whole, path);
          if (opened === undefined) throw new Error("fieldsOf named a field that is not there");
          expect(equalBytes(opened.close(opened.inner), whole)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("fieldsOf", () => {
  test("finds what a packet consists of, the whole first", () => {
    expect(paths("")).toEqual([""]);
    expect(paths("hello")).toEqual([""]);
    expect(paths("alice,42,6869686f")).toEqual([
      "",
      "split:,:0",
      "split:,:1",
      "split:,:1 › decimal",
      "split:,:2",
      "split:,:2 › hex",
    ]);
    expect(paths('{"a/b":["x",1,null,true]}')).toEqual([
      "",
      "json:/a~1b/0",
      "json:/a~1b/1",
      "json:/a~1b/3",
    ]);
    expect(paths("200: 77")).toEqual(["", "split: :0", "split: :1", "split: :1 › decimal"]);
    expect(paths(Buffer.from("hello, there").toString("base64"))).toEqual([
      "",
      "base64",
      "base64 › split:,:0",
      "base64 › split:,:1",
    ]);
    expect(fieldsOf(fromHex("00ff80c0") ?? utf8(""))).toEqual([[]]);
  });
});

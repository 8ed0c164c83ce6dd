/** Secrets and sums in texts of many formats: read by the adversary, and followed by the lab. */
import { describe, expect, test } from "vitest";
import {
  concat,
  fromLatin1,
  hex,
  latin1,
  lossyText,
  text,
  utf8,
} from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { encodeText } from "../../protocol/kit/primitives/encodings.ts";
import { Lab } from "../testing/lab.ts";
import { Knowledge } from "./knowledge.ts";
import { type ObservedRun, untracked } from "./provenance.ts";
import { encodedWords, unescapedTexts } from "./text-readings.ts";

/** A message with something said in words and a sum of bytes, as its author writes it. */
type Format = (words: string, sum: Uint8Array) => string;

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const eightInALine = (s: string) => s.replace(/.{16}/g, "$&\n");

/** None of it goes through the recorded `encode`. */
const formats: Readonly<Record<string, Format>> = {
  "a request with spaces in a value": (w, sum) => `GET /x?user=bob&text=${w}&sig=${hex(sum)}`,
  "a query string": (w, sum) => `user=bob&text=${encodeURIComponent(w)}&sig=${base64url(sum)}`,
  "a form": (w, sum) => new URLSearchParams({ w, sum: base64(sum), user: "bob" }).toString(),
  headers: (w, sum) =>
    `POST / HTTP/1.1\r\nX-Text: ${w}\r\nAuthorization: MAC id="bob", mac="${base64(sum)}"\r\n\r\n`,
  "a cookie": (w, sum) => `Cookie: v=1; said=${encodeURIComponent(w)}.${base64url(sum)}; Path=/`,
  JSON: (w, sum) => JSON.stringify({ a: [w, { sum: hex(sum).toUpperCase() }] }, null, 1),
  "JSON with bytes as characters": (w, sum) => JSON.stringify({ w, sum: latin1(sum) }),
  "JSON in JSON": (w, sum) => JSON.stringify({ body: JSON.stringify({ w, sum: base64(sum) }) }),
  "a token of three parts": (w, sum) =>
    [utf8('{"alg":"HS256"}'), utf8(JSON.stringify({ w })), sum].map(base64url).join("."),
  XML: (w, sum) => `<m t="${w.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}">${hex(sum)}</m>`,
  "lines of base64": (w, sum) => `${w}\n${eightInALine(base64(concat(sum, sum)))}\n`,
  "a name glued to a sum": (w, sum) => `${w} key_v1-${base64url(sum)}`,
};
const said = (n: number) => `share the "album" & see no. ${n} for that`;

function evidenceOf(seed: string, course: (c: CryptoKit) => string, words: string): ObservedRun {
  const lab = new Lab(seed);
  const bytes = utf8(course(lab.crypto));
  return { operations: lab.log, declared: [utf8(words)], packets: [{ name: "it", bytes }] };
}
const doubts = (
  format: Format,
  sumOf: (c: CryptoKit) => Uint8Array,
  spoken: readonly string[] = [said(11), said(22)],
  written = (words: string) => words,
) => {
  const [a, b] = spoken.map((words) =>
    evidenceOf(words, (c) => format(written(words), sumOf(c)), words),
  );
  return a && b ? untracked(a, b) : ["nothing to compare"];
};
const recorded = (c: CryptoKit): Uint8Array => c.hmac("sha256", c.random(32), utf8("a request"));
/** Bytes of the same kind that no recorded operation explains. */
const fromNowhere = (c: CryptoKit): Uint8Array => recorded(c).map((byte, i) => byte ^ (i + 1));

describe.each(Object.entries(formats))("%s", (_, format) => {
  test("what is recorded is followed", () => expect(doubts(format, recorded)).toEqual([]));

  test("a sum from nowhere is not", () => {
    expect(doubts(format, fromNowhere)[0]).toMatch(/^it carries bytes that come from nowhere/);
  });

  test("the adversary reads both", () => {
    const lab = new Lab("read");
    const sum = lab.crypto.random(32);
    const knowledge = new Knowledge([utf8(said(7))]);
    for (const op of lab.log) knowledge.learnOperation(op);
    const message = utf8(format(said(7), sum));
    expect(knowledge.derivable(message)).toBe(false);
    expect(knowledge.derivable(sum)).toBe(false);
    knowledge.observe(message);
    expect(knowledge.derivable(sum)).toBe(true);
    expect(knowledge.derivable(utf8(said(7)))).toBe(true);
  });
});

test("words in another order come from nowhere, in a query string as elsewhere", () => {
  const spoken = ["meet me at the old mill tonight", "the ferry will leave at six pm."];
  const backwards = (words: string) => [...words].reverse().join("");
  const format = formats["a query string"] as Format;
  expect(doubts(format, recorded, spoken)).toEqual([]);
  expect(doubts(format, recorded, spoken, backwards).length).toBe(1);
});

test("eight decimal digits are no four bytes of hex, and stay what nothing explains", () => {
  const [a, b] = ["13572468", "86427531"].map((code, n) =>
    evidenceOf(`run ${n}`, () => `1 ${code} ${said(n * 11)}`, said(n * 11)),
  );
  expect(a && b && untracked(a, b).length).toBe(1);
});

test("more than sixteen fields are all looked at", () => {
  const many: Format = (_, sum) => `${Array.from({ length: 30 }, (_, i) => `k${i}`)},${hex(sum)}`;
  const both = (c: CryptoKit) => concat(recorded(c), fromNowhere(c));
  expect(doubts(many, recorded)).toEqual([]);
  expect(doubts(many, both).length).toBe(1);
});

test("the recorded encodings are read by one who does not ask for them by name", () => {
  const lab = new Lab("recorded");
  const key = lab.crypto.random(24);
  for (const encoding of ["percent", "form", "base64url-unpadded"] as const) {
    const written = lab.crypto.encode(encoding, key);
    expect(lab.crypto.decode(encoding, written)).toEqual(key);
    expect(written).toEqual(encodeText(encoding, key));
    const knowledge = new Knowledge([]);
    for (const op of lab.log) knowledge.learnOperation(op);
    expect(knowledge.derivable(written)).toBe(false);
    knowledge.observe(concat(utf8("k="), written, utf8("&x=1")));
    expect(knowledge.derivable(key)).toBe(true);
  }
});

describe("readings", () => {
  test.each<[string, readonly string[]]>([
    ["a%20b%zz", ["a b%zz"]],
    ["x=a+b%2Bc", ["x=a+b+c", "x=a b+c"]],
    ['\\"\\u00e9\\ud83d\\ude00\\"', ['"é😀"']],
    ["&lt;&#65;&#x42;&nope;", ["<AB&nope;"]],
    ["\\q", []],
    ["nothing to undo", []],
  ])("%s", (value, expected) => {
    expect(unescapedTexts(latin1(utf8(value))).map((r) => text(fromLatin1(r)))).toEqual(expected);
  });

  test("words of a language are no base64", () => {
    expect(encodedWords("Something UNUSUAL happened yesterday")).toEqual([]);
    const found = encodedWords("sum=616c696365, n=1234567890");
    expect(
      found.map(({ encoding, inner }) => `${encoding} ${lossyText(fromLatin1(inner))}`)[0],
    ).toBe("hex alice");
    expect(found.map((w) => w.at)).toEqual([4, 18]);
  });

  test.each([0, 1, 2, 3])("a word is read behind a sum that ends in %d letters", (letters) => {
    const inner = "what is said in this token";
    const value = `date|\xff\x01\x9c${"XyZ".slice(0, letters)}${base64url(utf8(inner))}`;
    const found = encodedWords(value).map((w) => w.inner);
    expect(found.some((reading) => reading.includes(inner))).toBe(true);
  });
});

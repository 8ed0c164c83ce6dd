import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  clipped,
  fileName,
  htmlText,
  markdownBlock,
  markdownCode,
  markdownText,
  mermaidText,
  terminalText,
  visible,
} from "./escape.ts";

/** Text with many characters that have a special meaning in some format. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ..."\x1b\x07\n\r\t\0\x7f\x9b\u202e\u2066\u200b\ufeff\u2028|`<>&\"'\\;#:*_[]()!~$-. ",
        "\u{e0041}",
        "\ud800",
        "\u0301",
        "end",
        "style",
        "</svg>",
        "```",
        "%%{",
        "http://",
        "www.",
        "../",
        "漢",
        "😀",
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(""));

const acts = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

describe("visible", () => {
  test.each([
    ["\x1b[31mred", "\\x1b[31mred"],
    ["a\nb\r\tc\0", "a\\nb\\r\\tc\\x00"],
    ["\x7f\x9b2J", "\\x7f\\x9b2J"],
    ["abc\u202edef\u2066", "abc\\u{202e}def\\u{2066}"],
    ["zero\u200bwidth\ufeff", "zero\\u{200b}width\\u{feff}"],
    ["tag\u{e0041}", "tag\\u{e0041}"],
    ["half \ud800", "half \\u{d800}"],
    ["two\u2028lines", "two\\u{2028}lines"],
    ["e\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\\u{301}"],
    ["\u0301x", "◌\u0301x"],
    ["plain, é 漢 😀 ✓", "plain, é 漢 😀 ✓"],
  ])("%j", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test("nothing that acts survives, in any kind of output", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const all = [visible, terminalText, htmlText, markdownText, markdownCode, mermaidText];
        for (const harmless of all) expect(harmless(text)).not.toMatch(acts);
        expect(fileName(text)).not.toMatch(acts);
      }),
    );
  });

  test("is idempotent", () => {
    fc.assert(fc.property(nasty, (text) => visible(visible(text)) === visible(text)));
  });
});

test("a long label is cut, without splitting a character", () => {
  expect(clipped("abcdef", 4)).toBe("abc…");
  expect(clipped("😀😀😀", 2)).toBe("😀…");
  expect(clipped("😀😀", 2)).toBe("😀😀");
  expect(terminalText("x".repeat(5000))).toHaveLength(2000);
});

describe("html", () => {
  test("markup and quotes are text", () => {
    expect(htmlText(`<img src=x onerror='a("b")'>&`)).toBe(
      "&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt;&amp;",
    );
  });
  test("no character that opens or closes anything", () => {
    fc.assert(
      fc.property(nasty, (text) => !/[<>"'`]|&(?!amp;|lt;|gt;|quot;|#\d+;)/.test(htmlText(text))),
    );
  });
});

describe("markdown", () => {
  test.each([
    ["a|b", "a&#124;b"],
    ["**bold** [x](y) `c`", "\\*\\*bold\\*\\* \\[x\\](y) \\`c\\`"],
    ["<script>&amp;", "&lt;script&gt;&amp;amp;"],
    ["# no heading", "\\# no heading"],
    ["1. no list", "1\\. no list"],
    ["- no list", "\\- no list"],
    ["http://evil.example www.evil.example", "http:\\/\\/evil.example www\\.evil.example"],
    ["two\nlines", "two\\\\nlines"],
    ["back\\slash|", "back\\\\slash&#124;"],
  ])("%j", (text, shown) => {
    expect(markdownText(text)).toBe(shown);
  });

  test("a table cell stays one cell", () => {
    fc.assert(fc.property(nasty, (text) => !/[|\n<]/.test(markdownText(text))));
    fc.assert(fc.property(nasty, (text) => !/[|\n]/.test(markdownCode(text))));
  });

  test("inline code picks a fence its content does not hold", () => {
    expect(markdownCode("a`b")).toBe("``a`b``");
    expect(markdownCode("`")).toBe("`` ` ``");
    expect(markdownCode("a|b")).toBe("<code>a&#124;b</code>");
    expect(markdownCode("")).toBe("<code></code>");
  });

  test("a block cannot be closed from inside", () => {
    expect(markdownBlock("sh", ["```", "rm"])).toBe("````sh\n```\nrm\n````");
    expect(markdownBlock("sh", ["a\n```\nb"])).toBe("````sh\na\\n```\\nb\n````");
  });
});

describe("mermaid", () => {
  test.each([
    ["a; b", "a#59; b"],
    ["x#59;", "x#35;59#59;"],
    ["the end", "the #101;nd"],
    ["End of send", "#69;nd of send"],
    ["style: none", "#115;tyle#58; none"],
    ["%%{init}", "#37;#37;#123;init#125;"],
    ["", "#32;"],
    ["a -> b", "a -#62; b"],
  ])("%j", (text, shown) => {
    expect(mermaidText(text)).toBe(shown);
  });
  test("separators occur only in entities", () => {
    fc.assert(
      fc.property(nasty, (text) => !/[;#:%{}<>"`\n]/.test(mermaidText(text).replace(/#\d+;/g, ""))),
    );
  });
});

describe("file names", () => {
  test.each([
    ["alice-bob", "alice-bob"],
    ["Object Security?seg=128", "object-security-seg-128"],
    ["../../etc/passwd", "etc-passwd"],
    [".hidden", "hidden"],
    ["--rf", "rf"],
    ["", "unnamed"],
    ["漢字", "unnamed"],
    ["Ünïcode", "unicode"],
    ["a/.b", "a.b"],
    ["NUL", "x-nul"],
    ["con.txt", "x-con.txt"],
  ])("%j", (text, name) => {
    expect(fileName(text)).toBe(name);
  });
  test("always a safe name", () => {
    fc.assert(
      fc.property(nasty, fc.integer({ min: 8, max: 100 }), (text, limit) => {
        const name = fileName(text, limit);
        expect(name).toMatch(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/);
        expect(name).not.toContain("..");
        expect(name.length).toBeLessThanOrEqual(limit);
      }),
    );
  });
});

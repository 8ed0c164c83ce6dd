import { describe, expect, test } from "vitest";
import { matrixHtml } from "./html.ts";
import { matrixMarkdown } from "./markdown.ts";
import {
  columnsOf,
  effortWords,
  grouped,
  guaranteesOf,
  layerMark,
  neededNames,
  tallyOf,
  toneOf,
} from "./model.ts";
import { readMarkup } from "./testing/markup.ts";
import { hostile, sampleReplayCommand, sampleReport, wideReport } from "./testing/sample-report.ts";

const options = { replayCommand: sampleReplayCommand };
const html = matrixHtml(sampleReport, options);
const markdown = matrixMarkdown(sampleReport, options);
const firstVerdicts = sampleReport.protocols[0]?.verdicts ?? [];

describe("model", () => {
  test("counts, order and words", () => {
    expect(tallyOf(firstVerdicts)).toEqual({ alarm: 3, broken: 2, holds: 2, unknown: 1, none: 1 });
    expect(firstVerdicts.map(toneOf).slice(0, 4)).toEqual(["alarm", "alarm", "alarm", "unknown"]);
    expect(firstVerdicts.map(layerMark).slice(0, 4)).toEqual(["-layer", "+layer", "+layer", ""]);
    expect(guaranteesOf(sampleReport.protocols)).toHaveLength(9);
    expect(columnsOf(sampleReport).map((c) => c.label)).toEqual(["paper-boat", "iron-ferry"]);
    expect([0, 999, 1000, 1234567].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567"]);
  });
  test("how hard it was tried", () => {
    expect(firstVerdicts.slice(4, 5).map(effortWords)).toEqual([
      "1,240 runs, 41 strategies, 873 with effect, 5,120 at stake, all attacks of up to 2 moves",
    ]);
  });
  test("what an attack needs", () => {
    const findings = firstVerdicts.flatMap((v) => (v.finding ? [v.finding] : []));
    expect(findings.map(neededNames)).toEqual([
      "on-path",
      "on-path",
      "passive + off-path",
      "off-path",
      "passive; computes a dictionary of 10,000 words against SHA-256",
    ]);
  });
});

describe("HTML", () => {
  const markup = readMarkup(html);

  test("is well formed although its strings are hostile", () => {
    expect(markup.problems).toEqual([]);
    expect(markup.tags).not.toContain("script");
    expect(markup.attributes.filter((name) => name.startsWith("on"))).toEqual([]);
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html).not.toContain(hostile);
    expect(html.replaceAll("\n", "")).not.toMatch(/[\p{C}\u2028\u2029]/u);
  });

  test("loads nothing and runs nothing", () => {
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(html).not.toMatch(/url\(|@import|src="/);
    expect(markup.links.filter((link) => !link.startsWith("#"))).toEqual([]);
  });

  test("every link leads somewhere, and no id is used twice", () => {
    expect(new Set(markup.ids).size).toBe(markup.ids.length);
    for (const link of markup.links) expect(markup.ids).toContain(link.slice(1));
  });

  test("shows what a reader looks for", () => {
    for (const text of [
      '<span class="verdict alarm">✗ BROKEN</span>',
      "“A nonce in each session prevents replay.”",
      "passive (sees the traffic) + off-path (sends packets of its own",
      "<li>replay packet 2 of client#0 to server#0, right after it arrived</li>",
      "mallory replay mallory-out/attacks/paper-boat-replay.json",
      "Other attackers break it too",
      "<li>flip bit 0 of byte 12 in packet 2 of client#0 to server#0</li>",
      "What held, and how hard it was tried",
      "≤ 2 moves",
      "untracked bytes",
      "not a proof",
    ]) {
      expect(html).toContain(text);
    }
    expect(html.match(/<svg /g)).toHaveLength(7 + 2);
  });

  test("the same report gives the same bytes; a date is shown if it is given", () => {
    expect(matrixHtml(sampleReport, options)).toBe(html);
    expect(matrixHtml(sampleReport, { ...options, generatedAt: "1 May <b>" })).toContain(
      "1 May &lt;b&gt;",
    );
    expect(matrixHtml(wideReport(2), options)).toContain("stopped by the user");
  });

  test("what the author says of the report stands in its head, as text", () => {
    const title = { course: "CS 7", author: `Ada & <i>${hostile}`, date: " ", institution: "U" };
    const titled = matrixHtml(sampleReport, { ...options, title });
    expect(readMarkup(titled).problems).toEqual([]);
    expect(titled).not.toContain(hostile);
    expect(titled).toContain('<dl class="title"><dt>Course</dt><dd>CS 7</dd>');
    expect(titled).toContain("<dd>Ada &amp; &lt;i&gt;");
    expect(titled).not.toContain("<dt>Date</dt>");
    const lines = matrixMarkdown(sampleReport, { ...options, title });
    expect(lines).toMatch(/^# [^\n]+\n\n- Course: CS 7\n- Author: Ada &amp; &lt;i&gt;/);
    expect(lines).not.toContain(hostile);
  });

  test("guarantees are explained where an explanation is given", () => {
    const statement = (guarantee: string): string => `about "${guarantee}"`;
    expect(matrixHtml(sampleReport, { ...options, statement })).toContain(
      'title="about &quot;replay&quot;"',
    );
  });
});

describe("Markdown", () => {
  const lines = markdown.split("\n");

  test("the matrix", () => {
    expect(lines).toContain("| guarantee | paper-boat | iron-ferry |");
    expect(lines).toContain("| integrity | **✗ BROKEN** on-path +layer | ✓ holds |");
    expect(lines).toContain("| forward-secrecy | – | ✓ holds |");
  });

  test("all rows of a table have as many cells as its head", () => {
    let cells = 0;
    for (const line of lines) {
      const count = line.startsWith("|") ? line.split("|").length : 0;
      if (cells > 0 && count > 0) expect(count, line).toBe(cells);
      cells = count;
    }
  });

  test("nothing hostile gets through", () => {
    expect(markdown).not.toContain(hostile);
    expect(markdown.replaceAll("\n", "")).not.toMatch(/[\p{C}\u2028\u2029]/u);
    const outside = markdown.replace(/^(`{3,})[\s\S]*?^\1$/gm, "");
    expect(outside).not.toMatch(/<(?!code>|\/code>)/);
  });

  test("diagrams and replay commands", () => {
    expect(markdown.match(/^```mermaid$/gm)).toHaveLength(7);
    expect(markdown).toContain(
      "```sh\nmallory replay mallory-out/attacks/paper-boat-replay.json\n```",
    );
    expect(markdown).toContain(": flip bit 0 of byte 12 in packet 2 of client#0 to server#0; `mal");
    expect(matrixMarkdown(wideReport(1), options)).toContain("> **Incomplete:** stopped by");
  });
});

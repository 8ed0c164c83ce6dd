/** Message grades in every format: the same content, and nothing hostile gets through. */
import { describe, expect, test } from "vitest";
import type { Cap, GradesReport, MessageGrade } from "../harness/grades/message-grade.ts";
import { displayWidth } from "./columns.ts";
import { gradesHtml } from "./grades-html.ts";
import { gradesJson } from "./grades-json.ts";
import { capsOf, meaningsIn, messagesWords } from "./grades-model.ts";
import { gradesMarkdown, gradesText } from "./grades-text.ts";
import { readMarkup } from "./testing/markup.ts";
import { hostile, sampleReport } from "./testing/sample-report.ts";

const [sample] = sampleReport.protocols;
const saved = sample?.verdicts.find((v) => v.finding !== undefined)?.finding?.attack;
if (sample === undefined || saved === undefined) throw new Error("the sample has a finding");

const cap = (because: string, moves: Cap["attack"]["moves"]): Cap => ({
  capability: "on-path",
  because,
  steps: moves.map(() => `does ${hostile}`),
  attack: { ...saved, moves },
});
const drop = { move: "drop", packet: { from: "client#0", to: "server#0", nth: 1 } } as const;
const message = (nth: number, about: Partial<MessageGrade>): MessageGrade => ({
  session: 0,
  from: "alice",
  to: hostile,
  sender: "client#0",
  receiver: "server#0",
  nth,
  said: hostile,
  inHandshake: nth === 1,
  source: { grade: 2 },
  destination: { grade: 5 },
  ...about,
});
const report: GradesReport = {
  name: "paper-boat",
  title: hostile,
  options: {},
  source: "bundled",
  messages: [
    message(1, {
      source: { grade: 0, cap: cap(hostile, [drop]) },
      destination: { grade: 0, cap: cap("all is read", []) },
    }),
    message(2, { source: { grade: 0, cap: cap("the same attack", [drop]) } }),
    message(3, { destination: { grade: "unknown", because: hostile } }),
  ],
  alike: [{ session: 1, as: 0 }],
  honest: sample.honest,
  faults: [hostile],
  runs: 1_234,
  incomplete: hostile,
};
const words = { label: "paper-boat", report, seconds: 2 };
const text = gradesText(words, { color: false, width: 90, replayCommand: () => "replay it" });
const markdown = gradesMarkdown(words);
const html = gradesHtml(report);

test("one attack that caps several grades is told once", () => {
  expect(capsOf(report).map((c) => [c.aspect, c.grade, c.messages])).toEqual([
    ["source", 0, [1, 2]],
    ["destination", 0, [1]],
  ]);
  expect(meaningsIn(report).map((m) => `${m.aspect} ${m.grade}`)).toEqual([
    "source 0",
    "source 2",
    "destination 0",
    "destination 5",
  ]);
  expect(messagesWords([1, 2, 5])).toBe("messages 1, 2 and 5");
});

describe("each format", () => {
  test("has the table, the attacks, the doubts and how much was tried", () => {
    expect(text).toMatch(/^1 {2}alice → .* {2}0 +0 +handshake/m);
    expect(text).toMatch(/^3 {2}alice → .* {2}2 +\?/m);
    expect(text).toContain("source 0, messages 1 and 2: ");
    expect(text).toContain("  attack  listens, and no more");
    expect(text).toContain("destination unknown, message 3: ");
    expect(text).toContain("1,234 runs, 2.0 s · Session 2 goes like session 1\nIncomplete: ");
    expect(text.split("\n").every((line) => displayWidth(line) <= 90)).toBe(true);
    expect(markdown).toMatch(/^\| 3 \| alice → .* \| 2 \| \? \| {2}\|/m);
    expect(html).toContain("<b>destination ?</b>, message 3: ");
    expect(gradesJson(report, () => "a.json")).toMatchObject({
      messages: [
        { nth: 1, source: { grade: 0, attack: { moves: [drop], file: "a.json" } } },
        { destination: { grade: 5, because: null, attack: null } },
        { destination: { grade: null, because: hostile, attack: null } },
      ],
      alike: [{ session: 1, as: 0 }],
    });
  });

  test("lets nothing hostile through", () => {
    for (const document of [text, markdown, html]) {
      expect(document).not.toContain(hostile);
      expect(document.replaceAll("\n", "")).not.toMatch(/[\p{C}\u2028\u2029]/u);
    }
    const { problems, tags } = readMarkup(html);
    expect(problems).toEqual([]);
    expect(tags).not.toContain("script");
    expect(markdown).not.toMatch(/<(?!code>|\/code>)/);
    const rows = markdown.split("\n").filter((line) => line.startsWith("|"));
    const cells = rows.map((line) => line.replaceAll("\\|", "").split("|").length);
    expect(new Set(cells)).toEqual(new Set([8, 6]));
  });

  test("says so where nothing is said", () => {
    const silent = { ...report, messages: [] };
    const silentText = gradesText(
      { ...words, report: silent },
      { color: false, width: 40, replayCommand: () => "" },
    );
    expect(silentText).toContain("no honest user sends another a message");
    expect(gradesHtml(silent)).toContain("No honest user sends another a message");
  });
});

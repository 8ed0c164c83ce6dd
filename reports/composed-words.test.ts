import { expect, test } from "vitest";
import type { Composed } from "../harness/verdict.ts";
import { matrixHtml } from "./html.ts";
import { matrixMarkdown } from "./markdown.ts";
import { exploreText } from "./search-text.ts";
import { sampleReplayCommand, sampleReport } from "./testing/sample-report.ts";

const composed: Composed = {
  runs: 1_600,
  states: 412,
  worlds: 9,
  exhausted: ["parallel-alone", "parallel-same"],
  bound: { deliveries: 8, made: 4, work: 240_000 },
};
const bound = "composed messages, of up to 8 deliveries, 4 of them made by the adversary";
const effort =
  "412 states in 9 settings (parallel sessions, and what is disclosed first) looked at in 1,600 " +
  "runs, up to 240,000 events and operations; nothing was left to look at in 2 of them";
const options = { replayCommand: sampleReplayCommand };

const plain = (text: string): string => text.replaceAll("\\", "");

test("documents say how far composing went, once for each protocol that it was tried on", () => {
  const [first, ...others] = sampleReport.protocols;
  if (first === undefined) throw new Error("the sample has no protocol");
  const report = { ...sampleReport, protocols: [{ ...first, composed }, ...others] };
  for (const document of [matrixHtml(report, options), matrixMarkdown(report, options)]) {
    expect(plain(document).split(`Beside these, ${bound}: ${effort}.`)).toHaveLength(2);
  }
  const untried = [matrixHtml(sampleReport, options), matrixMarkdown(sampleReport, options)];
  for (const document of untried) expect(document).not.toContain("composed messages");
});

test("so does what explore prints", () => {
  const words = { depth: 2, runs: 10, complete: true, composed };
  const shown = exploreText(words, { color: false, width: 400 });
  expect(shown).toContain(`${bound}: ${effort}\n`);
});

test("settings that were all looked through are said to be all", () => {
  const whole = { ...composed, worlds: 2 };
  const words = { depth: 2, runs: 10, complete: true, composed: whole };
  const shown = exploreText(words, { color: false, width: 400 });
  expect(shown).toContain("nothing was left to look at in all of them");
});

import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { displayWidth } from "./columns.ts";
import { sampleReplayCommand, sampleReport, wideReport } from "./testing/sample-report.ts";
import { type MatrixTextOptions, matrixText, type Replay, replayText } from "./text.ts";

const options = (width = 80, color = false): MatrixTextOptions => ({
  color,
  width,
  replayCommand: sampleReplayCommand,
});

test("protocols across, guarantees down, broken claims marked", () => {
  const table = matrixText(sampleReport, options()).split("\n").slice(0, 10);
  expect(table).toEqual([
    "                         paper-boat               iron-ferry",
    "confidentiality        ! BROKEN on-path -layer    holds",
    "integrity              ! BROKEN on-path +layer    holds",
    "replay                 ! BROKEN on-path +layer    holds",
    "server-authentication    unknown                  holds",
    "ordering                 holds                    unknown",
    "forward-secrecy          –                        holds",
    "robustness               broken off-path        ! BROKEN off-path ?layer",
    "password-protection      broken passive",
    "message-budget           holds                    broken none",
  ]);
});

test("under the table: each broken claim with its attack and how to see it", () => {
  const text = matrixText(sampleReport, options());
  expect(text).toContain(
    [
      "! paper-boat · replay: server#0 delivered “transfer 100 to carol” twice although",
      "  it was submitted once",
      "  claim   “A nonce in each session prevents replay.”",
      "  by      passive + off-path",
      "  attack  replay packet 2 of client#0 to server#0, right after it arrived",
      "  layer   broken (on-path) with the handshake left alone: a record is delivered",
      "          twice",
      "  replay  mallory replay mallory-out/attacks/paper-boat-replay.json",
    ].join("\n"),
  );
  // The data phase was broken by another attack, so there is something else to see.
  expect(text).toContain(
    [
      "  layer   broken (on-path) with the handshake left alone: one flipped byte of a",
      "          record is accepted",
      "          flip bit 0 of byte 12 in packet 2 of client#0 to server#0",
      "          mallory replay",
    ].join("\n"),
  );
  expect(text).toContain("Broken, and not claimed");
  expect(text).toContain("paper-boat · password-protection (passive): the password");
  expect(text).toContain("4 claims broken, 3 broken without being claimed, 7 hold, 2 unknown");
  expect(text).toContain("not a proof");
});

test("no line but a replay command is wider than the terminal", () => {
  for (const width of [40, 60, 80, 120]) {
    for (const line of matrixText(wideReport(5), options(width)).split("\n")) {
      if (line.includes("mallory replay")) continue;
      // A column is never split, even on a terminal too narrow for guarantee and verdict.
      const least = line.includes("layer") ? 48 : 0;
      expect(displayWidth(line), line).toBeLessThanOrEqual(Math.max(width, least));
    }
  }
});

test("too many protocols for the width become several tables", () => {
  const heads = matrixText(wideReport(3), options())
    .split("\n")
    .filter((line) => /^ {10,}paper-boat-\d/.test(line));
  expect(heads).toHaveLength(3);
  expect(matrixText(wideReport(3), options())).toContain("Incomplete: stopped by the user");
});

test("nothing hostile reaches the terminal", () => {
  const plain = matrixText(sampleReport, options()) + replayText(replay(), options());
  expect(plain.replaceAll("\n", "")).not.toMatch(/[\p{C}\u2028\u2029]/u);
  const colored = matrixText(sampleReport, options(80, true));
  const rest = stripVTControlCharacters(colored).replaceAll("\n", "");
  expect(rest).not.toMatch(/[\p{C}\u2028\u2029]/u);
  expect(colored).toContain("\x1b[31m");
});

test("twins are distinguished by their options", () => {
  const [first] = sampleReport.protocols;
  if (first === undefined) throw new Error("the fixture is empty");
  const protocols = [first, { ...first, options: { ...first.options, seg: "128" } }];
  const head = matrixText({ ...sampleReport, protocols }, options(120)).split("\n")[0];
  expect(head).toMatch(/paper-boat\?seg=8 +paper-boat\?seg=128/);
});

test("an empty matrix is no error", () => {
  expect(matrixText({ ...sampleReport, protocols: [] }, options())).toContain("0 claims broken");
});

function replay(): Replay {
  const verdict = sampleReport.protocols[0]?.verdicts[2];
  if (verdict?.finding === undefined) throw new Error("the fixture has no replay finding");
  const { steps, story, because, digest } = verdict.finding;
  return { protocol: { name: "paper-boat" }, guarantee: "replay", steps, story, because, digest };
}

test("a replay is listed step by step", () => {
  const text = replayText(replay(), options());
  expect(text).toContain(" 0 ms  client#0 → server#0  nonce\n");
  expect(text).toContain("36 ms  mallory → server#0   attacker: the 2nd packet of client#0");
  expect(text).toContain("46 ms  server#0 ⇥ client#0  lost: acknowledgement");
  expect(text).toContain("46 ms  server#0             VIOLATION: delivers");
});

test("a replay shows what the network did at random", () => {
  const network = "the network lost packets at random";
  const told = (about: Partial<Replay>) => replayText({ ...replay(), ...about }, options());
  expect(told({ steps: [] })).toContain("\nno attack: an ordinary run\n");
  expect(told({ steps: [], network })).toContain(`\nno attack: ${network}\n`);
  expect(told({ network })).toContain(`\nmeanwhile, ${network}\n`);
});

test("a replay says whether it was the same run", () => {
  const same = replayText({ ...replay(), expectedDigest: replay().digest }, options());
  expect(same).toContain("same as recorded");
  const other = replayText({ ...replay(), expectedDigest: "00" }, options());
  expect(other).toContain("NOT the same run");
  const { because: _, ...harmless } = replay();
  expect(replayText(harmless, options())).toContain("No violation of replay in this run.");
});

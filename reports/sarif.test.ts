import { describe, expect, test } from "vitest";
import type { AttackPlaces } from "../harness/code-places.ts";
import { matrixSarif, type SarifOptions } from "./sarif.ts";
import { location, sarifMessage } from "./sarif-flow.ts";
import { hostile, sampleReplayCommand, sampleReport } from "./testing/sample-report.ts";
import { checkedSarif } from "./testing/sarif-schema.ts";

const places: AttackPlaces = {
  at: "server#0",
  kind: "deliver",
  output: { path: "my code/ä#1.ts", base: "working-folder", line: 38, column: 15 },
  operations: [{ path: "my code/ä#1.ts", base: "working-folder", line: 36, column: 2 }],
  handled: [
    { t: 36, at: "server#0", place: { path: "b.ts", base: "package", line: 7, column: 1 } },
  ],
};
const options: SarifOptions = {
  replayCommand: sampleReplayCommand,
  rule: (id) => ({ statement: `About ${id}: {0} [x](1)`, source: `RFC 1, ${hostile}` }),
  placesOf: (finding) => (finding.attack.guarantee === "replay" ? places : undefined),
};
const document = matrixSarif(sampleReport, options);
const log = checkedSarif(document);
const results = log.runs[0]?.results ?? [];

describe("SARIF", () => {
  test("fits the standard, although its strings are hostile", () => {
    const written = JSON.stringify(document);
    expect(written).not.toMatch(/[\p{C}\u2028\u2029]|\\u00|\\u202e/u);
    expect(written).toContain("<script>");
  });

  test("a broken claim is an error, what is broken without being claimed a note", () => {
    const broken = sampleReport.protocols.flatMap((p) =>
      p.verdicts.filter((v) => v.verdict === "broken"),
    );
    expect(results.map((r) => [r.ruleId, r.level])).toEqual(
      broken.map((v) => [v.guarantee, v.claimed ? "error" : "note"]),
    );
  });

  test("a result stands where the endpoint accepted, with the way there", () => {
    const replay = results.find((r) => r.ruleId === "replay");
    const [place] = replay?.locations ?? [];
    expect(place?.physicalLocation).toEqual({
      artifactLocation: { uri: "my%20code/%C3%A4%231.ts", uriBaseId: "SRCROOT" },
      region: { startLine: 38, startColumn: 15 },
    });
    expect(replay?.relatedLocations?.[0]?.physicalLocation?.region.startLine).toBe(36);
    const steps = replay?.codeFlows[0]?.threadFlows[0]?.locations ?? [];
    expect(steps).toHaveLength(8);
    // The replayed packet is received at 36 ms; the violation stands where it was let through.
    const lines = steps.map((s) => s.location.physicalLocation?.region.startLine);
    expect(lines[5]).toBe(7);
    expect(lines.at(-1)).toBe(38);
    expect(steps.filter((s) => s.importance === "essential")).toHaveLength(3);
    expect(replay?.properties).toMatchObject({
      claimed: true,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      replay: "mallory replay mallory-out/attacks/paper-boat-replay.json",
    });
  });

  test("fingerprints tell results apart, and do not depend on places, words or digests", () => {
    const prints = (log: ReturnType<typeof checkedSarif>): readonly string[] =>
      log.runs[0]?.results.map((r) => r.partialFingerprints["mallory/v1"] ?? "") ?? [];
    expect(new Set(prints(log)).size).toBe(results.length);
    const elsewhere = { ...sampleReport, seed: "other", version: "9.9.9" };
    const moved = { ...options, placesOf: () => undefined };
    expect(prints(checkedSarif(matrixSarif(elsewhere, moved)))).toEqual(prints(log));
  });

  test("the same report gives the same text; another duration too", () => {
    const again = matrixSarif({ ...sampleReport, seconds: 99 }, options);
    expect(JSON.stringify(again)).toBe(JSON.stringify(document));
  });

  test("what was cut short is a warning of the run", () => {
    const cut = checkedSarif(matrixSarif({ ...sampleReport, incomplete: "Ctrl-C" }, options));
    expect(cut.runs[0]?.invocations[0]?.toolExecutionNotifications?.[0]).toEqual({
      level: "warning",
      message: { text: "Incomplete: Ctrl-C" },
    });
  });

  test("messages ask for no arguments and have no links", () => {
    expect(sarifMessage("{0} [here](1)")).toBe("{{0}} \\[here\\](1)");
    expect(sarifMessage("a[1] = 2")).toBe("a[1] = 2");
  });

  test("a place outside of both folders is a whole URI", () => {
    const { physicalLocation } = location(
      { path: "/srv/a b.ts", base: undefined, line: 1, column: 1 },
      "there",
    );
    expect(physicalLocation?.artifactLocation).toEqual({ uri: "file:///srv/a%20b.ts" });
  });
});

import { expect, test } from "vitest";
import { puppetLines } from "./puppet-lines.ts";
import { sampleReport } from "./testing/sample-report.ts";
import { matrixText } from "./text.ts";

const idle = { strategy: "own-keys", puppets: 6, failed: 6, tried: false, because: "no such user" };
const busy = { strategy: "splice", puppets: 9, failed: 4, tried: true, because: "no prompt" };

test("strategies that tried nothing are named, and other puppets that failed are counted", () => {
  const [protocol] = sampleReport.protocols;
  if (protocol === undefined) throw new Error("the sample has no protocol");
  expect(puppetLines(protocol)).toEqual([]);
  const one = { ...idle, puppets: 1, failed: 1 };
  expect(puppetLines({ ...protocol, failedPuppets: [idle, busy, one] })).toEqual([
    "own-keys tried nothing: all 6 puppets failed at their start: no such user",
    "own-keys tried nothing: its only puppet failed at its start: no such user",
    "4 of 9 other puppets failed at their start, the first of them: no prompt",
  ]);
});

test("on the terminal it is what tried nothing that counts", () => {
  const protocols = sampleReport.protocols.map((p) => ({ ...p, failedPuppets: [idle, busy] }));
  const shown = matrixText(
    { ...sampleReport, protocols },
    { color: false, width: 200, replayCommand: () => "" },
  );
  expect(shown).toContain("own-keys tried nothing: all 6 puppets failed at their start");
  expect(shown).not.toContain("no prompt");
});
